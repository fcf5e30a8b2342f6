import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitQuoted } from './csv-fields.ts';

/** csv-parse as the independent reference; undefined: it refuses the record. */
function reference(record: string, delimiter: string): string[] | undefined {
  try {
    const records: string[][] = parse(record, { delimiter, relax_column_count: true });
    return records.length === 1 ? records[0] : undefined;
  } catch {
    return undefined;
  }
}

describe('splitQuoted', () => {
  it('reads what csv-parse reads, on records written by the rules', () => {
    const field = fc
      .array(fc.constantFrom('a', '1', '"', ',', ';', ' ', '\n', '.'))
      .map((chars) => chars.join(''));
    fc.assert(
      fc.property(
        fc.array(field, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(',', ';'),
        (fields, delimiter) => {
          const record = fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(delimiter);
          expect(splitQuoted(record, delimiter)).toEqual({ ok: true, value: fields });
          expect(reference(record, delimiter)).toEqual(fields);
        },
      ),
    );
  });

  it('agrees with csv-parse on damaged records, but for what csv-parse takes as several', () => {
    const text = fc
      .array(fc.constantFrom('a', '1', '"', '"', ',', ' '), { minLength: 1 })
      .map((chars) => chars.join(''));
    fc.assert(
      fc.property(text, (record) => {
        const ours = splitQuoted(record, ',');
        expect(ours.ok ? ours.value : undefined).toEqual(reference(record, ','));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a,"b', 'a quote is not closed'],
    ['"a"b,c', 'text after the quote that closes field 1'],
    ['a,5" pipe,c', 'a quote inside field 2, which is not quoted'],
  ])('says what is wrong with %s', (record, text) => {
    expect(splitQuoted(record, ',')).toMatchObject({ ok: false, error: { text } });
  });
});

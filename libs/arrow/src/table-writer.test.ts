import { RecordBatchReader, Table } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NULL_DATE, type ArrowField, type ArrowMessage, type ArrowTable } from '@tickwell/ports';
import { encapsulated } from './ipc-messages.ts';
import { arrowFormat } from './table-writer.ts';

const FIELDS: readonly ArrowField[] = [
  { name: 'time', type: 'time' },
  { name: 'day', type: 'date', nullable: true },
  { name: 'count', type: 'long', nullable: true },
  { name: 'price', type: 'double', nullable: true },
  { name: 'raw', type: 'double' },
  { name: 'venue', type: 'text', nullable: true },
  { name: 'source', type: 'category' },
  { name: 'warm', type: 'boolean' },
];

/** What a reader of the stream has, as Arrow's own library reads it. */
function read(table: ArrowTable, messages: readonly ArrowMessage[]): Table {
  const stream = Buffer.concat([table.schema, ...messages].map((message) => encapsulated(message)));
  return new Table([...RecordBatchReader.from(new Uint8Array(stream))]);
}

function valuesOf(table: Table, name: string): unknown[] {
  return [...(table.getChild(name) ?? [])];
}

describe('tables as Arrow messages', () => {
  it('keep values, nulls and the texts that all rows of a batch have alike', () => {
    const table = arrowFormat.table(FIELDS, { index: 'time' });
    const batch = (source: string): readonly ArrowMessage[] =>
      table.batch(3, [
        BigInt64Array.of(1n, 2n, 1_700_000_000_000_000_001n),
        Int32Array.of(0, NULL_DATE, 19_675),
        undefined,
        Float64Array.of(1.5, Number.NaN, -0),
        Float64Array.of(1.5, Number.NaN, -0),
        ['a', '', 'ü'],
        source,
        [true, false, true],
      ]);
    const messages = [...batch('one'), ...batch('one'), ...batch('two')];
    // The dictionary travels again only where it is another.
    expect(messages).toHaveLength(5);
    const back = read(table, messages);
    expect(back.numRows).toBe(9);
    expect(back.schema.fields.map(({ type }) => String(type))).toEqual([
      'Timestamp<NANOSECOND, UTC>',
      'Date32<DAY>',
      'Int64',
      'Float64',
      'Float64',
      'Utf8',
      'Dictionary<Int32, Utf8>',
      'Bool',
    ]);
    expect(valuesOf(back, 'time').slice(0, 2)).toEqual([1e-6, 2e-6]);
    expect(valuesOf(back, 'count')).toEqual(new Array(9).fill(null));
    expect(valuesOf(back, 'day').slice(0, 3)).toEqual([0, null, 19_675 * 86_400_000]);
    expect(valuesOf(back, 'price').slice(0, 3)).toEqual([1.5, null, -0]);
    expect(valuesOf(back, 'raw').slice(0, 3)).toEqual([1.5, Number.NaN, -0]);
    expect(valuesOf(back, 'venue').slice(0, 3)).toEqual(['a', '', 'ü']);
    expect(valuesOf(back, 'source')).toEqual(['one', 'one', 'one', 'one', 'one', 'one', 'two', 'two', 'two']);
    expect(valuesOf(back, 'warm').slice(0, 3)).toEqual([true, false, true]);
    expect(JSON.parse(back.schema.metadata.get('pandas') ?? '')).toMatchObject({ index_columns: ['time'] });
  });

  it('are read as they were written, of any rows in any batches', () => {
    const rows = fc.array(fc.record({ time: fc.bigInt(0n, 2n ** 62n), price: fc.double() }), {
      maxLength: 70,
    });
    const batches = fc.array(fc.record({ source: fc.constantFrom('a', 'b', 'ß'), rows }), { maxLength: 6 });
    fc.assert(
      fc.property(batches, (wanted) => {
        const table = arrowFormat.table([
          { name: 'time', type: 'time' },
          { name: 'price', type: 'double', nullable: true },
          { name: 'source', type: 'category' },
        ]);
        const messages = wanted.flatMap(({ source, rows: own }) =>
          table.batch(own.length, [
            BigInt64Array.from(own, ({ time }) => time),
            Float64Array.from(own, ({ price }) => price),
            source,
          ]),
        );
        const back = read(table, messages);
        const all = wanted.flatMap(({ source, rows: own }) => own.map((row) => ({ ...row, source })));
        expect(valuesOf(back, 'price')).toEqual(all.map(({ price }) => (Number.isNaN(price) ? null : price)));
        expect(valuesOf(back, 'source')).toEqual(all.map(({ source }) => source));
        const times =
          back.getChild('time')?.data.flatMap(({ values }) => [...(values as BigInt64Array)]) ?? [];
        expect(times).toEqual(all.map(({ time }) => time));
      }),
    );
  });

  it('refuse values of another type, by the name of the column', () => {
    const table = arrowFormat.table([
      { name: 'time', type: 'time' },
      { name: 'source', type: 'category' },
    ]);
    expect(() => table.batch(1, [Float64Array.of(1), 'a'])).toThrow(/time is of time/);
    expect(() => table.batch(1, [BigInt64Array.of(1n), ['a']])).toThrow(/source is a category/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifySchemas, type FrameColumn } from './index.ts';
import { commonType } from './widening.ts';

const NUMBERS = [
  ...['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'],
  ...['float16', 'float32', 'float64'],
];
const OTHERS = [
  ...['s', 'ms', 'us', 'ns'].flatMap((unit) => [
    `timestamp[${unit}]`,
    `timestamp[${unit}, UTC]`,
    `timestamp[${unit}, Europe/Oslo]`,
    `duration[${unit}]`,
  ]),
  ...['time32[s]', 'time32[ms]', 'time64[us]', 'time64[ns]', 'date32', 'date64', 'bool', 'utf8', 'binary'],
  ...['dictionary<int8, utf8>', 'decimal128(10, 2)', 'list<int8>', 'null'],
];
const TYPES = [...NUMBERS, ...OTHERS];
const type = fc.constantFrom(...TYPES);
const column = (name: string, type: string, nullable = false): FrameColumn => ({ name, type, nullable });

/** What a number type holds whole: bits below and above zero; of floats, those of integers that they hold exactly. */
function bits(type: string): { readonly low: number; readonly high: number } {
  const size = Number(/\d+$/.exec(type)?.[0]);
  if (type.startsWith('uint')) return { low: 0, high: size };
  if (type.startsWith('int')) return { low: size - 1, high: size - 1 };
  const exact = size === 64 ? 53 : size === 32 ? 24 : 11;
  return { low: exact, high: exact };
}

describe('types that come together', () => {
  it.each([
    ['int8', 'int64', 'int64'],
    ['uint8', 'int8', 'int16'],
    ['uint16', 'int8', 'int32'],
    ['uint32', 'int32', 'int64'],
    ['uint8', 'uint64', 'uint64'],
    ['int32', 'float64', 'float64'],
    ['uint32', 'float32', 'float64'],
    ['float16', 'float32', 'float32'],
    ['timestamp[s]', 'timestamp[ns]', 'timestamp[ns]'],
    ['timestamp[ms, Europe/Oslo]', 'timestamp[us, Europe/Oslo]', 'timestamp[us, Europe/Oslo]'],
    ['duration[ms]', 'duration[us]', 'duration[us]'],
    ['time32[s]', 'time64[ns]', 'time64[ns]'],
    ['date32', 'timestamp[us]', 'timestamp[us]'],
    ['date32', 'timestamp[s, UTC]', 'timestamp[s, UTC]'],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(commonType(a, b)).toBe(expected);
    expect(commonType(b, a)).toBe(expected);
  });

  it.each([
    ['int64', 'float64'],
    ['int64', 'uint64'],
    ['int8', 'uint64'],
    ['float64', 'utf8'],
    ['bool', 'int8'],
    ['timestamp[ns]', 'timestamp[ns, UTC]'],
    ['timestamp[ns, UTC]', 'timestamp[ns, Europe/Oslo]'],
    ['date32', 'timestamp[ns, Europe/Oslo]'],
    ['date64', 'timestamp[ns]'],
    ['timestamp[s]', 'duration[s]'],
    ['utf8', 'large_utf8'],
    ['null', 'utf8'],
    ['dictionary<int8, utf8>', 'dictionary<int16, utf8>'],
  ])('%s and %s: none', (a, b) => {
    expect(commonType(a, b)).toBeUndefined();
    expect(commonType(b, a)).toBeUndefined();
  });

  it('is the same either way, and holds both', () => {
    fc.assert(
      fc.property(type, type, (a, b) => {
        const common = commonType(a, b);
        expect(commonType(b, a)).toBe(common);
        if (common === undefined) return;
        expect(commonType(common, a)).toBe(common);
        expect(commonType(common, b)).toBe(common);
      }),
      { numRuns: 2000 },
    );
  });

  it('loses no integer', () => {
    for (const a of NUMBERS)
      for (const b of NUMBERS) {
        const common = commonType(a, b);
        if (common === undefined) continue;
        for (const from of [a, b]) {
          expect(bits(common).low, `${from} into ${common}`).toBeGreaterThanOrEqual(bits(from).low);
          expect(bits(common).high, `${from} into ${common}`).toBeGreaterThanOrEqual(bits(from).high);
        }
      }
  });
});

describe('schemas that come together', () => {
  it('keep their order, take new columns at the end, and miss others', () => {
    const before = [column('at', 'date32'), column('x', 'int8'), column('y', 'utf8')];
    const incoming = [column('z', 'bool'), column('x', 'int16', true), column('at', 'timestamp[ns]')];
    expect(unifySchemas(before, incoming)).toEqual({
      ok: true,
      value: [
        column('at', 'timestamp[ns]'),
        column('x', 'int16', true),
        column('y', 'utf8', true),
        column('z', 'bool', true),
      ],
    });
  });

  it('begin with whatever comes first', () => {
    expect(unifySchemas([], [column('x', 'int8')])).toEqual({ ok: true, value: [column('x', 'int8')] });
  });

  it('are refused by the name of the column, with both types', () => {
    const refused = unifySchemas([column('px', 'float64'), column('y', 'bool')], [column('px', 'utf8')]);
    expect(refused).toEqual({
      ok: false,
      error: {
        column: 'px',
        before: 'float64',
        incoming: 'utf8',
        message:
          'column "px" is float64 and the rows have utf8, and no type holds both without loss: convert it to float64 before, or write the frame anew',
      },
    });
  });

  it('lose no column, narrow none, and are as they were when the same comes again', () => {
    const columns = fc.uniqueArray(
      fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), type, nullable: fc.boolean() }),
      { selector: ({ name }) => name, minLength: 1 },
    );
    fc.assert(
      fc.property(columns, columns, (before, incoming) => {
        const unified = unifySchemas(before, incoming);
        if (!unified.ok) {
          const { column, ...types } = unified.error;
          expect(types.before).toBe(before.find(({ name }) => name === column)?.type);
          expect(types.incoming).toBe(incoming.find(({ name }) => name === column)?.type);
          return;
        }
        const names = [...before, ...incoming].map(({ name }) => name);
        expect(unified.value.map(({ name }) => name)).toEqual([...new Set(names)]);
        for (const side of [before, incoming])
          expect(unifySchemas(unified.value, side)).toEqual(madeNullable(unified.value, side));
      }),
    );
  });
});

/** A unified schema with another one that it holds: only what that one lacks may be null besides. */
function madeNullable(columns: readonly FrameColumn[], held: readonly FrameColumn[]) {
  const names = new Set(held.map(({ name }) => name));
  const value = columns.map((of) => ({ ...of, nullable: of.nullable || !names.has(of.name) }));
  return { ok: true, value };
}

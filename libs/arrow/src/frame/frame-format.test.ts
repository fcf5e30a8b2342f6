import {
  Field,
  Float64,
  Int16,
  Int64,
  Schema,
  Table,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
  makeData,
  makeVector,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
  type DataType,
  type Vector,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArrowMessage, FrameRows, FrameSchema, FrameSelection } from '@tickwell/ports';
import { encapsulated, messagesOf } from '../ipc-messages.ts';
import { createFrameFormat } from './frame-format.ts';
import { SEGMENT_LIMITS } from './segment-writer.ts';
import type { Columns } from './type-names.ts';

const format = createFrameFormat({ ...SEGMENT_LIMITS, maxRows: 10 });

function table(columns: Readonly<Record<string, Vector<DataType>>>): Table<Columns> {
  return new Table<Columns>(columns);
}

/** Of times as they are kept; the library's own builders take milliseconds. */
function kept(
  type: TimestampNanosecond | TimestampMicrosecond,
  values: readonly (bigint | null)[],
): Vector<DataType> {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, row) => {
    if (value !== null) nullBitmap[row >> 3] = (nullBitmap[row >> 3] ?? 0) | (1 << (row & 7));
  });
  const nullCount = values.filter((value) => value === null).length;
  const data = BigInt64Array.from(values, (value) => value ?? 0n);
  return makeVector(makeData({ type, length: values.length, nullCount, nullBitmap, data }));
}

const times = (values: readonly bigint[]): Vector<DataType> => kept(new TimestampNanosecond('UTC'), values);
const doubles = (values: readonly (number | null)[]): Vector<DataType> =>
  vectorFromArray([...values], new Float64());

function messagesOfTable(...parts: readonly Table[]): readonly ArrowMessage[] {
  return parts.flatMap((part, at) =>
    [...messagesOf(tableToIPC(part, 'stream'))].filter(({ kind }) => at === 0 || kind !== 'schema'),
  );
}

interface Written {
  readonly schema: FrameSchema;
  readonly segments: readonly FrameRows[];
}

function written(messages: readonly ArrowMessage[], index: string | undefined): Written {
  const [first, ...rest] = messages;
  const schema = first === undefined ? undefined : format.readSchema(first);
  if (schema?.ok !== true) throw new Error(schema?.error ?? 'no message');
  const writer = format.writer(schema.value, index);
  const segments = [...rest.map((message) => writer.add(message)), writer.finish()].flatMap((result) => {
    if (!result.ok) throw new Error(result.error);
    return result.value;
  });
  return { schema: schema.value, segments };
}

function read(segments: readonly FrameRows[], selection: FrameSelection): Table<Columns> {
  const rows = segments.flatMap(({ parquet }) => format.rowsOf(parquet, selection));
  return tableFromIPC<Columns>(
    Buffer.concat([selection.schema, ...rows.map((message) => encapsulated(message))]),
  );
}

describe('rows in segments', () => {
  it('are those that were written, in order, with what each segment says of its index', () => {
    const batch = fc.array(fc.record({ time: fc.bigInt(-1_000n, 1_000n), value: fc.option(fc.double()) }), {
      maxLength: 35,
    });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 5 }), (batches) => {
        const parts = batches.map((rows) =>
          table({
            time: times(rows.map(({ time }) => time)),
            value: doubles(rows.map(({ value }) => value)),
          }),
        );
        const { schema, segments } = written(messagesOfTable(...parts), 'time');
        const all = batches.flat();
        const back = read(segments, { schema: schema.encapsulated, index: 'time' });
        expect([...(back.getChild('value') ?? [])]).toEqual(all.map(({ value }) => value));
        let at = 0;
        for (const { rows, minIndexNs, maxIndexNs, sorted } of segments) {
          const own = all.slice(at, at + rows).map(({ time }) => time);
          at += rows;
          expect(rows).toBeGreaterThan(0);
          expect([minIndexNs, maxIndexNs]).toEqual([
            own.reduce((a, b) => (b < a ? b : a)),
            own.reduce((a, b) => (b > a ? b : a)),
          ]);
          expect(sorted).toBe(own.every((time, row) => row === 0 || (own[row - 1] ?? 0n) <= time));
        }
        expect(at).toBe(all.length);
      }),
    );
  });

  it('are read within a range and without what is masked, by number, and only the columns wanted', () => {
    const range = fc.record({ fromNs: fc.bigInt(0n, 60n), length: fc.bigInt(0n, 30n) });
    const bounds = range.map(({ fromNs, length }) => ({ fromNs, toNs: fromNs + length }));
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(0n, 60n), { minLength: 1, maxLength: 40 }),
        fc.option(bounds, { nil: undefined }),
        fc.array(bounds, { maxLength: 3 }),
        (index, within, masks) => {
          const values = index.map((_, row) => row);
          const { schema, segments } = written(
            messagesOfTable(table({ time: times(index), other: doubles(values), value: doubles(values) })),
            'time',
          );
          const chosen = format.selectColumns(schema.encapsulated, ['value']);
          if (!chosen.ok) throw new Error(chosen.error);
          const back = read(segments, {
            schema: chosen.value.encapsulated,
            index: 'time',
            masks,
            ...(within === undefined ? {} : { range: within }),
          });
          const isIn = (ns: bigint, { fromNs, toNs }: { fromNs: bigint; toNs: bigint }): boolean =>
            ns >= fromNs && ns <= toNs;
          const wanted = values.filter((row) => {
            const ns = index[row] ?? 0n;
            return (within === undefined || isIn(ns, within)) && !masks.some((mask) => isIn(ns, mask));
          });
          expect(back.schema.names).toEqual(['value']);
          expect([...(back.getChild('value') ?? [])]).toEqual(wanted);
        },
      ),
    );
    const { schema, segments } = written(
      messagesOfTable(table({ value: doubles([0, 1, 2, 3, 4]) })),
      undefined,
    );
    const part = read(segments, { schema: schema.encapsulated, index: undefined, from: 1, to: 3 });
    expect([...(part.getChild('value') ?? [])]).toEqual([1, 2]);
  });

  it('are brought to a wider schema: other order, new columns, wider numbers, finer times', () => {
    const before = table({
      a: vectorFromArray([1, null, -3], new Int16()),
      t: kept(new TimestampMicrosecond(), [1n, null, 3n]),
      s: vectorFromArray(['x', null, 'z'], new Utf8()),
    });
    const { segments } = written(messagesOfTable(before), undefined);
    const wider = new Schema([
      new Field('s', new Utf8(), true),
      new Field('new', new Float64(), true),
      new Field('a', new Int64(), true),
      new Field('t', new TimestampNanosecond(), true),
    ]);
    const [message] = messagesOf(tableToIPC(new Table(wider), 'stream'));
    const schema = message === undefined ? undefined : format.readSchema(message);
    if (schema?.ok !== true) throw new Error('no schema');
    const back = read(segments, { schema: schema.value.encapsulated, index: undefined });
    expect(back.schema.names).toEqual(['s', 'new', 'a', 't']);
    expect([...(back.getChild('s') ?? [])]).toEqual(['x', null, 'z']);
    expect([...(back.getChild('new') ?? [])]).toEqual([null, null, null]);
    expect([...(back.getChild('a') ?? [])]).toEqual([1n, null, -3n]);
    const [own] = back.getChild('t')?.data ?? [];
    const values: unknown = own?.values;
    expect(values instanceof BigInt64Array && [values[0], values[2]]).toEqual([1_000n, 3_000n]);
    expect([0, 1, 2].map((row) => own?.getValid(row))).toEqual([true, false, true]);
  });
});

describe('what is no frame is refused in one sentence', () => {
  const schemaOf = (columns: Readonly<Record<string, Vector<DataType>>>): ArrowMessage => {
    const [message] = messagesOfTable(table(columns));
    if (message === undefined) throw new Error('no message');
    return message;
  };

  it('a schema that is none, without a column, or with a type that is not kept', () => {
    expect(format.readSchema({ header: new Uint8Array(3), body: [] })).toMatchObject({
      ok: false,
      error: expect.stringMatching(/no Arrow schema/) as string,
    });
    const [, batch] = messagesOfTable(tableFromArrays({ a: Float64Array.of(1) }));
    expect(format.readSchema(batch ?? { header: new Uint8Array(), body: [] })).toMatchObject({
      ok: false,
      error: expect.stringMatching(/no Arrow schema/) as string,
    });
    const [empty] = messagesOf(tableToIPC(new Table(new Schema([])), 'stream'));
    expect(format.readSchema(empty ?? { header: new Uint8Array(), body: [] })).toMatchObject({
      ok: false,
      error: expect.stringMatching(/has no column/) as string,
    });
  });

  it('an index with a null, one that is no time, one that is not there', () => {
    const nulls = table({ time: kept(new TimestampNanosecond(), [1n, null]), v: doubles([1, 2]) });
    expect(() => written(messagesOfTable(nulls), 'time')).toThrow(/index "time" is null in row 1/);
    const numbers = table({ time: doubles([1]) });
    expect(() => written(messagesOfTable(numbers), 'time')).toThrow(
      /is of type float64: an index is a timestamp or a date/,
    );
    expect(() => written(messagesOfTable(numbers), 'when')).toThrow(/"when" is none of the columns/);
  });

  it('bytes that are no Arrow, rows that are too long, a second schema', () => {
    const value = schemaOf({ v: doubles([1]) });
    const schema = format.readSchema(value);
    if (!schema.ok) throw new Error(schema.error);
    const add = (message: ArrowMessage): unknown => format.writer(schema.value, undefined).add(message);
    expect(add({ header: Uint8Array.of(1, 2), body: [] })).toMatchObject({ ok: false });
    expect(add(value)).toMatchObject({ ok: false, error: expect.stringMatching(/nothing else/) as string });
    const small = createFrameFormat({ ...SEGMENT_LIMITS, maxRowBytes: 10 });
    const [first, ...rest] = messagesOfTable(table({ s: vectorFromArray(['x'.repeat(5_000)], new Utf8()) }));
    const text = first === undefined ? undefined : small.readSchema(first);
    if (text?.ok !== true) throw new Error('no schema');
    const writer = small.writer(text.value, undefined);
    for (const message of rest) writer.add(message);
    expect(writer.finish()).toMatchObject({
      ok: false,
      error: expect.stringMatching(/a row has .* bytes/) as string,
    });
  });

  it('a batch whose body is cut off', () => {
    const [first, batch] = messagesOfTable(table({ v: doubles([1, 2, 3, 4, 5, 6, 7, 8, 9]) }));
    const schema = first === undefined ? undefined : format.readSchema(first);
    if (schema?.ok !== true || batch === undefined) throw new Error('no schema');
    const writer = format.writer(schema.value, undefined);
    writer.add({ header: batch.header, body: batch.body.map((part) => part.subarray(0, 8)) });
    expect(writer.finish()).toMatchObject({
      ok: false,
      error: expect.stringMatching(/not of the schema/) as string,
    });
  });

  it('a column that is not there, named with those that are', () => {
    const schema = format.readSchema(schemaOf({ v: doubles([1]), w: doubles([1]) }));
    if (!schema.ok) throw new Error(schema.error);
    expect(format.selectColumns(schema.value.encapsulated, ['w', 'x'])).toEqual({
      ok: false,
      error: 'there is no column "x": there are v, w',
    });
  });
});

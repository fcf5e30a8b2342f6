import { SenderBufferV2, SenderOptions } from '@questdb/nodejs-client';
import type { TableSpec } from '@tickwell/contracts';
import type { RowColumn, TableRows } from '@tickwell/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IlpBuffer } from './ilp-buffer.ts';
import { IlpEncoder, MAX_TIMESTAMP_NS } from './ilp-encoder.ts';

const SPEC: TableSpec = {
  name: 't',
  timestamp: 'ts',
  columns: {
    a: 'symbol',
    b: 'symbol',
    d: 'double',
    n: 'long',
    when: 'timestamp',
    flag: 'boolean',
    text: 'varchar',
  },
  dedupKeys: ['a'],
  partitionBy: 'DAY',
  purpose: 'test',
};

interface Row {
  readonly timeNs: bigint;
  readonly b: string | null;
  readonly d: number;
  readonly n: number | null;
  readonly when: bigint | null;
  readonly flag: boolean;
  readonly text: string | null;
}

const time = fc.bigInt({ min: 0n, max: MAX_TIMESTAMP_NS });
const text = fc.string({ unit: 'binary' });
const row: fc.Arbitrary<Row> = fc.record({
  timeNs: time,
  b: fc.option(text),
  d: fc.double({ noDefaultInfinity: true }),
  n: fc.option(fc.maxSafeInteger()),
  when: fc.option(time),
  flag: fc.boolean(),
  text: fc.option(text),
});

function rowsOf(a: string, rows: readonly Row[]): TableRows {
  return {
    table: 't',
    timestampNs: rows.map(({ timeNs }) => timeNs),
    columns: [
      { type: 'symbol', name: 'a', values: a },
      { type: 'symbol', name: 'b', values: rows.map(({ b }) => b) },
      { type: 'double', name: 'd', values: rows.map(({ d }) => d) },
      { type: 'long', name: 'n', values: rows.map(({ n }) => n) },
      { type: 'timestamp', name: 'when', values: rows.map(({ when }) => when) },
      { type: 'boolean', name: 'flag', values: rows.map(({ flag }) => flag) },
      { type: 'varchar', name: 'text', values: rows.map(({ text: value }) => value) },
    ],
  };
}

/** The same rows through QuestDB's own client. */
async function byClient(a: string, rows: readonly Row[]): Promise<Buffer> {
  const options = await SenderOptions.fromConfig('http::addr=127.0.0.1:1;protocol_version=2;auto_flush=off');
  const buffer = new SenderBufferV2(options);
  for (const { timeNs, b, d, n, when, flag, text: value } of rows) {
    buffer.table('t').symbol('a', a);
    if (b !== null) buffer.symbol('b', b);
    if (!Number.isNaN(d)) buffer.floatColumn('d', d);
    if (n !== null) buffer.intColumn('n', n);
    if (when !== null) buffer.timestampColumn('when', when, 'ns');
    buffer.booleanColumn('flag', flag);
    if (value !== null) buffer.stringColumn('text', value);
    buffer.at(timeNs, 'ns');
  }
  return rows.length === 0 ? Buffer.alloc(0) : buffer.toBufferNew();
}

function encode(rows: TableRows): Buffer {
  const buffer = new IlpBuffer(16);
  expect(new IlpEncoder(SPEC).append(rows, buffer)).toEqual({ ok: true, value: rows.timestampNs.length });
  return Buffer.from(buffer.written());
}

describe('IlpEncoder', () => {
  it('writes the bytes QuestDB’s own client writes', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(row, { maxLength: 20 }), async (a, rows) => {
        expect(encode(rowsOf(a, rows)).toString('latin1')).toBe((await byClient(a, rows)).toString('latin1'));
      }),
    );
  });

  it('writes constants as it writes columns of equal values', () => {
    const constants: RowColumn[] = [
      { type: 'symbol', name: 'a', values: 'x y' },
      { type: 'double', name: 'd', values: 0.1 },
      { type: 'long', name: 'n', values: -5n },
      { type: 'timestamp', name: 'when', values: 7n },
      { type: 'boolean', name: 'flag', values: true },
      { type: 'varchar', name: 'text', values: 'a"b' },
    ];
    const timestampNs = [1n, 2n, 3n];
    const columns = constants.map(
      (column) => ({ ...column, values: timestampNs.map(() => column.values) }) as RowColumn,
    );
    expect(encode({ table: 't', timestampNs, columns: constants })).toEqual(
      encode({ table: 't', timestampNs, columns }),
    );
  });

  it('writes every 64-bit integer that is no null', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (value) => {
        const columns: RowColumn[] = [
          { type: 'symbol', name: 'a', values: 'x' },
          { type: 'long', name: 'n', values: [value] },
        ];
        expect(encode({ table: 't', timestampNs: [0n], columns }).toString()).toBe(`t,a=x n=${value}i 0n\n`);
      }),
    );
  });

  it.each([
    ['n', { type: 'long', name: 'n', values: [-(2n ** 63n)] }],
    ['n', { type: 'long', name: 'n', values: [2n ** 63n] }],
    ['n', { type: 'long', name: 'n', values: [0.5] }],
    ['d', { type: 'double', name: 'd', values: -Infinity }],
    ['when', { type: 'timestamp', name: 'when', values: [-1n] }],
    ['when', { type: 'timestamp', name: 'when', values: MAX_TIMESTAMP_NS + 1n }],
    ['d', { type: 'symbol', name: 'd', values: 'x' }],
    ['ghost', { type: 'symbol', name: 'ghost', values: 'x' }],
  ] satisfies [string, RowColumn][])(
    'refuses a bad column %s and leaves the buffer as it was',
    (column, bad) => {
      const buffer = new IlpBuffer();
      buffer.writeText('before');
      const rows: TableRows = {
        table: 't',
        timestampNs: [1n],
        columns: [{ type: 'symbol', name: 'a', values: 'x' }, bad],
      };
      expect(new IlpEncoder(SPEC).append(rows, buffer)).toMatchObject({ ok: false, error: { column } });
      expect(buffer.written().toString()).toBe('before');
    },
  );
});

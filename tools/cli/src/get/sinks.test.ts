import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { formatNs } from '@tickwell/domain';
import { checkOutFile, pour, writeFile } from './file-out.ts';
import { barsChunk, fundamentalsChunk, indicatorsChunk, tradesChunk, type DataChunk } from './rows.ts';
import { csvSink, jsonLinesSink, tableSink } from './text-sinks.ts';

const START = 1_700_000_000_000_000_001n;

function trades(count: number, first = 0): DataChunk {
  const at = Array.from({ length: count }, (_, index) => first + index);
  return tradesChunk(
    {
      source: 'file:x',
      trades: {
        timeNs: at.map((n) => START + BigInt(n)),
        seq: at.map(BigInt),
        price: at.map((n) => (n === 1 ? Number.NaN : 100 + n / 4)),
        size: at.map(() => 2),
        conditions: at.map((n) => (n === 0 ? 'a,"b"' : '')),
        venue: [],
      },
    },
    undefined,
  );
}

async function* chunksOf(...chunks: DataChunk[]): AsyncGenerator<DataChunk> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function text(make: typeof csvSink, ...chunks: DataChunk[]): Promise<string> {
  let out = '';
  const write = (part: string): Promise<void> => {
    out += part;
    return Promise.resolve();
  };
  await pour(chunksOf(...chunks), make(write, formatNs));
  return out;
}

describe('text', () => {
  it('CSV has one header, quotes what it must, and leaves missing values empty', async () => {
    expect(await text(csvSink, trades(1), trades(1, 1))).toBe(
      'time,seq,price,size,conditions,venue,source\n' +
        '2023-11-14T22:13:20.000000001Z,0,100,2,"a,""b""",,file:x\n' +
        '2023-11-14T22:13:20.000000002Z,1,,2,,,file:x\n',
    );
  });

  it('JSON lines are an object each, with null for missing values', async () => {
    const lines = (await text(jsonLinesSink, trades(2))).trimEnd().split('\n');
    expect(JSON.parse(lines[1]!)).toEqual({
      time: '2023-11-14T22:13:20.000000002Z',
      seq: 1,
      price: null,
      size: 2,
      conditions: '',
      venue: null,
      source: 'file:x',
    });
  });

  it('JSON keeps whole numbers beyond 2^53 exact', async () => {
    const [column] = [{ name: 'seq', type: 'long' as const, values: [2n ** 60n] }];
    expect(await text(jsonLinesSink, { rows: 1, columns: [column] })).toBe('{"seq":"1152921504606846976"}\n');
  });

  it('a table has no empty columns, and one title however many rows stream', async () => {
    const lines = (await text(tableSink, trades(1_500), trades(10, 1_500))).trimEnd().split('\n');
    expect(lines[0]).toBe('time                             seq   price  size  conditions  source');
    expect(lines.filter((line) => line.startsWith('time '))).toHaveLength(1);
    expect(lines).toHaveLength(1_511);
  });
});

describe('columns', () => {
  it('only those asked for, with time and source', () => {
    const bars = {
      startNs: [1n],
      open: [1],
      high: [2],
      low: [0.5],
      close: [1.5],
      volume: [],
      vwap: [],
      tradeCount: [],
      sessionDate: [],
    };
    const of = { source: 's', priceBasis: 'raw' as const, bars, backfilled: false, knownAtNs: [] };
    const chunk = barsChunk({ ...of, contract: '' }, ['close', 'volume']);
    expect(chunk.columns.map(({ name, values }) => [name, values[0]])).toEqual([
      ['time', 1n],
      ['close', 1.5],
      ['volume', null],
      ['source', 's'],
    ]);
    const stitched = barsChunk({ ...of, contract: 'ESH5' }, ['close']);
    expect(stitched.columns.map(({ name }) => name)).toEqual(['time', 'close', 'source', 'contract']);
    const late = barsChunk({ ...of, contract: '', backfilled: true, knownAtNs: [9n] }, ['close']);
    expect(late.columns.map(({ name, values }) => [name, values[0]])).toEqual([
      ['time', 1n],
      ['close', 1.5],
      ['source', 's'],
      ['known_at', 9n],
      ['backfilled', true],
    ]);
  });

  it('fundamentals say when they became known, and as of a time whether that was later', () => {
    const value = {
      symbol: 'A',
      source: 'yahoo',
      item: 'totalRevenue',
      periodType: 'annual',
      periodEndNs: 5n,
      value: 1.5,
      currency: '',
      knownAtNs: 9n,
      backfilled: true,
    };
    const cells = ({ columns }: DataChunk) => columns.map(({ name, values }) => [name, values[0]]);
    const now = cells(fundamentalsChunk([value], false));
    expect(now).toEqual([
      ['time', 5n],
      ['symbol', 'A'],
      ['item', 'totalRevenue'],
      ['period', 'annual'],
      ['value', 1.5],
      ['currency', ''],
      ['source', 'yahoo'],
      ['known_at', 9n],
    ]);
    expect(cells(fundamentalsChunk([value], true))).toEqual([...now, ['backfilled', true]]);
  });

  it('indicators have one per output, as they were asked for', () => {
    const chunk = indicatorsChunk({
      source: 's',
      mode: 'computed',
      anchorNs: 1n,
      priceBasis: 'raw',
      unusableBars: 0,
      startNs: [1n],
      columns: [
        { name: 'MACD(12,26,9).macd', values: [Number.NaN] },
        { name: 'MACD(12,26,9).signal', values: [2] },
      ],
    });
    expect(chunk.columns.map(({ name }) => name)).toEqual([
      'time',
      'MACD(12,26,9).macd',
      'MACD(12,26,9).signal',
      'source',
    ]);
  });
});

describe('files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tickwell-get-'));
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  it('Parquet keeps nanoseconds, nulls and types over several row groups', async () => {
    const path = join(dir, 'a.parquet');
    expect(await writeFile(path, chunksOf(trades(70_000), trades(5, 70_000)), formatNs)).toBe(70_005);
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([65_536, 4_464, 5]);
    expect(metadata.schema[1]).toMatchObject({
      name: 'time',
      type: 'INT64',
      logical_type: { type: 'TIMESTAMP', unit: 'NANOS' },
    });
    const rows = await parquetReadObjects({ file, rowStart: 70_004, parsers: { ...passThrough } });
    expect(rows).toMatchObject([{ seq: 70_004n, price: 100 + 70_004 / 4, venue: null, source: 'file:x' }]);
    const [, second] = await parquetReadObjects({
      file,
      rowStart: 0,
      rowEnd: 2,
      parsers: { ...passThrough },
    });
    expect(second).toMatchObject({ time: START + 1n, price: null });
  });

  it('an answer without rows is a file without rows', async () => {
    const path = join(dir, 'empty.parquet');
    expect(await writeFile(path, chunksOf(), formatNs)).toBe(0);
    expect(Number((await parquetMetadataAsync(await asyncBufferFromFile(path))).num_rows)).toBe(0);
  });

  it('a failure on the way leaves what was there, and nothing else', async () => {
    for (const name of ['b.csv', 'b.jsonl', 'b.parquet']) {
      const path = join(dir, name);
      writeFileSync(path, 'before');
      const broken = async function* (): AsyncGenerator<DataChunk> {
        yield await Promise.resolve(trades(10));
        throw new Error('the server went away');
      };
      await expect(writeFile(path, broken(), formatNs)).rejects.toThrow('the server went away');
      expect(readFileSync(path, 'utf8')).toBe('before');
    }
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('names a file that cannot be written', async () => {
    const path = join(dir, 'nowhere', 'a.csv');
    await expect(writeFile(path, chunksOf(trades(1)), formatNs)).rejects.toThrow(`${path} cannot be written`);
  });

  it('refuses an ending it does not know', () => {
    expect(() => checkOutFile('a.xlsx')).toThrow('must end in .parquet, .csv or .jsonl');
  });
});

/** hyparquet makes dates, of a millisecond's precision, unless told to leave the number. */
const passThrough = {
  timestampFromNanoseconds: (value: bigint): bigint => value,
};

import { ALL_TABLES, TABLES } from '@tickwell/contracts';
import type { HistoryReader, TableWriter } from '@tickwell/ports';
import { createFaultProxy } from '@tickwell/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createQuestdbReader } from './history-reader.ts';
import { ensureSchema } from './schema.ts';
import { createQuestdbWriter } from './table-writer.ts';

const stack = inject('stack');
const endpoints = { httpUrl: stack.questdbHttpUrl, pg: stack.questdbPgReadonly };
const SYMBOL = `HR${process.pid}.${Date.now().toString(36)}`.toUpperCase();
const T0 = 1_700_000_000_000_000_001n;
const ROWS = 30_000;

/** Names that would end a literal, a statement or a line if they were not quoted. */
const HOSTILE = [
  "'",
  "''",
  "o'Brien\\",
  "x' or '1'='1",
  "'; drop table trades; --",
  '/* */ "q" \\\' --',
  '$1',
];

async function countRows(
  reader: HistoryReader,
  query: Parameters<HistoryReader['trades']>[0],
): Promise<number> {
  let rows = 0;
  for await (const { trades } of reader.trades(query)) rows += trades.timeNs.length;
  return rows;
}

describe('reading long series from QuestDB', () => {
  let writer: TableWriter;
  beforeAll(async () => {
    await ensureSchema({ pg: stack.questdbPg, tables: ALL_TABLES });
    writer = createQuestdbWriter({ endpoints: { ...endpoints, pg: stack.questdbPg }, tables: ALL_TABLES });
    const rows = (source: string, count: number) => {
      const at = Array.from({ length: count }, (_, index) => index);
      return {
        table: TABLES.trades.name,
        timestampNs: at.map((index) => T0 + BigInt(index)),
        columns: [
          { type: 'symbol' as const, name: 'symbol', values: SYMBOL },
          { type: 'symbol' as const, name: 'source', values: source },
          { type: 'symbol' as const, name: 'epoch', values: 'e' },
          { type: 'long' as const, name: 'record_offset', values: at },
          { type: 'long' as const, name: 'seq', values: at },
          { type: 'double' as const, name: 'price', values: at },
        ],
      };
    };
    await writer.write([rows('long', ROWS), ...HOSTILE.map((source, index) => rows(source, 10 + index))]);
  });
  afterAll(async () => {
    await writer.close();
  });

  it.each(HOSTILE.map((source, index) => [source, 10 + index] as const))(
    'reads the source named %j, and nothing else, over pg and as Parquet',
    async (source, count) => {
      for (const smallRows of [1_000, 1]) {
        const reader = createQuestdbReader({ endpoints, smallRows });
        expect(await countRows(reader, { symbol: SYMBOL, source })).toBe(count);
        expect(
          await countRows(reader, { symbol: SYMBOL, source, before: { epoch: source, offset: 0n } }),
        ).toBe(count);
        await reader.close();
      }
    },
  );

  it('reads texts that all rows have alike, and such that begin to differ, as it reads them over pg', async () => {
    const symbol = `${SYMBOL}-texts`;
    const rows = (source: string, from: number, count: number, venue?: string) => {
      const at = Array.from({ length: count }, (_, index) => from + index);
      return {
        table: TABLES.trades.name,
        timestampNs: at.map((index) => T0 + BigInt(index)),
        columns: [
          { type: 'symbol' as const, name: 'symbol', values: symbol },
          { type: 'symbol' as const, name: 'source', values: source },
          { type: 'long' as const, name: 'seq', values: at },
          { type: 'double' as const, name: 'price', values: at },
          ...(venue === undefined ? [] : [{ type: 'symbol' as const, name: 'venue', values: venue }]),
        ],
      };
    };
    const read = async (smallRows: number): Promise<unknown[]> => {
      const reader = createQuestdbReader({ endpoints, smallRows, largePageRows: 50 });
      const trades: unknown[] = [];
      for await (const { source, trades: columns } of reader.trades({ symbol }))
        for (const [at, timeNs] of columns.timeNs.entries())
          trades.push([timeNs, source, columns.seq[at], columns.price[at], columns.venue[at] ?? '']);
      await reader.close();
      return trades;
    };
    await writer.write([rows('o\'a "first"', 0, 300)]);
    expect(await read(20)).toEqual(await read(10_000));
    await writer.write([rows('o\'a "first"', 300, 100, "d'Or"), rows('second', 350, 100)]);
    const all = await read(10_000);
    expect(all).toHaveLength(500);
    expect(await read(20)).toEqual(all);
  });

  it('reports an export that breaks off half-way as retryable, and answers the next read', async () => {
    const { hostname, port } = new URL(stack.questdbHttpUrl);
    const proxy = await createFaultProxy({
      target: { host: hostname, port: Number(port) },
      protocol: 'bytes',
    });
    const through = { ...endpoints, httpUrl: `http://${proxy.host}:${proxy.port}` };
    const reader = createQuestdbReader({ endpoints: through, smallRows: 10 });
    const query = { symbol: SYMBOL, source: 'long' };
    for (const bytes of [1, 1_000, 100_000, 300_000]) {
      proxy.cutAfterBytes(bytes);
      await expect(countRows(reader, query)).rejects.toMatchObject({
        code: 'store-unavailable',
        retryable: true,
      });
    }
    expect(await countRows(reader, query)).toBe(ROWS);
    await reader.close();
    await proxy.close();
  });

  it('stops at once when its reader gives up, over pg and as Parquet', async () => {
    for (const smallRows of [100_000, 10]) {
      const reader = createQuestdbReader({ endpoints, smallRows });
      const abort = new AbortController();
      const read = countRows(reader, { symbol: SYMBOL, signal: abort.signal });
      abort.abort(new Error('no longer wanted'));
      await expect(read).rejects.toThrow('no longer wanted');
      expect(await countRows(reader, { symbol: SYMBOL, source: HOSTILE[0]! })).toBe(10);
      await reader.close();
    }
  });

  it('serves more reads at once than it has connections', async () => {
    const reader = createQuestdbReader({ endpoints, smallRows: 10, maxConnections: 2, maxExports: 2 });
    const reads = Array.from({ length: 12 }, () => countRows(reader, { symbol: SYMBOL, source: 'long' }));
    expect(await Promise.all(reads)).toEqual(Array.from({ length: 12 }, () => ROWS));
    await reader.close();
  });

  it('reports an unreachable QuestDB as retryable', async () => {
    const reader = createQuestdbReader({ endpoints: { ...endpoints, pg: { ...endpoints.pg, port: 1 } } });
    await expect(countRows(reader, { symbol: SYMBOL })).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    });
    await reader.close();
  });
});

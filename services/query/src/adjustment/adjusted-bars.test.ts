import type { BarQuery, RowColumn, TableRows } from '@tickwell/ports';
import { MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { adjustedReader } from './adjusted-bars.ts';

const DAY = 86_400_000_000_000n;
const day = (at: number): bigint => BigInt(at) * DAY;
const QUERY: BarQuery = { symbol: 'AAPL', interval: '1d', priceType: 'trade' };

function flow(source: string, knownDay = 1_000): RowColumn[] {
  return [
    { type: 'symbol', name: 'symbol', values: 'AAPL' },
    { type: 'symbol', name: 'source', values: source },
    { type: 'symbol', name: 'epoch', values: 'E' },
    { type: 'timestamp', name: 'known_at', values: day(knownDay) },
  ];
}

function barRows(
  source: string,
  closes: readonly number[],
  basis: string | null = 'raw',
  knownDay?: number,
): TableRows {
  const prices = ['open', 'high', 'low', 'close'].map((name): RowColumn => ({
    type: 'double',
    name,
    values: closes,
  }));
  return {
    table: 'bars',
    timestampNs: closes.map((_, at) => day(at + 1)),
    columns: [
      ...flow(source, knownDay),
      { type: 'symbol', name: 'interval', values: '1d' },
      { type: 'symbol', name: 'price_type', values: 'trade' },
      { type: 'symbol', name: 'price_basis', values: closes.map(() => basis) },
      ...prices,
    ],
  };
}

function actionRow(
  source: string,
  at: number,
  kind: 'dividend' | 'split',
  value: number,
  knownDay?: number,
): TableRows {
  return {
    table: 'corporate_actions',
    timestampNs: [day(at)],
    columns: [
      ...flow(source, knownDay),
      { type: 'symbol', name: 'kind', values: kind },
      { type: 'double', name: 'amount', values: kind === 'dividend' ? value : 0 },
      { type: 'double', name: 'split_numerator', values: kind === 'split' ? value : 0 },
      { type: 'double', name: 'split_denominator', values: 1 },
      { type: 'symbol', name: 'price_basis', values: 'raw' },
    ],
  };
}

async function closes(
  store: MemoryStore,
  query: Partial<BarQuery>,
  wanted: 'raw' | 'split-adjusted' | 'all',
) {
  const found: number[] = [];
  for await (const { bars, priceBasis } of adjustedReader(store, wanted).bars({ ...QUERY, ...query })) {
    expect(priceBasis).toBe(wanted);
    found.push(...bars.close);
  }
  return found;
}

describe('bars that are adjusted when they are read', () => {
  const store = async (...rows: readonly TableRows[]): Promise<MemoryStore> => {
    const filled = new MemoryStore();
    await filled.write(rows);
    return filled;
  };

  it('do not depend on the range that is asked for', async () => {
    const filled = await store(
      barRows('yahoo', [400, 404, 101, 99, 102]),
      actionRow('yahoo', 3, 'split', 4),
      actionRow('yahoo', 4, 'dividend', 1.01),
    );
    const whole = await closes(filled, {}, 'all');
    expect(whole).toEqual([99, 99.99, 99.99, 99, 102].map((close) => expect.closeTo(close, 9) as number));
    expect(await closes(filled, { startNs: day(2), endNs: day(4) }, 'all')).toEqual(whole.slice(1, 3));
    expect(await closes(filled, { newest: true, limit: 3 }, 'all')).toEqual(whole.slice(2));
    expect(await closes(filled, { columns: ['close'] }, 'split-adjusted')).toEqual([100, 101, 101, 99, 102]);
  });

  it('are adjusted by the actions of their own source, else of the only one that has any', async () => {
    const rows = [barRows('ib', [400, 100]), barRows('derived:yahoo', [400, 100])];
    const one = await store(...rows, actionRow('yahoo', 2, 'split', 4));
    expect(await closes(one, { source: 'ib' }, 'split-adjusted')).toEqual([100, 100]);
    expect(await closes(one, { source: 'derived:yahoo' }, 'split-adjusted')).toEqual([100, 100]);
    await one.write([actionRow('file:x', 2, 'split', 5)]);
    expect(await closes(one, { source: 'derived:yahoo' }, 'split-adjusted')).toEqual([100, 100]);
    await expect(closes(one, { source: 'ib' }, 'split-adjusted')).rejects.toMatchObject({
      code: 'failed-precondition',
      message:
        '1d bars of AAPL from ib: ib delivers no dividends and splits, and file:x, yahoo do: ingest those of one source only, or read the bars of that source',
    });
  });

  it('as of a time are adjusted by what was known and had happened by then', async () => {
    const filled = await store(
      barRows('yahoo', [400, 404, 101, 99, 102]),
      actionRow('yahoo', 3, 'split', 4),
      actionRow('yahoo', 5, 'split', 2),
    );
    const at = (days: number, strict = false) => ({ asOf: { timeNs: day(days), strict } });
    expect(await closes(filled, {}, 'split-adjusted')).toEqual([50, 50.5, 50.5, 49.5, 102]);
    // Known from day 1,000 on only: before, each is there in its first version, but what was to come is not.
    expect(await closes(filled, at(4), 'split-adjusted')).toEqual([100, 101, 101]);
    expect(await closes(filled, at(3), 'split-adjusted')).toEqual([100, 101]);
    expect(await closes(filled, at(4, true), 'split-adjusted')).toEqual([]);
    expect(await closes(filled, at(1_000, true), 'split-adjusted')).toEqual([50, 50.5, 50.5, 49.5, 102]);
    // Its source held both splits when it became known, and as of day 4 there was one.
    const adjusted = await store(
      barRows('yahoo', [50, 50.5, 50.5, 49.5, 102], 'split-adjusted'),
      actionRow('yahoo', 3, 'split', 4),
      actionRow('yahoo', 5, 'split', 2),
    );
    expect(await closes(adjusted, at(4), 'split-adjusted')).toEqual([100, 101, 101]);
    expect(await closes(adjusted, at(4), 'raw')).toEqual([400, 404, 101]);
  });

  it('as of a time are not adjusted by what was only announced', async () => {
    const filled = await store(
      barRows('yahoo', [400, 404, 101], 'raw', 1),
      actionRow('yahoo', 3, 'split', 4, 2),
    );
    const at = (days: number) => ({ asOf: { timeNs: day(days), strict: true } });
    expect(await closes(filled, at(2), 'split-adjusted')).toEqual([400, 404, 101]);
    expect(await closes(filled, at(3), 'split-adjusted')).toEqual([100, 101, 101]);
  });

  it('strictly as of a time stay what they were, whatever becomes known later', async () => {
    const adjusted = await store(barRows('yahoo', [100, 101, 101], 'split-adjusted', 10));
    const strictly = { asOf: { timeNs: day(20), strict: true } };
    const before = await closes(adjusted, strictly, 'split-adjusted');
    await adjusted.write([actionRow('yahoo', 3, 'split', 4, 30)]);
    expect(await closes(adjusted, strictly, 'split-adjusted')).toEqual(before);
    expect(await closes(adjusted, {}, 'raw')).toEqual([400, 404, 101]);
  });

  it('stay as they are without actions, and are refused where their basis is not known', async () => {
    const filled = await store(barRows('a', [1, 2]), barRows('b', [1, 2], null));
    expect(await closes(filled, { source: 'a' }, 'all')).toEqual([1, 2]);
    await expect(closes(filled, { source: 'b' }, 'all')).rejects.toThrow(
      /^1d bars of AAPL from b: the basis/,
    );
  });
});

import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { fundamentalRows } from '@tickwell/ports/contract';
import { MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { getFundamentals } from './fundamental-calls.ts';

const DAY = 86_400_000_000_000n;
const day = (at: number): bigint => BigInt(at) * DAY;
type Fields = MessageInitShape<typeof queryV1.GetFundamentalsRequestSchema>;

async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const of = (symbol: string, source: string, knownDay: number, end: number, values: readonly number[]) =>
    fundamentalRows(
      { symbol, source, knownAtNs: day(knownDay) },
      values.map((value, at) => ({ periodEndNs: day(end), item: `item${at}`, value })),
    );
  await store.write([
    of('A', 'yahoo', 100, 10, [1, 2, 3]),
    of('A', 'ib', 100, 10, [4]),
    of('A', 'yahoo', 200, 10, [11]),
    of('A', 'yahoo', 100, 20, [5]),
    of('B', 'yahoo', 15, 10, [6]),
  ]);
  return store;
}

async function ask(store: MemoryStore, fields: Fields): Promise<queryV1.GetFundamentalsResponse> {
  const { signal } = new AbortController();
  return getFundamentals(store, create(queryV1.GetFundamentalsRequestSchema, fields), { signal });
}

/** "symbol day source item value", a star where it was not known then. */
function texts({ values }: queryV1.GetFundamentalsResponse): string[] {
  return values.map(({ symbol, source, fundamental, backfilled }) => {
    const { item = '', value = NaN, periodEndNs = 0n } = fundamental ?? {};
    return `${symbol} ${periodEndNs / DAY} ${source} ${item} ${value}${backfilled ? ' *' : ''}`;
  });
}

const ALL = [
  'B 10 yahoo item0 6',
  'A 10 ib item0 4',
  'A 10 yahoo item0 11',
  'A 10 yahoo item1 2',
  'A 10 yahoo item2 3',
  'A 20 yahoo item0 5',
];

describe('fundamentals', () => {
  it('come by symbol as asked for, whatever the pages, each once', async () => {
    const store = await filled();
    for (const limit of [0, 1, 2, 3, 5, 6]) {
      const found: string[] = [];
      let pageToken = '';
      do {
        const page = await ask(store, { symbols: ['B', 'A', 'B', 'UNKNOWN'], limit, pageToken });
        expect(page.values.length).toBeLessThanOrEqual(limit === 0 ? 1_000 : limit);
        found.push(...texts(page));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(found).toEqual(ALL);
    }
  });

  it('are chosen by source, item, period and time', async () => {
    const store = await filled();
    const of = async (fields: Fields) => texts(await ask(store, { ...fields, symbols: ['A'] }));
    expect(await of({ source: 'ib' })).toEqual(['A 10 ib item0 4']);
    expect(await of({ items: ['item1', 'item2'] })).toEqual(ALL.slice(3, 5));
    expect(await of({ range: { startNs: day(11), endNs: 0n } })).toEqual(ALL.slice(5));
    expect(await of({ periodType: 'ttm' })).toEqual([]);
    expect(await of({ asOfNs: day(150), strict: true, items: ['item0'] })).toEqual([
      'A 10 ib item0 4',
      'A 10 yahoo item0 1',
      'A 20 yahoo item0 5',
    ]);
    expect(await of({ asOfNs: day(12), items: ['item0'] })).toEqual([
      'A 10 ib item0 4 *',
      'A 10 yahoo item0 1 *',
    ]);
    expect(await of({ asOfNs: day(12), strict: true })).toEqual([]);
  });

  it('refuse what means nothing in one line', async () => {
    const store = await filled();
    const many = Array.from({ length: 100_000 }, (_, at) => `S${at}`);
    const refusals: readonly (readonly [Fields, string])[] = [
      [{}, 'symbols is empty: name at least one instrument'],
      [{ symbols: many }, 'symbols has 100000 entries, at most 1000 go into one call: use several'],
      [
        { symbols: ['A'], periodType: 'yearly' },
        'period_type "yearly" is not one of annual, quarterly, ttm, instant',
      ],
      [{ symbols: ['A'], items: [''] }, 'items has an empty entry'],
      [
        { symbols: ['A'], items: many.slice(0, 501) },
        'items has 501 entries, at most 500 go into one call: none means all',
      ],
      [{ symbols: ['A'], limit: 5_001 }, 'limit 5001 is more than 5000: ask page by page'],
      [
        { symbols: ['A'], pageToken: 'x' },
        'page_token is not one of this call: leave it empty for the first page',
      ],
      [{ symbols: ['A'], strict: true }, 'strict is of a time: say which, as_of_ns'],
    ];
    for (const [fields, message] of refusals)
      await expect(ask(store, fields)).rejects.toMatchObject({ code: 'invalid-argument', message });
    const { nextPageToken } = await ask(store, { symbols: ['A'], limit: 1 });
    await expect(ask(store, { symbols: ['B'], pageToken: nextPageToken })).rejects.toThrow(
      'page_token is of another request: leave it empty for the first page',
    );
  });
});

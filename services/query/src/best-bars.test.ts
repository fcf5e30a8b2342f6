import fc from 'fast-check';
import type { BarColumns } from '@tickwell/domain';
import type { BarQuery, HistoryReader } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { bestBars, defaultOrder } from './best-bars.ts';

const SOURCES = ['a', 'b', 'derived:a'];

function columns(startNs: readonly bigint[]): BarColumns {
  const close = startNs.map(Number);
  return {
    startNs: [...startNs],
    open: close,
    high: close,
    low: close,
    close,
    volume: [],
    vwap: [],
    tradeCount: [],
    sessionDate: [],
  };
}

/** Which bars were not known at the time that is asked for: some of each source. */
function isLate(source: string, start = 0n): boolean {
  return (start * 7n + BigInt(source.length * 3 + (source.codePointAt(0) ?? 0))) % 3n === 0n;
}

/** Bars of each source in chunks of so many, as the store would answer. */
function readerOf(stored: ReadonlyMap<string, readonly bigint[]>, chunkRows: number): HistoryReader {
  const unused = (): never => {
    throw new Error('not asked here');
  };
  return {
    async *bars({ source = '', startNs = 0n, endNs, limit, newest, asOf }: BarQuery) {
      await Promise.resolve();
      const all = (stored.get(source) ?? []).filter(
        (at) => at >= startNs && (endNs === undefined || at < endNs),
      );
      const wanted = limit === undefined ? all : newest === true ? all.slice(-limit) : all.slice(0, limit);
      let at = 0;
      while (at < wanted.length) {
        const late = asOf !== undefined && isLate(source, wanted[at]);
        let end = at + 1;
        while (end < Math.min(wanted.length, at + chunkRows)) {
          if (asOf !== undefined && isLate(source, wanted[end]) !== late) break;
          end++;
        }
        yield {
          source,
          priceBasis: 'raw' as const,
          bars: columns(wanted.slice(at, end)),
          knownNs: wanted.slice(at, end),
          ...(late ? { backfilled: late } : {}),
        };
        at = end;
      }
    },
    series: () =>
      Promise.resolve(
        [...stored].flatMap(([source, starts]) =>
          ['A', 'AB'].map((symbol) => ({
            symbol,
            source: symbol === 'A' ? source : 'other',
            kind: 'bars' as const,
            interval: '1m',
            rows: starts.length,
            firstNs: 0n,
            lastNs: 0n,
          })),
        ),
      ),
    trades: unused,
    quotes: unused,
    indicators: unused,
    actions: unused,
    fundamentals: unused,
    close: () => Promise.resolve(),
  };
}

const starts = fc
  .uniqueArray(fc.bigInt({ min: 0n, max: 40n }), { maxLength: 40 })
  .map((list) => list.sort((a, b) => Number(a - b)));

describe('bestBars', () => {
  it('answers per start the bar of the first source that has one, whatever the range, the limit and the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(starts, starts, starts),
        fc.option(fc.shuffledSubarray(SOURCES, { minLength: 1 }), { nil: undefined }),
        fc.record({
          startNs: fc.bigInt({ min: 0n, max: 20n }),
          endNs: fc.bigInt({ min: 21n, max: 45n }),
          limit: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
          newest: fc.boolean(),
        }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (lists, order, { limit, ...range }, chunkRows, isAsOf) => {
          const stored = new Map(SOURCES.map((source, at) => [source, lists[at] ?? []]));
          const known = isAsOf ? { asOf: { timeNs: 50n, strict: false } } : {};
          const query = { symbol: 'A', interval: '1m', priceType: 'trade' as const, ...range, ...known };
          const answer: string[] = [];
          const cut = limit === undefined ? {} : { limit };
          for await (const { source, bars, knownNs, backfilled = false } of bestBars(
            readerOf(stored, chunkRows),
            { ...query, ...cut },
            order,
          ))
            for (const [row, start] of bars.startNs.entries()) {
              expect(bars.close[row]).toBe(Number(start));
              expect(knownNs[row]).toBe(start);
              expect(backfilled).toBe(isAsOf && isLate(source, start));
              answer.push(`${start} ${source}`);
            }
          const model = new Map<bigint, string>();
          const fill = (source: string, wanted: (start: bigint) => boolean): void => {
            for (const start of stored.get(source) ?? [])
              if (start >= range.startNs && start < range.endNs && wanted(start)) model.set(start, source);
          };
          const reversed = [...(order ?? SOURCES)].reverse();
          // What was known then comes first, whatever the order of the sources.
          if (isAsOf) for (const source of reversed) fill(source, (start) => isLate(source, start));
          for (const source of reversed) fill(source, (start) => !isAsOf || !isLate(source, start));
          const all = [...model]
            .sort(([a], [b]) => Number(a - b))
            .map(([start, source]) => `${start} ${source}`);
          expect(answer).toEqual(
            limit === undefined ? all : range.newest ? all.slice(-limit) : all.slice(0, limit),
          );
        },
      ),
    );
  });

  it('without a policy goes by name, derived bars last', () => {
    expect(defaultOrder(['derived:a', 'yahoo', 'ib', 'yahoo'])).toEqual(['ib', 'yahoo', 'derived:a']);
  });
});

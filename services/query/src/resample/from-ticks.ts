import { FAR_NS, quotePrices, TradeBars, type BarPlan } from '@tickwell/bars';
import {
  TickwellError,
  unpackQuotes,
  unpackTrades,
  type BarLength,
  type TradeColumns,
} from '@tickwell/domain';
import type { BarQuery, HistoryReader } from '@tickwell/ports';
import type { MadeBar } from './made-bars.ts';
import type { ResamplePlan } from './plan.ts';

const LIMITS = { retainedBars: 1, formingBars: 4, waitingTrades: 100_000 };

/**
 * Stored trades or quotes, in order of time, to bars: the code that builds them live. A bar of a time that is not over at `untilNs` is left out, as is one
 * that is not full.
 */
export async function* barsOfTicks(
  reader: Pick<HistoryReader, 'trades' | 'quotes'>,
  query: BarQuery & { readonly source: string },
  plan: ResamplePlan,
  untilNs: bigint,
): AsyncGenerator<MadeBar> {
  const bars = new TradeBars([barPlan(plan)], LIMITS);
  const said = { source: query.source, priceBasis: 'unspecified', contract: '', backfilled: false } as const;
  for await (const trades of ticks(reader, query, plan)) {
    const watermarkNs = trades.timeNs.at(-1) ?? 0n;
    const outcome = bars.apply({ trades, knownAtNs: 0n, watermarkNs });
    for (const bar of outcome.closed.flatMap((closed) => closed.bars)) yield { bar, said };
  }
  const watermarkNs = plan.threshold === undefined ? untilNs : FAR_NS;
  const last = bars.apply({ knownAtNs: 0n, watermarkNs });
  for (const bar of last.closed.flatMap((closed) => closed.bars)) yield { bar, said };
}

export function lengthOf({ grid, threshold }: ResamplePlan): BarLength {
  const length = threshold ?? grid?.interval;
  if (length === undefined) throw new TypeError('a plan without bars');
  return length;
}

function barPlan({ grid, threshold }: ResamplePlan): BarPlan {
  if (threshold !== undefined) return { kind: 'threshold', length: threshold };
  if (grid === undefined) throw new TypeError('a plan without bars');
  return { kind: 'time', grid, empty: 'absent' };
}

async function* ticks(
  reader: Pick<HistoryReader, 'trades' | 'quotes'>,
  { symbol, source, startNs, endNs, signal, priceType }: BarQuery & { readonly source: string },
  { from }: ResamplePlan,
): AsyncGenerator<TradeColumns> {
  const query = {
    symbol,
    source,
    ...(startNs === undefined ? {} : { startNs }),
    ...(endNs === undefined ? {} : { endNs }),
    ...(signal === undefined ? {} : { signal }),
  };
  if (from === 'trades') for await (const { trades } of reader.trades(query)) yield unpackTrades(trades);
  if (from !== 'quotes') return;
  if (priceType === 'trade')
    throw new TickwellError('invalid-argument', 'quotes have a bid, an ask or a mid');
  for await (const { quotes } of reader.quotes(query))
    yield quotePrices(unpackQuotes(quotes), priceType).prices;
}

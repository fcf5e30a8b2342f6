import { TickwellError, err, ok, type Result } from '@tickwell/domain';
import type { ActionQuery, AsOf, BarQuery, HistoryReader, StoredAction, StoredBars } from '@tickwell/ports';
import {
  adjustBars,
  dividendFactor,
  splitsOf,
  type DividendFactor,
  type Split,
  type WantedBasis,
} from './adjust.ts';

const DERIVED = 'derived:';

/** What the bars of one source are adjusted by. */
interface Adjustment {
  readonly splits: readonly Split[];
  /** Of a read as of a time: those of later, too, which a source may have known when it adjusted. */
  readonly heldSplits: readonly Split[];
  readonly dividends: readonly DividendFactor[];
}

/**
 * Reads bars on a basis: those of each source by its own dividends and splits (as of a time: those known then), else by those of the only
 * source that has any. Rejects with `failed-precondition` where that cannot be done; the message names series, reason and remedy.
 */
export function adjustedReader(
  reader: HistoryReader,
  wanted: WantedBasis,
): Pick<HistoryReader, 'bars' | 'series'> {
  return {
    series: (options) => reader.series(options),
    bars: (query) => adjustedBars(reader, query, wanted),
  };
}

async function* adjustedBars(
  reader: HistoryReader,
  query: BarQuery,
  wanted: WantedBasis,
): AsyncGenerator<StoredBars> {
  const { symbol, signal, asOf } = query;
  const ofSymbol = { symbol, ...(signal === undefined ? {} : { signal }) };
  const all = await reader.actions(ofSymbol);
  const actions = asOf === undefined ? all : await actionsAsOf(reader, ofSymbol, asOf);
  // What became known later is not known to have been in what a source adjusted, where only what was known counts.
  const held = asOf?.strict === true ? actions : all;
  const adjustments = new Map<string, Adjustment>();
  for await (const chunk of reader.bars(query)) {
    const { source, knownNs } = chunk;
    const series = `${query.interval} bars of ${symbol} from ${source}`;
    let adjustment = adjustments.get(source);
    if (adjustment === undefined) {
      const own = {
        known: orCannot(series, actionsFor(actions, source)),
        held: orCannot(series, actionsFor(held, source)),
      };
      adjustment = await readAdjustment(reader, { ...query, source }, own, wanted, series);
      adjustments.set(source, adjustment);
    }
    const { splits, dividends, heldSplits } = adjustment;
    const bars = orCannot(series, adjustBars(chunk, wanted, splits, dividends, heldSplits));
    const late = chunk.backfilled === true ? { backfilled: chunk.backfilled } : {};
    yield { source, priceBasis: wanted, bars, knownNs, ...late };
  }
}

/** Those whose ex date was there: prices of before it are not adjusted by what is to come. */
async function actionsAsOf(
  reader: HistoryReader,
  ofSymbol: Omit<ActionQuery, 'asOf'>,
  asOf: AsOf,
): Promise<readonly StoredAction[]> {
  const known = await reader.actions({ ...ofSymbol, asOf });
  return known.filter(({ exDateNs }) => exDateNs <= asOf.timeNs);
}

/** Actions that bars of a source are adjusted by; the error says that it has to be decided. */
function actionsFor(
  actions: readonly StoredAction[],
  source: string,
): Result<readonly StoredAction[], string> {
  const base = source.startsWith(DERIVED) ? source.slice(DERIVED.length) : source;
  const bySource = Map.groupBy(actions, (action) => action.source);
  const own = bySource.get(base);
  if (own !== undefined) return ok(own);
  const [only, ...others] = bySource;
  if (others.length === 0) return ok(only?.[1] ?? []);
  return err(
    `${base} delivers no dividends and splits, and ${[...bySource.keys()].join(', ')} do: ingest those of one source only, or read the bars of that source`,
  );
}

async function readAdjustment(
  reader: HistoryReader,
  query: BarQuery & { readonly source: string },
  actions: { readonly known: readonly StoredAction[]; readonly held: readonly StoredAction[] },
  wanted: WantedBasis,
  series: string,
): Promise<Adjustment> {
  const splits = orCannot(series, splitsOf(actions.known));
  const heldSplits = orCannot(series, splitsOf(actions.held));
  const dividends: DividendFactor[] = [];
  for (const action of wanted === 'all' ? actions.known : []) {
    if (action.kind !== 'dividend' || action.exDateNs <= (query.startNs ?? 0n)) continue;
    const close = await closeBefore(reader, query, action.exDateNs, heldSplits, series);
    const factor = orCannot(series, dividendFactor(action, heldSplits, close));
    if (factor !== undefined) dividends.push(factor);
  }
  return { splits, heldSplits, dividends };
}

/** The last unadjusted close of the series before a time. */
async function closeBefore(
  reader: HistoryReader,
  query: BarQuery,
  timeNs: bigint,
  splits: readonly Split[],
  name: string,
): Promise<number | undefined> {
  const { symbol, interval, priceType, source, signal, asOf } = query;
  const series = {
    symbol,
    interval,
    priceType,
    ...(source === undefined ? {} : { source }),
    ...(asOf === undefined ? {} : { asOf }),
  };
  const last = { ...series, endNs: timeNs, limit: 1, newest: true, columns: ['close'] };
  for await (const chunk of reader.bars(signal === undefined ? last : { ...last, signal }))
    return orCannot(name, adjustBars(chunk, 'raw', splits, [])).close[0];
  return undefined;
}

function orCannot<T>(series: string, result: Result<T, string>): T {
  if (result.ok) return result.value;
  throw new TickwellError('failed-precondition', `${series}: ${result.error}`);
}

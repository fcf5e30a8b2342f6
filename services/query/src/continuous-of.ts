import { calendar, WEEKDAYS, type TradingDays } from '@tickwell/calendar';
import { TickwellError } from '@tickwell/domain';
import type { Adjustment, Instrument, InstrumentMap } from '@tickwell/instruments';
import type { BarQuery, HistoryReader } from '@tickwell/ports';
import { commonPrefix } from './common-prefix.ts';
import type { ContinuousOf } from './continuous-bars.ts';

/** The store is asked for the series of all contracts at once. */
const MAX_SERIES = 50_000;

/**
 * What the instrument map says of a continuous future; undefined where the id is of none. `adjustment`: instead of the one it is configured with.
 * Refusals are `failed-precondition`: it has no contracts, or one of them has bars of several sources and the query names none.
 */
export async function continuousOf(
  instruments: Pick<InstrumentMap, 'get' | 'contractsOf'>,
  reader: Pick<HistoryReader, 'series'>,
  query: BarQuery,
  adjustment: Adjustment | undefined,
): Promise<ContinuousOf | undefined> {
  const instrument = instruments.get(query.symbol);
  const spec = instrument?.continuous;
  if (instrument === undefined || spec === undefined) return undefined;
  const { id } = instrument;
  const members = instruments.contractsOf(id);
  const contracts = members.flatMap((each) =>
    each.future === undefined ? [] : [{ id: each.id, expiry: each.future.expiry }],
  );
  if (contracts.length === 0)
    throw new TickwellError(
      'failed-precondition',
      `continuous future ${id} has no contracts: add instruments of type future${spec.root === undefined ? '' : ` with root ${spec.root}`} (docs/instruments.md)`,
    );
  const sources =
    query.source === undefined ? await sourcesOf(reader, query, contracts) : new Map<string, string>();
  const isTradingDay = tradingDays([instrument, ...members]);
  return { id, roll: spec.roll, adjustment: adjustment ?? spec.adjustment, contracts, isTradingDay, sources };
}

async function sourcesOf(
  reader: Pick<HistoryReader, 'series'>,
  { symbol, interval, priceType }: BarQuery,
  contracts: readonly { readonly id: string }[],
): Promise<ReadonlyMap<string, string>> {
  const symbolPrefix = commonPrefix(contracts.map(({ id }) => id));
  const stored = await reader.series({ symbolPrefix, limit: MAX_SERIES });
  const bars = stored.filter(
    (one) => one.kind === 'bars' && one.interval === interval && (one.priceType ?? 'trade') === priceType,
  );
  const sources = new Map<string, string>();
  for (const { id } of contracts) {
    const [source, ...others] = [
      ...new Set(bars.filter((one) => one.symbol === id).map((one) => one.source)),
    ].sort();
    if (others.length > 0)
      throw new TickwellError(
        'failed-precondition',
        `continuous future ${symbol}: ${id} has ${interval} bars of several sources (${[source, ...others].join(', ')}), whose prices must not be mixed: name one with source, or "best"`,
      );
    if (source !== undefined) sources.set(id, source);
  }
  return sources;
}

/** Sessions by the first calendar that is named; weekdays without one, and outside of the years that it covers. */
function tradingDays(instruments: readonly Instrument[]): TradingDays {
  const name = instruments.find((each) => each.calendar !== '')?.calendar;
  const known = name === undefined ? undefined : calendar(name);
  if (known?.ok !== true) return WEEKDAYS;
  return (date) => {
    const isSession = known.value.isSession(date);
    return isSession.ok ? isSession.value : WEEKDAYS(date);
  };
}

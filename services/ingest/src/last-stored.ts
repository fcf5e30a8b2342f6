import type { queryV1 } from '@tickwell/contracts';
import { errorMessage } from '@tickwell/domain';
import type { Logger } from '@tickwell/ports';

/** Asks query for the newest stored event of symbols. */
export type AskLatest = (request: {
  readonly symbols: string[];
  readonly source: string;
  readonly kinds: string[];
}) => Promise<queryV1.GetLatestResponse>;

/**
 * Time (ns since the epoch; of a bar its start) of the newest stored event of a series of a live source, which is where a hole begins that
 * nobody watched. Undefined where there is none, and where query does not answer: a live feed does not wait for the past, and says so.
 */
export function lastStoredOf(
  ask: AskLatest,
  of: { readonly source: string; readonly interval: string; readonly logger: Logger },
): (symbol: string, series: 'trades' | 'quotes' | 'bars') => Promise<bigint | undefined> {
  const { source, interval, logger } = of;
  return async (symbol, series) => {
    try {
      const { entries } = await ask({ symbols: [symbol], source, kinds: [series] });
      return newest(entries, interval);
    } catch (error) {
      const reason = errorMessage(error);
      logger.warn(
        { symbol, series, reason },
        `${source} ${symbol}: where its stored ${series} end is not known (${reason}): what is missing before now is not filled by itself; tickwell backfill does it`,
      );
      return undefined;
    }
  };
}

function newest(entries: readonly queryV1.LatestEntry[], interval: string): bigint | undefined {
  let last: bigint | undefined;
  for (const { event } of entries) {
    if (event.case === 'bar' && event.value.interval !== interval) continue;
    const times = event.case === 'bar' ? event.value.bar?.startNs : event.value?.timeNs;
    for (const time of times ?? []) if (last === undefined || time > last) last = time;
  }
  return last;
}

import { formatNs, TickwellError } from '@tickwell/domain';
import type { BarQuery, HistoryReader, StoredSeries } from '@tickwell/ports';

const MAX_SERIES = 1_000;
/** Most series that are named. */
const MAX_NAMED = 8;

/** Says that a series has no bars, and which bars of its symbol there are. */
export async function noBarsOf(
  reader: Pick<HistoryReader, 'series'>,
  query: BarQuery,
): Promise<TickwellError> {
  const { symbol, interval, priceType, source, asOf } = query;
  const found = await reader.series({ symbolPrefix: symbol, limit: MAX_SERIES });
  const names = found.filter((one) => one.symbol === symbol && one.kind === 'bars').map(nameOf);
  const more = names.length > MAX_NAMED ? `, and ${names.length - MAX_NAMED} more` : '';
  const there =
    names.length === 0
      ? 'none of its bars are stored'
      : `its bars are ${names.slice(0, MAX_NAMED).join(', ')}${more}`;
  const from = source === undefined ? '' : ` from ${source}`;
  const known = asOf === undefined ? '' : `, known at ${formatNs(asOf.timeNs)},`;
  return new TickwellError(
    'not-found',
    `${symbol} has no ${interval} ${priceType} bars${from}${known} to compute indicators of: ${there}`,
  );
}

function nameOf({ interval, priceType = 'trade', source }: StoredSeries): string {
  return `${interval} ${priceType} (${source})`;
}

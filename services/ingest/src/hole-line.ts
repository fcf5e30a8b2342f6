import { formatNs } from '@tickwell/domain';
import type { IngestLine } from '@tickwell/ports';

type HoleLine = Extract<IngestLine, { type: 'hole' }>;

/** What a live feed tells beside its events, times in ns since the epoch. */
interface Hole {
  readonly symbol: string;
  readonly series: string;
  readonly reason: string;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly timeToRepairMs: number;
  readonly events: number;
  readonly unrepaired: string | undefined;
}

/** A hole of a live feed for whoever runs the process. */
export function holeLine(hole: Hole): HoleLine {
  const { symbol, series, reason, fromNs, toNs, timeToRepairMs, events, unrepaired = null } = hole;
  return {
    type: 'hole',
    symbol,
    series,
    reason,
    from: formatNs(fromNs),
    to: formatNs(toNs),
    timeToRepairMs,
    events,
    unrepaired,
  };
}

/** The same as the reason of a source's status. */
export function holeReason(line: HoleLine): string {
  const { symbol, series, reason, from, to, timeToRepairMs, events, unrepaired } = line;
  const outcome =
    unrepaired === null
      ? `repaired after ${timeToRepairMs} ms with ${events} events from history`
      : `not repaired: ${unrepaired}`;
  return `hole in ${symbol} ${series} from ${from} to ${to} (${reason}): ${outcome}`;
}

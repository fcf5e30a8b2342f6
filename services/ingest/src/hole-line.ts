import { formatNs } from '@tickwell/domain';
import type { IngestLine } from '@tickwell/ports';

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
export function holeLine(hole: Hole): IngestLine {
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

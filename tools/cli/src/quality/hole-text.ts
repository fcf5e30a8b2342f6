import type { LedgerHole } from '@tickwell/client';
import { formatNs } from '@tickwell/domain';
import { formatCount, formatDuration } from '../format/numbers.ts';

/** What the ledger says of something that is missing: ": socket closed; known since …; asked ib:history twice, …". */
export function whyText({ state, reason, sinceNs, attempts, askedSource, answer }: LedgerHole): string {
  const parts = [
    `${state === 'given-up' ? 'given up: ' : ''}${reason}`,
    ...(sinceNs === undefined ? [] : [`known since ${formatNs(sinceNs)}`]),
    ...(attempts === 0
      ? []
      : [
          `${formatCount(attempts)} ${attempts === 1 ? 'request' : 'requests'}, the last to ${askedSource} (${answer === '' ? 'not answered yet' : answer})`,
        ]),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** "BTCUSD best: repaired from … to … by desk after 2 min 5 s: socket closed" */
export function repairedText(hole: LedgerHole): string {
  const { symbol, source, startNs, endNs, repairedSource, reason } = hole;
  const by = repairedSource === '' ? '' : ` by ${repairedSource}`;
  const tookMs = repairMs(hole);
  const after = tookMs === undefined ? '' : ` after ${formatDuration(tookMs)}`;
  const why = reason === '' ? '' : `: ${reason}`;
  return `${symbol} ${source}: repaired from ${formatNs(startNs)} to ${formatNs(endNs)}${by}${after}${why}`;
}

/** A hole for machines; times are ISO 8601, null where there is none. */
export function holeJson(hole: LedgerHole): object {
  const { startNs, endNs, sinceNs, askedAtNs, answeredAtNs, repairedAtNs, ...rest } = hole;
  return {
    ...rest,
    start: formatNs(startNs),
    end: formatNs(endNs),
    since: timeOrNull(sinceNs),
    askedAt: timeOrNull(askedAtNs),
    answeredAt: timeOrNull(answeredAtNs),
    repairedAt: timeOrNull(repairedAtNs),
    timeToRepairMs: repairMs(hole) ?? null,
  };
}

/** From when it was known to when it was filled. */
function repairMs({ sinceNs, repairedAtNs }: LedgerHole): number | undefined {
  return sinceNs === undefined || repairedAtNs === undefined
    ? undefined
    : Number((repairedAtNs - sinceNs) / 1_000_000n);
}

function timeOrNull(timeNs: bigint | undefined): string | null {
  return timeNs === undefined ? null : formatNs(timeNs);
}

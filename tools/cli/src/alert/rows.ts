import { createHash } from 'node:crypto';
import type { Alerts, OpenAlert } from '@tickwell/client';
import { formatNs } from '@tickwell/domain';

/** Severity, rule, group, state, since, told, what. */
export function alertRow(alert: OpenAlert): readonly string[] {
  const { severity, rule, group, phase, sinceNs, toldNs, held, summary, undelivered } = alert;
  const waiting = undelivered.map(
    ({ channel, attempts, failure }) =>
      `${channel} has not taken it${attempts === 0 ? '' : ` in ${attempts} attempts: ${failure}`}`,
  );
  const notes = [...(held === '' ? [] : [`held back: ${held}`]), ...waiting];
  return [
    severity,
    rule,
    group,
    phase,
    formatNs(sinceNs),
    toldNs === undefined ? '-' : formatNs(toldNs),
    [summary, ...notes].join('; '),
  ];
}

/** Time, event, rule, group, channel, what. */
export function eventRow(event: Alerts['history'][number]): readonly string[] {
  const { timeNs, kind, rule, group, channel, channels, summary, reason } = event;
  return [
    formatNs(timeNs),
    kind,
    rule,
    group,
    channel === '' ? channels.join(', ') : channel,
    [summary, reason].filter((text) => text !== '').join('; '),
  ];
}

/** One silence a rule, and one for each of its alerts: the same words name the same document. */
export function silenceId(rule: string, group: string | undefined): string {
  if (group === undefined) return `silence:${rule}`;
  const hash = createHash('sha256').update(group).digest('hex').slice(0, 8);
  return `silence:${rule}:${hash}`;
}

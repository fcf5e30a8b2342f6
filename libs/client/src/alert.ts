import type { AlertEvent, Severity } from '@tickwell/alerts';
import { alertEventFromProto, alertSeverityFromProto, queryV1 } from '@tickwell/contracts';
import type { CallOptions } from './call-options.ts';

export interface AlertOptions extends CallOptions {
  /** Id of a rule; left out: every one. */
  readonly rule?: string;
  /** How much of what happened lately to answer as well, at most 1,000; left out: none. */
  readonly history?: number;
}

/** An alert that is not over, or whose end is still to be told. Times are ns since the epoch, undefined where it has not happened. */
export interface OpenAlert {
  readonly rule: string;
  /** What it is about, by the grouping of its rule: "source=yahoo"; "" where it is about all. */
  readonly group: string;
  /** `recovered`: over, and those who were told of it are not told that yet. */
  readonly phase: 'pending' | 'firing' | 'recovered';
  readonly severity: Severity;
  readonly summary: string;
  readonly sinceNs: bigint;
  readonly firedNs: bigint | undefined;
  readonly toldNs: bigint | undefined;
  /** Why it is held back; "": it is not. */
  readonly held: string;
  /** Messages that a channel has not taken yet. */
  readonly undelivered: readonly UndeliveredMessage[];
}

export interface UndeliveredMessage {
  readonly channel: string;
  /** That failed, and why the last one did. */
  readonly attempts: number;
  readonly failure: string;
  readonly timeNs: bigint;
}

export interface Alerts {
  readonly open: readonly OpenAlert[];
  /** The newest first. */
  readonly history: readonly AlertEvent[];
}

export function alertsOf({ open, history }: queryV1.ListAlertsResponse): Alerts {
  return {
    open: open.map(openAlertOf),
    history: history.flatMap((message) => {
      const event = alertEventFromProto(message);
      // A kind that a newer server knows.
      return event.ok ? [event.value] : [];
    }),
  };
}

function openAlertOf(alert: queryV1.OpenAlert): OpenAlert {
  const { rule, group, summary, sinceNs, held, undelivered } = alert;
  return {
    ...{ rule, group, summary, sinceNs, held },
    phase: phaseOf(alert.phase),
    severity: alertSeverityFromProto(alert.severity),
    firedNs: alert.firedNs === 0n ? undefined : alert.firedNs,
    toldNs: alert.toldNs === 0n ? undefined : alert.toldNs,
    undelivered: undelivered.map(({ channel, attempts, failure, timeNs }) => ({
      channel,
      attempts,
      failure,
      timeNs,
    })),
  };
}

function phaseOf(phase: queryV1.AlertPhase): OpenAlert['phase'] {
  if (phase === queryV1.AlertPhase.PENDING) return 'pending';
  return phase === queryV1.AlertPhase.RECOVERED ? 'recovered' : 'firing';
}

import { events, type queryV1 } from '@tickwell/contracts';

export type FindingSeverity = 'info' | 'warning' | 'error';

/** Something odd about data that went through. Times are ns since the epoch. */
export interface Finding {
  readonly symbol: string;
  readonly source: string;
  /** Of the input: "trades", "bars", ... */
  readonly kind: string;
  readonly rule: string;
  readonly severity: FindingSeverity;
  readonly message: string;
  readonly knownAtNs: bigint;
  /** Span of event time that it concerns; 0n: it was not kept. */
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export const SEVERITIES: Readonly<Record<FindingSeverity, events.Severity>> = {
  info: events.Severity.INFO,
  warning: events.Severity.WARNING,
  error: events.Severity.ERROR,
};

export function findingOf(finding: queryV1.FindingEntry): Finding {
  const { symbol, source, kind, rule, severity, message, knownAtNs, startNs, endNs } = finding;
  return { symbol, source, kind, rule, severity: severityOf(severity), message, knownAtNs, startNs, endNs };
}

export function severityOf(severity: events.Severity): FindingSeverity {
  if (severity === events.Severity.ERROR) return 'error';
  return severity === events.Severity.WARNING ? 'warning' : 'info';
}

/** From the least to the most. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One value of a metric, and what it is of. */
export interface Measurement {
  readonly labels: Readonly<Record<string, string>>;
  /** In the unit of the metric. */
  readonly value: number;
  /** For a person, one line: for example why a source is down. */
  readonly note?: string;
}

export interface AlertMember {
  readonly name: string;
  readonly value: number;
}

export const EVENT_KINDS = [
  'pending',
  'cleared',
  'fired',
  'repeated',
  'recovered',
  'released',
  'continues',
  'delivered',
  'delivery-failed',
  'given-up',
  'owned',
] as const;
export type AlertEventKind = (typeof EVENT_KINDS)[number];

/** Something that happened to an alert; `proto/tickwell/events/v1/alert.proto` says what each field holds. */
export interface AlertEvent {
  readonly eventId: string;
  readonly rule: string;
  readonly group: string;
  readonly kind: AlertEventKind;
  readonly timeNs: bigint;
  readonly sinceNs: bigint;
  readonly severity: Severity;
  readonly summary: string;
  readonly value: number;
  readonly members: readonly AlertMember[];
  readonly memberCount: number;
  readonly channels: readonly string[];
  readonly reason: string;
  readonly ofEventId: string;
  readonly channel: string;
  readonly attempt: number;
  readonly ruleVersion: bigint;
  readonly owner: string;
}

/** Of an event without what it is not about. */
export const NO_EVENT: Omit<AlertEvent, 'eventId' | 'kind' | 'timeNs' | 'owner'> = {
  rule: '',
  group: '',
  sinceNs: 0n,
  severity: 'info',
  summary: '',
  value: 0,
  members: [],
  memberCount: 0,
  channels: [],
  reason: '',
  ofEventId: '',
  channel: '',
  attempt: 0,
  ruleVersion: 0n,
};

/** Whether the first is at least as bad as the second. */
export function isAtLeast(severity: Severity, other: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(other);
}

import { formatNs, NS_PER_SECOND } from '@tickwell/domain';
import { durationText } from './duration.ts';
import type { Observation } from './group.ts';
import type { OwedMessage } from './ledger.ts';
import { METRICS, type Metric } from './metrics.ts';
import type { AlertMember } from './model.ts';
import type { AlertRule } from './rule.ts';

interface Seen {
  readonly rule: AlertRule;
  readonly observation: Observation;
  readonly nowNs: bigint;
}

const NAMED_MEMBERS = 3;
const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** "freshness 1,234 s is above 600 s: AAPL, MSFT and 498 others" */
export function firingText({ rule, observation }: Seen): string {
  const { value, members, memberCount, note } = observation;
  const of = memberCount === 0 ? '' : `: ${membersText(members, memberCount)}`;
  if (rule.metric === 'source-state')
    return oneLine(`${rule.states.join(' or ')}${of === ': ' ? '' : of}${note === '' ? '' : ` (${note})`}`);
  const { comparison } = METRICS[rule.metric];
  const limit = withUnit(rule, rule.threshold);
  return oneLine(`${rule.metric} ${withUnit(rule, value)} is ${comparison} ${limit}${of}`);
}

/** "over after 25m: freshness is 12 s" */
export function recoveredText({ rule, observation, nowNs }: Seen, sinceNs: bigint): string {
  const lasted = durationText(nowNs > sinceNs ? ((nowNs - sinceNs) / NS_PER_SECOND) * NS_PER_SECOND : 0n);
  const isMeasured = observation.memberCount > 0 || observation.value !== 0;
  const now =
    rule.metric === 'source-state' || !isMeasured
      ? ''
      : `: ${rule.metric} is ${withUnit(rule, observation.value)}`;
  return `over after ${lasted}${now}`;
}

function withUnit({ metric }: AlertRule, value: number): string {
  const { unit }: Metric = METRICS[metric];
  return unit === '%' ? `${number.format(value)} %` : `${number.format(value)} ${unit}`.trim();
}

function membersText(members: readonly AlertMember[], count: number): string {
  const named = members
    .slice(0, NAMED_MEMBERS)
    .map(({ name }) => name)
    .filter((name) => name !== '');
  const others = count - named.length;
  if (named.length === 0) return '';
  if (others === 0) return named.join(', ');
  return `${named.join(', ')} and ${number.format(others)} ${others === 1 ? 'other' : 'others'}`;
}

/** A message as every channel gets it. */
export interface AlertMessage {
  /** The same for the same message, however often it is sent. */
  readonly id: string;
  readonly about: 'firing' | 'repeat' | 'recovered' | 'test';
  readonly severity: string;
  readonly rule: string;
  readonly group: string;
  /** One line: "[critical] stale-prices (source=yahoo): freshness 1,234 s is above 600 s". */
  readonly title: string;
  /** Further lines for a person. */
  readonly lines: readonly string[];
  readonly timeNs: bigint;
  readonly sinceNs: bigint;
}

const TAGS: Readonly<Record<OwedMessage['about'], (severity: string) => string>> = {
  firing: (severity) => severity,
  repeat: (severity) => `${severity}, still`,
  recovered: () => 'recovered',
};

/** The message that an event makes. */
export function messageOf({ event, about }: Pick<OwedMessage, 'event' | 'about'>): AlertMessage {
  const { eventId, rule, group, severity, summary, timeNs, sinceNs, members, memberCount } = event;
  const of = group === '' ? '' : ` (${group})`;
  const listed = members.map(({ name, value }) => `  ${oneLine(name)}: ${number.format(value)}`);
  const unlisted = memberCount - members.length;
  return {
    ...{ id: eventId, about, severity, rule, group, timeNs, sinceNs },
    title: oneLine(`[${TAGS[about](severity)}] ${rule}${of}: ${summary}`),
    lines: [
      `since ${formatNs(sinceNs)}, told at ${formatNs(timeNs)}`,
      ...(about === 'recovered' ? [] : listed),
      ...(about === 'recovered' || unlisted <= 0 ? [] : [`  and ${number.format(unlisted)} more`]),
    ],
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ');
}

import { METRICS, type Metric } from './metrics.ts';
import type { AlertMember, Measurement } from './model.ts';
import type { AlertRule } from './rule.ts';

/** What a rule sees of one group of measurements at one time. */
export interface Observation {
  readonly group: string;
  /** The worst, or the sum. */
  readonly value: number;
  /** The condition is met. */
  readonly isMet: boolean;
  /** It is over: at or beyond where the rule takes it for recovered. Between both, whatever was goes on. */
  readonly isOver: boolean;
  /** Those that meet the condition, worst first; at most 20. */
  readonly members: readonly AlertMember[];
  readonly memberCount: number;
  /** What the worst one says of itself. */
  readonly note: string;
}

/** More alerts of one rule would only hide each other. */
export const MAX_GROUPS = 1_000;
const MAX_MEMBERS = 20;

/** Measurements of a rule, by group; what is no number is left out. At most {@link MAX_GROUPS}, the worst ones. */
export function observe(
  rule: AlertRule,
  measurements: readonly Measurement[],
): ReadonlyMap<string, Observation> {
  const wanted = measurements.filter(
    ({ labels, value }) => !Number.isNaN(value) && isWanted(rule.where, labels),
  );
  const groups = Map.groupBy(wanted, ({ labels }) => groupOf(rule.groupBy, labels));
  const observations = [...groups].map(([group, members]) => observation(rule, group, members));
  const worstFirst = observations.sort((a, b) => worse(rule, a.value, b.value));
  return new Map(worstFirst.slice(0, MAX_GROUPS).map((one) => [one.group, one]));
}

/** What there is to see of a group of which nothing is measured any more. */
export function nothing(group: string): Observation {
  return { group, value: 0, isMet: false, isOver: true, members: [], memberCount: 0, note: '' };
}

function isWanted(where: AlertRule['where'], labels: Measurement['labels']): boolean {
  return Object.entries(where).every(([label, values]) => values.includes(labels[label] ?? ''));
}

function groupOf(groupBy: readonly string[], labels: Measurement['labels']): string {
  return groupBy.map((label) => `${label}=${labels[label] ?? ''}`).join(', ');
}

const worse = ({ metric }: AlertRule, a: number, b: number): number =>
  METRICS[metric].comparison === 'above' ? b - a : a - b;

function observation(rule: AlertRule, group: string, members: readonly Measurement[]): Observation {
  const metric: Metric = METRICS[rule.metric];
  const isBad = (value: number): boolean =>
    metric.comparison === 'above' ? value > rule.threshold : value < rule.threshold;
  const isWell = (value: number): boolean =>
    metric.comparison === 'above' ? value <= rule.recoverAt : value >= rule.recoverAt;
  const sorted = members.toSorted((a, b) => worse(rule, a.value, b.value));
  const worst = sorted[0];
  const isSum = metric.aggregate === 'sum';
  const value = isSum ? sorted.reduce((sum, one) => sum + one.value, 0) : (worst?.value ?? 0);
  const bad = (isSum ? summed(rule, sorted) : sorted.map((one) => memberOf(rule, one))).filter((one) =>
    isSum ? one.value > 0 : isBad(one.value),
  );
  return {
    group,
    value,
    isMet: isBad(value),
    isOver: isWell(value),
    members: bad.slice(0, MAX_MEMBERS),
    memberCount: bad.length,
    note: worst?.note ?? '',
  };
}

function memberOf(rule: AlertRule, { labels, value }: Measurement): AlertMember {
  return { name: nameOf(rule, METRICS[rule.metric], labels), value };
}

/** Several of one name as one, the largest first. */
function summed(rule: AlertRule, measurements: readonly Measurement[]): readonly AlertMember[] {
  const byName = Map.groupBy(
    measurements.map((one) => memberOf(rule, one)),
    ({ name }) => name,
  );
  return [...byName]
    .map(([name, members]) => ({ name, value: members.reduce((sum, one) => sum + one.value, 0) }))
    .sort((a, b) => b.value - a.value);
}

/** A member by what is not in its group already: "AAPL", "AAPL bars 1m". */
function nameOf({ groupBy }: AlertRule, metric: Metric, labels: Measurement['labels']): string {
  const own = metric.labels.filter((label) => !groupBy.includes(label) && (labels[label] ?? '') !== '');
  const first = own.includes(metric.member) ? [metric.member] : [];
  const rest = own.filter((label) => label !== metric.member);
  return [...first, ...rest].map((label) => labels[label]).join(' ');
}

import { err, JsonFields, NS_PER_SECOND, ok, parseInterval, type Result } from '@tickwell/domain';
import { readDuration } from './duration.ts';
import { METRIC_NAMES, METRICS, type Metric, type MetricName } from './metrics.ts';
import { SEVERITIES, type Severity } from './model.ts';
import { readQuietHours, type QuietHours } from './quiet-hours.ts';

/** When to alert whom of what; `docs/alerts.md` describes the document. */
export interface AlertRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly description: string;
  readonly metric: MetricName;
  /** Only measurements whose labels have one of the values. */
  readonly where: Readonly<Record<string, readonly string[]>>;
  readonly groupBy: readonly string[];
  /** Of metrics over a span of time; else 0n. */
  readonly windowNs: bigint;
  /** Of completeness, else "". */
  readonly interval: string;
  /** Of source-state, else none. */
  readonly states: readonly SourceStateName[];
  readonly threshold: number;
  /** The condition is over once the value is at or beyond this one. */
  readonly recoverAt: number;
  /** How long it must hold. */
  readonly forNs: bigint;
  /** How long it must be over. */
  readonly recoverForNs: bigint;
  /** Told again after so long; undefined: never. */
  readonly repeatNs: bigint | undefined;
  readonly severity: Severity;
  readonly quiet: readonly QuietHours[];
  readonly channels: readonly string[];
}

/** `silent`: it says up, but has said nothing for too long. */
const SOURCE_STATES = ['up', 'degraded', 'down', 'paced', 'finished', 'stopped', 'silent'] as const;
export type SourceStateName = (typeof SOURCE_STATES)[number];

/** The channel that is always there. */
export const LOG_CHANNEL = 'log';

const MAX_VALUES = 1_000;
const MAX_CHANNELS = 16;
const MAX_QUIET = 16;
const DEFAULT_RECOVER_NS = 120n * NS_PER_SECOND;
const DEFAULT_REPEAT_NS = 14_400n * NS_PER_SECOND;
const DEFAULT_WINDOW_NS = 3_600n * NS_PER_SECOND;
const WHERE = 'rule';

/** The rule, or everything that is wrong with it, the field named. */
export function parseRule(id: string, document: unknown): Result<AlertRule, readonly string[]> {
  const fields = new JsonFields(document, WHERE);
  fields.choice('type', ['rule']);
  const problems: string[] = [];
  const metric = fields.choice('metric', METRIC_NAMES);
  if (fields.take('metric') === undefined)
    fields.problem('metric', `is required: one of ${METRIC_NAMES.join(', ')}`);
  // The others are read against some metric, so that what is wrong with them is said at once.
  const name = metric ?? 'freshness';
  const forNs = readDuration(fields, 'for', 0n) ?? 0n;
  const rule: AlertRule = {
    id,
    enabled: fields.flag('enabled') ?? true,
    description: fields.text('description') ?? '',
    metric: name,
    where: readWhere(fields.take('where'), METRICS[name], problems),
    groupBy: readGroupBy(fields, METRICS[name]),
    ...readThreshold(fields, name, metric !== undefined),
    windowNs: readWindow(fields, METRICS[name]),
    interval: readInterval(fields, name),
    forNs,
    recoverForNs: readDuration(fields, 'recoverFor', 0n) ?? longer(forNs, DEFAULT_RECOVER_NS),
    repeatNs: readRepeat(fields),
    severity: fields.choice('severity', SEVERITIES) ?? 'warning',
    quiet: readQuiet(fields, problems),
    channels: readChannels(fields),
  };
  if (name === 'completeness' && rule.where['symbol'] === undefined && metric !== undefined)
    problems.push(`${WHERE}.where.symbol is required of completeness: the symbols that are counted`);
  const read = fields.finish(rule);
  const all = [...(read.ok ? [] : read.error), ...problems];
  return all.length === 0 ? ok(rule) : err(all);
}

const longer = (a: bigint, b: bigint): bigint => (a > b ? a : b);

type Threshold = Pick<AlertRule, 'threshold' | 'recoverAt' | 'states'>;

function readThreshold(fields: JsonFields, name: MetricName, isKnown: boolean): Threshold {
  if (name === 'source-state') return { ...readStates(fields), threshold: 0, recoverAt: 0 };
  const metric: Metric = METRICS[name];
  const { comparison, min, max, unit } = metric;
  const threshold = fields.number(comparison);
  const recoverAt = fields.number('recoverAt') ?? threshold ?? 0;
  if (threshold === undefined) {
    if (fields.take(comparison) === undefined && isKnown)
      fields.problem(comparison, `is required of ${name}, in ${unit}`);
    return { threshold: 0, recoverAt, states: [] };
  }
  const isAbove = comparison === 'above';
  const isNever = isAbove ? threshold >= max : threshold <= min;
  const isAlways = isAbove ? threshold < min : threshold > max;
  const values = max >= Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`;
  if (isNever || isAlways || !Number.isFinite(threshold))
    fields.problem(
      comparison,
      `${threshold} is ${isNever ? 'never' : 'always'} met: ${name} is ${values} ${unit}`,
    );
  if (isAbove ? recoverAt > threshold : recoverAt < threshold)
    fields.problem(
      'recoverAt',
      `${recoverAt} must not be ${isAbove ? 'above' : 'below'} the threshold ${threshold}`,
    );
  return { threshold, recoverAt, states: [] };
}

function readStates(fields: JsonFields): Pick<Threshold, 'states'> {
  const listed = fields.list('states') ?? ['down', 'degraded', 'silent'];
  const states = SOURCE_STATES.filter((state) => listed.includes(state));
  if (states.length === 0 || states.length !== listed.length)
    fields.problem('states', `must be a list of some of ${SOURCE_STATES.join(', ')}, each once`);
  return { states };
}

function readWindow(fields: JsonFields, { hasWindow }: Metric): bigint {
  if (!hasWindow) return 0n;
  return readDuration(fields, 'window', 60n * NS_PER_SECOND) ?? DEFAULT_WINDOW_NS;
}

function readInterval(fields: JsonFields, name: MetricName): string {
  if (name !== 'completeness') return '';
  const text = fields.requiredText('interval');
  const parsed = parseInterval(text);
  if (text !== '' && !parsed.ok) fields.problem('interval', parsed.error);
  return text;
}

function readRepeat(fields: JsonFields): bigint | undefined {
  if (fields.take('repeat') === 'never') return undefined;
  return readDuration(fields, 'repeat', NS_PER_SECOND) ?? DEFAULT_REPEAT_NS;
}

function readWhere(value: unknown, metric: Metric, problems: string[]): AlertRule['where'] {
  if (value === undefined) return {};
  const fields = new JsonFields(value, `${WHERE}.where`);
  const where: Record<string, readonly string[]> = {};
  for (const label of metric.labels) {
    const given = fields.take(label);
    if (given === undefined) continue;
    const values = readTexts(Array.isArray(given) ? given : [given]);
    if (values === undefined || values.length === 0 || values.length > MAX_VALUES)
      fields.problem(label, `must be a text, or a list of 1 to ${MAX_VALUES}`);
    else where[label] = values;
  }
  const read = fields.finish(undefined);
  if (!read.ok) problems.push(...read.error);
  return where;
}

function readGroupBy(fields: JsonFields, metric: Metric): readonly string[] {
  const listed = fields.list('groupBy');
  if (listed === undefined) return metric.groupBy;
  const labels = metric.labels.filter((label) => listed.includes(label));
  if (labels.length !== listed.length)
    fields.problem(
      'groupBy',
      `must be a list of some of ${metric.labels.join(', ')}, each once; [] makes one alert of all`,
    );
  return labels;
}

function readQuiet(fields: JsonFields, problems: string[]): readonly QuietHours[] {
  const listed = fields.list('quiet') ?? [];
  if (listed.length > MAX_QUIET) fields.problem('quiet', `must have at most ${MAX_QUIET} entries`);
  return listed.flatMap((value, index) => {
    const read = readQuietHours(value, `${WHERE}.quiet[${index}]`, problems);
    return read === undefined ? [] : [read];
  });
}

function readChannels(fields: JsonFields): readonly string[] {
  const listed = readTexts(fields.list('channels') ?? [LOG_CHANNEL]);
  if (listed !== undefined && listed.length > 0 && listed.length <= MAX_CHANNELS) return [...new Set(listed)];
  fields.problem(
    'channels',
    `must be a list of the ids of 1 to ${MAX_CHANNELS} channels, or "${LOG_CHANNEL}"`,
  );
  return [];
}

/** Undefined where one is no text, or empty. */
export function readTexts(values: readonly unknown[]): readonly string[] | undefined {
  const texts = values.filter((value) => typeof value === 'string' && value !== '');
  return texts.length === values.length ? texts.map(String) : undefined;
}

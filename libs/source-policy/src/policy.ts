import { err, JsonFields, ok, parseInterval, type Result } from '@tickwell/domain';
import { RECONCILED_SOURCE, type ReconcileRules } from '@tickwell/reconciliation';
import type { JobTemplate } from './job-template.ts';
import { listProblem } from './listed-instruments.ts';
import { readReconcile } from './reconcile.ts';
import { readRepair, type PolicyRepair } from './repair.ts';
import { secretProblems } from './secrets.ts';
import { readSelection, type Selection } from './selection.ts';
import { readSession, type Session } from './session.ts';

export interface PolicySeries {
  readonly kind: 'trades' | 'quotes' | 'bars';
  /** Of bars; else "". */
  readonly interval: string;
}

export interface PolicySource {
  /** As it is on the rows it brings: "ib", "yahoo", "file:spare". */
  readonly source: string;
  readonly job: JobTemplate;
  /** Asked so often; undefined: a live feed, which has no end. */
  readonly everySeconds: number | undefined;
}

/** Which sources bring a series of some instruments; `docs/sources.md` describes the document. */
export interface SourcePolicy {
  readonly id: string;
  readonly instruments: Selection;
  readonly series: PolicySeries;
  /** The primary first, then its fallbacks. */
  readonly sources: readonly PolicySource[];
  readonly afterFailures: number;
  readonly afterStaleSeconds: number;
  readonly retryMaxSeconds: number;
  readonly afterHealthySeconds: number;
  readonly session: Session | undefined;
  /** Sources of the series "best", the preferred first. */
  readonly best: readonly string[];
  /** Where nothing is stored yet, "{since}" is so long ago. */
  readonly lookbackSeconds: number;
  /** Undefined: what is missing stays so until somebody asks for it. */
  readonly repair: PolicyRepair | undefined;
  /** How its bars are made one series; undefined: they are not. */
  readonly reconcile: ReconcileRules | undefined;
}

const MAX_SOURCES = 16;
const MAX_SOURCE_CHARS = 128;
const DAY_SECONDS = 86_400;
const DEFAULTS = { failures: 3, stale: 60, retryMax: 60, healthy: 60, lookback: DAY_SECONDS };
/** The name under which the series of a policy is read. */
export const BEST_SOURCE = 'best';

/** Whether a document of kind `source` is a policy; others of that kind are not. */
export function isPolicy(document: unknown): boolean {
  return (
    typeof document === 'object' && document !== null && 'type' in document && document.type === 'policy'
  );
}

/** The policy, or everything that is wrong with it, the field named. Credentials in it are refused and never repeated. */
export function parsePolicy(id: string, document: unknown): Result<SourcePolicy, readonly string[]> {
  const secrets = secretProblems(document, 'policy');
  if (secrets.length > 0) return err(secrets);
  const fields = new JsonFields(document, 'policy');
  if (fields.text('type') !== 'policy') fields.problem('type', 'must be "policy"');
  const problems: string[] = [];
  const instruments = readSelection(fields, problems);
  const sources = readSources(fields, instruments, problems);
  const session = fields.take('session');
  const repair = fields.take('repair');
  const series = readSeries(fields.take('series'), problems);
  const best = readBest(fields, sources);
  const policy: SourcePolicy = {
    id,
    instruments,
    series,
    sources,
    ...readFallback(fields.take('fallback') ?? {}, problems),
    afterHealthySeconds: readReturn(fields.take('return') ?? {}, problems),
    session: session === undefined ? undefined : readSession(session, 'policy.session', problems),
    best,
    reconcile: readReconcile(fields.take('reconcile'), { series, best }, problems),
    lookbackSeconds: bounded(fields, 'lookbackSeconds', 1, 366 * DAY_SECONDS) ?? DEFAULTS.lookback,
    repair:
      repair === undefined
        ? undefined
        : readRepair(repair, { kind: series.kind, best, instruments }, problems),
  };
  const read = fields.finish(policy);
  const all = [...(read.ok ? [] : read.error), ...problems];
  return all.length === 0 ? ok(policy) : err(all);
}

function readSeries(value: unknown, problems: string[]): PolicySeries {
  const fields = new JsonFields(value, 'policy.series');
  const kind = fields.choice('kind', ['trades', 'quotes', 'bars']);
  if (fields.take('kind') === undefined) fields.problem('kind', 'is required: trades, quotes or bars');
  const interval = fields.text('interval') ?? '';
  if (kind === 'bars') {
    const parsed = parseInterval(interval);
    if (!parsed.ok) fields.problem('interval', interval === '' ? 'is required of bars' : parsed.error);
  } else if (interval !== '') fields.problem('interval', 'is of bars only');
  const read = fields.finish({ kind: kind ?? 'bars', interval });
  if (!read.ok) problems.push(...read.error);
  return { kind: kind ?? 'bars', interval };
}

function readSources(
  fields: JsonFields,
  instruments: Selection,
  problems: string[],
): readonly PolicySource[] {
  const list = fields.list('sources') ?? [];
  if (list.length === 0 || list.length > MAX_SOURCES)
    fields.problem('sources', `must be a list of 1 to ${MAX_SOURCES} sources, the primary first`);
  const sources = list.map((value, index) =>
    readSource(value, `policy.sources[${index}]`, instruments, problems),
  );
  for (const [index, { source }] of sources.entries()) {
    if (source !== '' && sources.findIndex((other) => other.source === source) !== index)
      fields.problem(`sources[${index}].source`, `${source} is named twice`);
  }
  return sources;
}

function readSource(value: unknown, where: string, instruments: Selection, problems: string[]): PolicySource {
  const fields = new JsonFields(value, where);
  const source = fields.requiredText('source');
  if (source === BEST_SOURCE || source === RECONCILED_SOURCE || source.length > MAX_SOURCE_CHARS)
    fields.problem(
      'source',
      `must be the name on the rows, not "${BEST_SOURCE}" or "${RECONCILED_SOURCE}", at most ${MAX_SOURCE_CHARS} characters`,
    );
  const job = fields.take('job');
  const everySeconds = bounded(fields, 'everySeconds', 0.1, 366 * DAY_SECONDS);
  if (!isObject(job))
    fields.problem('job', 'is required: a job of ingest, for example {"type":"ib","feed":"live"}');
  else if (typeof job['type'] !== 'string' || job['type'] === 'policy')
    fields.problem('job.type', 'must be the type of a job of ingest that is no policy');
  else {
    const problem = listProblem(job, instruments);
    if (problem !== undefined) fields.problem(problem.field, problem.text);
  }
  const read = fields.finish(undefined);
  if (!read.ok) problems.push(...read.error);
  return { source, job: isObject(job) ? job : {}, everySeconds };
}

function readFallback(
  value: unknown,
  problems: string[],
): Pick<SourcePolicy, 'afterFailures' | 'afterStaleSeconds' | 'retryMaxSeconds'> {
  const fields = new JsonFields(value, 'policy.fallback');
  const of = {
    afterFailures: bounded(fields, 'afterFailures', 1, 1000) ?? DEFAULTS.failures,
    afterStaleSeconds: bounded(fields, 'afterStaleSeconds', 1, 366 * DAY_SECONDS) ?? DEFAULTS.stale,
    retryMaxSeconds: bounded(fields, 'retryMaxSeconds', 1, 3600) ?? DEFAULTS.retryMax,
  };
  if (!Number.isInteger(of.afterFailures)) fields.problem('afterFailures', 'must be a whole number');
  const read = fields.finish(of);
  if (!read.ok) problems.push(...read.error);
  return of;
}

function readReturn(value: unknown, problems: string[]): number {
  const fields = new JsonFields(value, 'policy.return');
  const seconds = bounded(fields, 'afterHealthySeconds', 1, 366 * DAY_SECONDS) ?? DEFAULTS.healthy;
  const read = fields.finish(seconds);
  if (!read.ok) problems.push(...read.error);
  return seconds;
}

function readBest(fields: JsonFields, sources: readonly PolicySource[]): readonly string[] {
  const own = sources.map(({ source }) => source);
  const list = fields.list('best');
  if (list === undefined) return own;
  const texts = list.filter(
    (value): value is string => typeof value === 'string' && value !== '' && value !== BEST_SOURCE,
  );
  if (texts.length === 0 || texts.length > MAX_SOURCES || new Set(texts).size !== list.length)
    fields.problem('best', `must be a list of 1 to ${MAX_SOURCES} names of sources, each once`);
  return texts;
}

function bounded(fields: JsonFields, name: string, min: number, max: number): number | undefined {
  const value = fields.number(name);
  if (value === undefined || (value >= min && value <= max)) return value;
  fields.problem(name, `must be ${min} to ${max}`);
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { JsonFields, type PriceType } from '@tickwell/domain';
import { asksSpan, type JobTemplate } from './job-template.ts';
import { listProblem } from './listed-instruments.ts';
import type { Selection } from './selection.ts';

/** Who can be asked for what is missing. */
export interface RepairSource {
  /** As it is on the rows it brings. */
  readonly source: string;
  /** Of history: holds "{from}" and "{to}". */
  readonly job: JobTemplate;
}

/** How the holes of a policy's series "best" are filled; `docs/sources.md` describes it. */
export interface PolicyRepair {
  /** In the order in which they are asked. */
  readonly sources: readonly RepairSource[];
  /** Of each source. */
  readonly attempts: number;
  /** Between the answer to the first attempt and the second; doubles from one to the next. */
  readonly firstWaitSeconds: number;
  /** What ended longer ago is not asked for. */
  readonly maxAgeDays: number;
  /** How often it is looked for holes. */
  readonly everySeconds: number;
  /** Of the bars. */
  readonly priceType: PriceType;
  /** Bars that ended so lately are not missing yet. */
  readonly settleSeconds: number;
}

const MAX_SOURCES = 16;
const DAY_SECONDS = 86_400;
const DEFAULTS = { attempts: 3, firstWait: 60, maxAgeDays: 7, every: 60, settle: 120 };

/** Every problem goes to the list. `best`: sources of the series "best"; of another, nobody would read what it brings. */
export function readRepair(
  value: unknown,
  of: { readonly kind: string; readonly best: readonly string[]; readonly instruments: Selection },
  problems: string[],
): PolicyRepair {
  const fields = new JsonFields(value, 'policy.repair');
  if (of.kind !== 'bars')
    problems.push('policy.repair is of bars only: of ticks nobody knows how many there should be');
  const list = fields.list('sources') ?? [];
  if (list.length === 0 || list.length > MAX_SOURCES)
    fields.problem('sources', `must be a list of 1 to ${MAX_SOURCES} sources, asked in this order`);
  const sources = list.map((one, index) => readSource(one, `policy.repair.sources[${index}]`, of, problems));
  for (const [index, { source }] of sources.entries())
    if (sources.findIndex((other) => other.source === source) !== index)
      fields.problem(`sources[${index}].source`, `${source} is named twice`);
  const repair: PolicyRepair = {
    sources,
    attempts: numberOf(fields, 'attempts', { min: 1, max: 10 }) ?? DEFAULTS.attempts,
    firstWaitSeconds:
      numberOf(fields, 'firstWaitSeconds', { min: 0.1, max: DAY_SECONDS }) ?? DEFAULTS.firstWait,
    priceType: fields.choice('priceType', ['trade', 'bid', 'ask', 'mid']) ?? 'trade',
    maxAgeDays: numberOf(fields, 'maxAgeDays', { min: 1, max: 366 }) ?? DEFAULTS.maxAgeDays,
    everySeconds: numberOf(fields, 'everySeconds', { min: 0.1, max: DAY_SECONDS }) ?? DEFAULTS.every,
    settleSeconds: numberOf(fields, 'settleSeconds', { min: 0, max: DAY_SECONDS }) ?? DEFAULTS.settle,
  };
  if (!Number.isInteger(repair.attempts)) fields.problem('attempts', 'must be a whole number');
  const read = fields.finish(repair);
  if (!read.ok) problems.push(...read.error);
  return repair;
}

function readSource(
  value: unknown,
  where: string,
  { best, instruments }: { readonly best: readonly string[]; readonly instruments: Selection },
  problems: string[],
): RepairSource {
  const fields = new JsonFields(value, where);
  const source = fields.requiredText('source');
  if (source !== '' && !best.includes(source))
    fields.problem(
      'source',
      `${source} is not in policy.best, and what it brings would not be read: add it there, where its bars belong`,
    );
  const job = fields.take('job');
  if (!isJob(job)) fields.problem('job', 'is required: a job of ingest that reads history');
  else if (!asksSpan(job))
    fields.problem('job', 'must ask for the span that is missing: write "from": "{from}" and "to": "{to}"');
  const listed = isJob(job) ? listProblem(job, instruments) : undefined;
  if (listed !== undefined) fields.problem(listed.field, listed.text);
  const read = fields.finish(undefined);
  if (!read.ok) problems.push(...read.error);
  return { source, job: isJob(job) ? job : {} };
}

function isJob(value: unknown): value is JobTemplate {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    value.type !== 'policy'
  );
}

function numberOf(
  fields: JsonFields,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const value = fields.number(name);
  if (value === undefined || (value >= min && value <= max)) return value;
  fields.problem(name, `must be ${min} to ${max}`);
  return undefined;
}

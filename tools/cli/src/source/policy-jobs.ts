import { err, parseInterval, type Result } from '@tickwell/domain';
import { readFilesJob, readReplayJob, readSampleJob } from '@tickwell/feed-files';
import { IbContext, readIbJob } from '@tickwell/feed-ib';
import { readProviderJob, type ProviderHost } from '@tickwell/feed-provider';
import { loadWebsocketDefinition, readWebsocketJob } from '@tickwell/feed-websocket';
import { readYahooJob, YahooContext } from '@tickwell/feed-yahoo';
import { VERBATIM, type FeedJob } from '@tickwell/ports';
import {
  asksSince,
  fillTemplate,
  type JobTemplate,
  type PolicySource,
  type SourcePolicy,
} from '@tickwell/source-policy';
import type { CliContext } from '../context.ts';
import { cliClock } from './cli-clock.ts';
import { hostOf } from './known-providers.ts';

type Reader = (job: unknown, where: string) => Result<readonly FeedJob[], readonly string[]>;

/** What a job says of its rows; undefined where it does not say. */
interface JobFacts {
  readonly source?: string;
  /** Whether it has no end. */
  readonly isLive?: boolean;
  /** Of its bars. */
  readonly interval?: string;
  /** Why it cannot bring the series. */
  readonly problem?: string;
}

const NS_PER_SECOND = 1_000_000_000n;
/** Stands for the instruments that a rule will choose. */
const SAMPLE = 'AAPL';

/**
 * Reads every job of a policy as ingest will, without running anything: what is wrong, one line each that names policy, source and field. Files
 * that a job names are looked at, so it is to run where ingest does.
 */
export async function policyJobProblems(
  context: CliContext,
  policy: SourcePolicy,
): Promise<readonly string[]> {
  const host = hostOf(context);
  const problems: string[] = [];
  for (const [index, source] of policy.sources.entries()) {
    const where = `policy.sources[${index}]`;
    const found = await sourceProblems(policy, { source, where }, context, host);
    problems.push(...found.map((problem) => `policy ${policy.id}, source ${source.source}: ${problem}`));
  }
  for (const [index, { source, job }] of (policy.repair?.sources ?? []).entries()) {
    const where = `policy.repair.sources[${index}]`;
    const found = await repairProblems(policy, { source, job, where }, context, host);
    problems.push(...found.map((problem) => `policy ${policy.id}, repair by ${source}: ${problem}`));
  }
  return problems;
}

/** Of a job that is to bring what is missing. */
async function repairProblems(
  policy: SourcePolicy,
  of: { readonly source: string; readonly job: JobTemplate; readonly where: string },
  context: CliContext,
  host: ProviderHost,
): Promise<readonly string[]> {
  const read = readTemplate(policy, of, context, host);
  if (!read.ok) return read.error;
  const facts = await factsOf(of.job, policy, host);
  return [
    ...rowProblems(policy, of, facts),
    ...(facts.isLive === true ? [`${of.where}.job is a live feed, which has nothing of the past`] : []),
  ];
}

async function sourceProblems(
  policy: SourcePolicy,
  of: { readonly source: PolicySource; readonly where: string },
  context: CliContext,
  host: ProviderHost,
): Promise<readonly string[]> {
  const { job } = of.source;
  const read = readTemplate(policy, { job, where: of.where }, context, host);
  if (!read.ok) return read.error;
  return factProblems(policy, of, await factsOf(job, policy, host));
}

/** The jobs of a template for the instruments of a policy. */
function readTemplate(
  policy: SourcePolicy,
  { job, where }: { readonly job: JobTemplate; readonly where: string },
  context: CliContext,
  host: ProviderHost,
): Result<readonly FeedJob[], readonly string[]> {
  const { ids } = policy.instruments;
  const endNs = cliClock.nowNs();
  const sinceNs = endNs - BigInt(Math.round(policy.lookbackSeconds)) * NS_PER_SECOND;
  const symbols = ids.length === 0 ? [SAMPLE] : ids;
  const filled = fillTemplate(job, { symbols, sinceNs, span: { startNs: sinceNs, endNs } });
  const type = String(job['type']);
  const readers = readersOf(context, host);
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
  return reader === undefined
    ? err([`${where}.job.type "${type}" is none of ${Object.keys(readers).join(', ')}`])
    : reader(filled, `${where}.job`);
}

function readersOf({ env }: CliContext, host: ProviderHost): Readonly<Record<string, Reader>> {
  const clock = cliClock;
  const ib = new IbContext({ clock });
  const yahoo = new YahooContext({ clock, baseUrl: env['TICKWELL_YAHOO_URL'] });
  return {
    files: (job, where) => readFilesJob(job, where, VERBATIM),
    sample: readSampleJob,
    replay: (job, where) => readReplayJob(job, where, { clock, instruments: VERBATIM }),
    yahoo: (job, where) => readYahooJob(job, where, yahoo),
    ib: (job, where) => readIbJob(job, where, ib),
    provider: (job, where) => readProviderJob(job, where, host),
    websocket: (job, where) => readWebsocketJob(job, where, { clock, env }),
  };
}

async function factsOf(job: JobTemplate, { series }: SourcePolicy, host: ProviderHost): Promise<JobFacts> {
  const text = (name: string): string | undefined => {
    const value = job[name];
    return typeof value === 'string' ? value : undefined;
  };
  const interval = text('interval');
  switch (job['type']) {
    case 'ib':
      return text('feed') === 'live'
        ? { source: 'ib', isLive: true, ...(series.kind === 'bars' ? { interval: '5s' } : {}) }
        : { source: 'ib:history', isLive: false, ...(interval === undefined ? {} : { interval }) };
    case 'yahoo':
      return text('feed') === 'quotes'
        ? { source: 'yahoo:live', isLive: true }
        : { source: 'yahoo', isLive: false, interval: interval ?? '1d' };
    case 'websocket': {
      const loaded = loadWebsocketDefinition(text('definition') ?? '');
      return loaded.ok ? { source: loaded.value.name, isLive: true } : { isLive: true };
    }
    case 'provider':
      return providerFacts(job, text('module') ?? text('definition') ?? '', series, host);
    default:
      return {};
  }
}

async function providerFacts(
  job: JobTemplate,
  path: string,
  { kind, interval }: SourcePolicy['series'],
  host: ProviderHost,
): Promise<JobFacts> {
  const isLive = job['live'] === true;
  const loaded = await host.load(path);
  if (!loaded.ok) return { isLive, problem: loaded.error.message };
  const { name, kinds, liveKinds, intervals } = loaded.value.declared;
  const offered: readonly string[] = isLive ? liveKinds : kinds;
  const asked = typeof job['interval'] === 'string' ? job['interval'] : intervals[0];
  const facts = { source: name, isLive, ...(asked === undefined ? {} : { interval: asked }) };
  if (!offered.includes(kind))
    return {
      ...facts,
      problem: `${name} has no ${isLive ? 'live ' : ''}${kind}, only ${offered.join(', ')}`,
    };
  if (kind === 'bars' && !intervals.includes(interval))
    return { ...facts, problem: `${name} has no bars of ${interval}, only of ${intervals.join(', ')}` };
  return facts;
}

/** What contradicts the policy in the rows that a job brings. */
function rowProblems(
  { series }: SourcePolicy,
  { source, where }: { readonly source: string; readonly where: string },
  facts: JobFacts,
): readonly string[] {
  const problems: string[] = facts.problem === undefined ? [] : [`${where}.job: ${facts.problem}`];
  if (facts.source !== undefined && facts.source !== source)
    problems.push(`${where}.source must be "${facts.source}", as it is on the rows of this job`);
  if (
    series.kind === 'bars' &&
    facts.interval !== undefined &&
    !isSameInterval(facts.interval, series.interval)
  )
    problems.push(
      `${where}.job brings bars of ${facts.interval}, but policy.series.interval is ${series.interval}: make them the same`,
    );
  return problems;
}

/** What contradicts the policy around the job of one of its sources. */
function factProblems(
  policy: SourcePolicy,
  { source, where }: { readonly source: PolicySource; readonly where: string },
  facts: JobFacts,
): readonly string[] {
  const problems = [...rowProblems(policy, { source: source.source, where }, facts)];
  if (facts.isLive === true && source.everySeconds !== undefined)
    problems.push(
      `${where}.everySeconds is for what is asked now and then, and this is a live feed: leave it out`,
    );
  if (facts.isLive === false && source.everySeconds === undefined)
    problems.push(
      `${where}.everySeconds is required: the job is no live feed, and its end would count as a failure${asksSince(source.job) ? '' : '; with "from": "{since}" it brings only what is new'}`,
    );
  return problems;
}

function isSameInterval(a: string, b: string): boolean {
  const [one, other] = [parseInterval(a), parseInterval(b)];
  return one.ok && other.ok && one.value.text === other.value.text;
}

import type { Command } from 'commander';
import { TickwellError } from '@tickwell/domain';
import type { StackEndpoints } from '@tickwell/local-stack';
import { findEndpoints, findGrpcAddress } from '../connection.ts';
import { instanceOption, type CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { wholeNumber, withInstance, withJson } from '../options.ts';
import { settle } from '../settle.ts';
import { hasFired, stopSignal } from '../stop-signal.ts';
import { qualityCounts, refusalReasons, storedEvents, type QualityCounts } from '../stored.ts';
import { runIngest } from './ingest-process.ts';
import { IngestReport } from './report.ts';
import {
  countLines,
  countsSince,
  deadLettersHint,
  noveltyOf,
  noveltyText,
  refusedWhole,
  total,
} from './summary.ts';

const EXIT_INTERRUPTED = 130;
const SHOWN_REFUSALS = 5;
const DAY_SECONDS = 86_400;

export interface ImportFlags {
  readonly instance: string;
  readonly json?: true;
  readonly wait?: true;
  /** Seconds. */
  readonly waitDeadline: number;
}

/** Jobs of the ingest service, and the sources that their events will have. */
export interface Import {
  readonly jobs: readonly unknown[];
  readonly sources: readonly string[];
  /** Of a feed without an end: it is stopped after so long. */
  readonly untilMs?: number;
  /** Settings of the ingest service, where the environment has none of its own. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Options of every import. */
export function withImportOptions(command: Command): Command {
  return withJson(withInstance(command))
    .option('--wait', 'wait until everything is validated and stored, and say what became of it')
    .option('--wait-deadline <seconds>', 'for --wait', wholeNumber(1, DAY_SECONDS), 600);
}

/** What the validator and the store had of the sources before. */
interface Baseline {
  readonly counts: readonly QualityCounts[];
  readonly stored: number;
}

/**
 * Runs jobs of the ingest service, shows their progress, and with `wait` what became of the events. Throws `all-refused` where nothing
 * of a file (with `wait`: of a source) became an event; a refusal of some rows is told and no failure.
 */
export async function importJobs(
  context: CliContext,
  flags: ImportFlags,
  { jobs, sources, untilMs, variables }: Import,
): Promise<void> {
  const { terminal, env, root } = context;
  const endpoints = await findEndpoints(context, flags.instance);
  const signal = stopSignal(() => {
    terminal.note('stopping: what was read is sent first (Ctrl-C again ends it at once)');
  });
  const before = flags.wait === true ? await baseline(endpoints, sources) : undefined;
  const report = new IngestReport(terminal, flags.json === true);
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  await runIngest({
    root,
    env: { ...variables, ...env, ...(await queryVariables(context, flags)) },
    endpoints,
    jobs,
    onLine: (line) => {
      report.add(line);
      if (line.type !== 'started' || untilMs === undefined) return;
      timer ??= setTimeout(() => {
        over.abort();
      }, untilMs);
    },
    signal: AbortSignal.any([signal, over.signal]),
  });
  clearTimeout(timer);
  if (hasFired(signal)) {
    report.throwOnFailure();
    process.exitCode = EXIT_INTERRUPTED;
    return;
  }
  // One that failed takes nothing from the others: what became of them is told first.
  if (before !== undefined && report.streams.length > 0)
    await waitAndSummarise(context, flags, { endpoints, sources, signal, before, report });
  report.throwOnFailure();
  report.throwOnNothing(flags.instance);
  if (before !== undefined || flags.json === true) return;
  const done = report.onlyKnown ? 'nothing was sent again' : 'sent';
  terminal.note(
    `${done}; "tickwell get instruments${instanceOption(flags.instance)}" shows what is stored (--wait waits for it, and says what the validator refused)`,
  );
}

/** Where query answers, for feeds that go on where the store ends; without it they begin with now. */
async function queryVariables(
  context: CliContext,
  { instance }: ImportFlags,
): Promise<Readonly<Record<string, string>>> {
  try {
    return { TICKWELL_GRPC_ADDRESS: await findGrpcAddress(context, { instance }) };
  } catch (error) {
    if (error instanceof TickwellError && error.code === 'platform-not-running') return {};
    throw error;
  }
}

async function baseline({ questdbHttpUrl }: StackEndpoints, sources: readonly string[]): Promise<Baseline> {
  const [counts, stored] = await Promise.all([
    qualityCounts(questdbHttpUrl, sources),
    storedEvents(questdbHttpUrl, sources),
  ]);
  return { counts, stored };
}

interface Finished {
  readonly endpoints: StackEndpoints;
  readonly sources: readonly string[];
  readonly signal: AbortSignal;
  readonly before: Baseline;
  readonly report: IngestReport;
}

async function waitAndSummarise(context: CliContext, flags: ImportFlags, finished: Finished): Promise<void> {
  const { terminal } = context;
  const { endpoints, sources, signal, before, report } = finished;
  await settle(context, { endpoints, deadlineMs: flags.waitDeadline * 1000, signal });
  if (hasFired(signal)) {
    process.exitCode = EXIT_INTERRUPTED;
    return;
  }
  const after = await baseline(endpoints, sources);
  // Where nothing was read, because all of it had been imported, what became of it then is the answer.
  const already = report.onlyKnown;
  const counts = already ? after.counts : countsSince(before.counts, after.counts);
  const novelty = already ? undefined : noveltyOf(counts, before.stored, after.stored);
  const refusals = await refusalReasons(
    endpoints.questdbHttpUrl,
    sources,
    Math.min(SHOWN_REFUSALS, total(counts).deadLettered),
  );
  if (flags.json === true) {
    terminal.print(
      JSON.stringify({
        type: 'summary',
        series: counts,
        total: total(counts),
        already,
        ...novelty,
        refusals,
      }),
    );
  } else {
    for (const line of countLines(counts)) terminal.print(line);
    if (already) terminal.print('nothing was sent again: these are the counts so far');
    else if (novelty !== undefined) terminal.print(noveltyText(novelty));
    for (const reason of refusals) terminal.note(`refused: ${reason}`);
    const unseen = total(counts).deadLettered - refusals.length;
    if (unseen > 0)
      terminal.note(`and ${formatCount(unseen)} more: ${deadLettersHint(flags.instance)} shows all`);
  }
  const wholly = refusedWhole(counts, flags.instance);
  // A failure is told instead, by whoever called.
  if (wholly !== undefined && report.failures.length === 0) throw new TickwellError('all-refused', wholly);
}

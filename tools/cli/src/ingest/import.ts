import { findEndpoints, openLog } from '../connection.ts';
import { instanceOption, type CliContext } from '../context.ts';
import { qualityCounts, refusalReasons, type QualityCounts } from '../stored.ts';
import { formatCount } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import { lagsText, waitUntilSettled } from '../pipeline.ts';
import { hasFired, stopSignal } from '../stop-signal.ts';
import type { StackEndpoints } from '@tickwell/local-stack';
import { runIngest } from './ingest-process.ts';
import { IngestReport } from './report.ts';

const EXIT_INTERRUPTED = 130;
const SHOWN_REFUSALS = 5;

export interface ImportFlags {
  readonly instance: string;
  readonly json?: true;
  readonly wait?: true;
  /** Seconds. */
  readonly waitDeadline: number;
}

/** Runs jobs of the ingest service, shows their progress, and with `wait` what became of the events. */
export async function importJobs(
  context: CliContext,
  flags: ImportFlags,
  jobs: readonly unknown[],
): Promise<void> {
  const { terminal, env, root } = context;
  const endpoints = await findEndpoints(context, flags.instance);
  const signal = stopSignal(() => {
    terminal.note('stopping: what was read is sent first (Ctrl-C again ends it at once)');
  });
  const report = new IngestReport(terminal, flags.json === true);
  await runIngest({
    root,
    env,
    endpoints,
    jobs,
    onLine: (line) => {
      report.add(line);
    },
    signal,
  });
  report.throwOnFailure();
  if (hasFired(signal)) {
    process.exitCode = EXIT_INTERRUPTED;
    return;
  }
  const sources = [...new Set(report.streams.map(({ source }) => source))];
  if (flags.wait === true) await waitAndSummarise(context, flags, { endpoints, sources, signal });
  else if (flags.json !== true)
    terminal.note(
      `sent; "tickwell get instruments${instanceOption(flags.instance)}" shows what is stored (--wait waits for it)`,
    );
}

async function waitAndSummarise(
  { terminal, env }: CliContext,
  flags: ImportFlags,
  {
    endpoints,
    sources,
    signal,
  }: {
    readonly endpoints: StackEndpoints;
    readonly sources: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const log = openLog(endpoints);
  try {
    await waitUntilSettled({
      log,
      env,
      deadlineMs: flags.waitDeadline * 1000,
      signal,
      onLags: (lags) => {
        terminal.transient(`storing: ${lagsText(lags)}`);
      },
    });
  } finally {
    terminal.transient(null);
    await log.close();
  }
  if (hasFired(signal)) {
    process.exitCode = EXIT_INTERRUPTED;
    return;
  }
  const counts = await qualityCounts(endpoints.questdbHttpUrl, sources);
  const refusals = await refusalReasons(endpoints.questdbHttpUrl, sources, SHOWN_REFUSALS);
  if (flags.json === true) {
    terminal.print(JSON.stringify({ type: 'summary', series: counts, refusals }));
    return;
  }
  for (const line of countLines(counts)) terminal.print(line);
  for (const reason of refusals) terminal.note(`refused: ${reason}`);
  const unseen = counts.reduce((sum, { deadLettered }) => sum + deadLettered, 0) - refusals.length;
  if (unseen > 0) terminal.note(`and ${formatCount(unseen)} more: "tickwell tail md.dead-letters" shows all`);
}

/** received = accepted + dead-lettered + duplicates, per series, since its first event. */
function countLines(counts: readonly QualityCounts[]): readonly string[] {
  const columns = [
    { title: 'symbol' },
    { title: 'kind' },
    { title: 'received', align: 'right' as const },
    { title: 'accepted', align: 'right' as const },
    { title: 'dead-lettered', align: 'right' as const },
    { title: 'duplicates', align: 'right' as const },
    { title: 'source' },
  ];
  const rows = counts.map((each) => [
    each.symbol,
    each.kind,
    formatCount(each.received),
    formatCount(each.accepted),
    formatCount(each.deadLettered),
    formatCount(each.duplicates),
    each.source,
  ]);
  return formatTable(columns, rows);
}

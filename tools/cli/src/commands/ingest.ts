import { InvalidArgumentError, type Command } from 'commander';
import { formatNs } from '@tickwell/domain';
import type { CliContext } from '../context.ts';
import { datasetOf, findFiles } from '../ingest/find-files.ts';
import { fileOfJob, withFileOptions, type FileFlags } from '../ingest/file-flags.ts';
import { importJobs, withImportOptions, type ImportFlags } from '../ingest/import.ts';
import { time, withExamples } from '../options.ts';
import { addIngestIb } from './ingest-ib.ts';
import { addIngestPolicy } from './ingest-policy.ts';
import { addIngestProvider } from './ingest-provider.ts';
import { addIngestYahoo } from './ingest-yahoo.ts';

/** `tickwell ingest files|replay|yahoo|ib|provider|policy` */
export function addIngest(program: Command, context: CliContext): void {
  const ingest = program
    .command('ingest')
    .description(
      'bring market data in: files, replays, Yahoo Finance, Interactive Brokers, custom providers, or what policies say',
    );
  addFiles(ingest, context);
  addReplay(ingest, context);
  addIngestYahoo(ingest, context);
  addIngestIb(ingest, context);
  addIngestProvider(ingest, context);
  addIngestPolicy(ingest, context);
}

function addFiles(ingest: Command, context: CliContext): void {
  const command = ingest
    .command('files')
    .description(
      'import CSV, JSON, JSON lines, Parquet and Arrow files; run again, it goes on where it stopped. A file that was changed is read ' +
        'anew as a whole: what is stored already is not stored twice, and where a row differs, trades and quotes take the new values, ' +
        'bars get a newer version',
    )
    .argument('<path...>', 'files, folders and patterns');
  withImportOptions(withFileOptions(command));
  withExamples(command, [
    'tickwell ingest files aapl.csv --kind bars --interval 1d --symbol AAPL --time-zone America/New_York',
    "tickwell ingest files 'ticks/*.parquet' --kind trades --dataset ticks --wait",
    'tickwell ingest files quotes.csv --kind quotes --map time=date+time,bid=BID,ask=OFR --symbol EURUSD',
  ]);
  command.action((paths: string[], flags: FileFlags & ImportFlags) => {
    const files = findFiles(paths, process.cwd()).map((path) => fileOfJob(path, flags));
    return importJobs(context, flags, { jobs: [{ type: 'files', files }], sources: fileSources(files) });
  });
}

function fileSources(files: readonly { readonly dataset: string }[]): readonly string[] {
  return [...new Set(files.map(({ dataset }) => `file:${dataset}`))];
}

interface ReplayFlags extends FileFlags, ImportFlags {
  readonly speed: number | 'max';
  readonly shift?: string | true;
}

function addReplay(ingest: Command, context: CliContext): void {
  const command = ingest
    .command('replay')
    .description('play recorded files as one stream in order of time, as fast as it happened or faster')
    .argument('<path...>', 'files, folders and patterns')
    .option('--speed <factor>', 'times as fast as it happened, or max', speed, 1)
    .option('--shift [start]', 'move the first event to this time, or to now; default: original times');
  withImportOptions(withFileOptions(command));
  withExamples(command, [
    'tickwell ingest replay btc.csv --kind trades --symbol BTCUSD --speed 10 --shift',
    'tickwell ingest replay day.parquet --kind quotes --speed max',
  ]);
  command.action((paths: string[], flags: ReplayFlags) => {
    const found = findFiles(paths, process.cwd());
    const files = found.map((path) => fileOfJob(path, flags));
    const dataset = flags.dataset ?? datasetOf(found[0] ?? '');
    const job = { type: 'replay', dataset, speed: flags.speed, startAt: startOf(flags.shift), files };
    // One file at its own times stays the source it is; everything else is a source of its own.
    const sources = [`replay:${dataset}`, ...fileSources(files)];
    return importJobs(context, flags, { jobs: [job], sources });
  });
}

function startOf(shift: string | true | undefined): string {
  if (shift === undefined) return 'original';
  return shift === true || shift === 'now' ? 'now' : formatNs(time(shift));
}

function speed(text: string): number | 'max' {
  const value = Number(text);
  if (text === 'max') return text;
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0, or max.');
}

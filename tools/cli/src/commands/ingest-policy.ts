import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { importJobs } from '../ingest/import.ts';
import { wholeNumber, withExamples, withInstance, withJson } from '../options.ts';

const MAX_SECONDS = 365 * 86_400;

interface PolicyFlags {
  readonly instance: string;
  readonly json?: true;
  readonly for?: number;
}

/** `tickwell ingest policy` */
export function addIngestPolicy(ingest: Command, context: CliContext): void {
  const command = ingest
    .command('policy')
    .description(
      'what source policies say, with their fallbacks, until Ctrl-C; changes of the documents take effect meanwhile',
    )
    .argument('[id...]', 'documents of kind source; default: every policy')
    .option('--for <seconds>', 'stop after so long', wholeNumber(1, MAX_SECONDS));
  withExamples(withJson(withInstance(command)), [
    'tickwell config put source us-bars us-bars.json',
    'tickwell ingest policy us-bars',
  ]);
  command.action((ids: string[], flags: PolicyFlags) =>
    importJobs(
      context,
      // It has no end that could be waited for.
      { ...flags, waitDeadline: 0 },
      {
        jobs: [{ type: 'policy', ids }],
        sources: [],
        ...(flags.for === undefined ? {} : { untilMs: flags.for * 1000 }),
      },
    ),
  );
}

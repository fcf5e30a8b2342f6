import { relative } from 'node:path';
import type { Command } from 'commander';
import { NS_PER_MS } from '@tickwell/domain';
import type { CliContext } from '../context.ts';
import { findFiles } from '../ingest/find-files.ts';
import { withExamples, withJson } from '../options.ts';
import { harmless } from '../terminal.ts';
import { checkFixTarget } from '../validate/fix-file.ts';
import { reportLines } from '../validate/report-text.ts';
import { validateFile, type ValidateFlags } from '../validate/validate-file.ts';

const EXIT_FINDINGS = 1;
const EXIT_UNREADABLE = 2;

/** `tickwell validate FILE...` */
export function addValidate(program: Command, context: CliContext): void {
  const command = program
    .command('validate')
    .description(
      'judges files of bars, trades or quotes, without a platform: what is wrong, where, and why; exit 0: nothing, 1: findings, 2: a file cannot be judged',
    )
    .argument('<files...>', 'CSV, JSON, Parquet or Arrow, also in gzip or zip; folders and patterns')
    .option('--symbol <id>', 'instrument of a file that does not say; default: its name')
    .option('--timezone <zone>', 'of times that say none, for example America/New_York; default UTC')
    .option('--time-format <format>', 'epoch-s, epoch-ms, or as DD/MM/YYYY HH:mm:ss; default: found out')
    .option('--entry <name>', 'which file inside a zip')
    .option(
      '--fix <out>',
      'writes a file of bars repaired, as CSV: units, shares, adjusted closes and dividends replaced, impossible and repeated rows left out; exit 0 where nothing is left',
    );
  withExamples(withJson(command), [
    'tickwell validate prices.csv',
    'tickwell validate "yahoo/*.csv.gz" --json',
    'tickwell validate prices.csv --fix prices-fixed.csv',
  ]);
  command.action(async (paths: readonly string[], flags: ValidateFlags & { readonly json?: true }) => {
    const { terminal } = context;
    let exitCode = 0;
    const files = findFiles(paths, process.cwd());
    if (flags.fix !== undefined) checkFixTarget(files, flags.fix);
    for (const file of files) {
      const name = relative(process.cwd(), file);
      const report = await validateFile(file, flags, BigInt(Date.now()) * NS_PER_MS);
      if (!report.ok) {
        terminal.note(`tickwell: ${report.error}`);
        exitCode = EXIT_UNREADABLE;
        continue;
      }
      const left = report.value.fixed?.remaining ?? report.value.findings.length;
      if (left > 0) exitCode = Math.max(exitCode, EXIT_FINDINGS);
      if (flags.json === true) await terminal.write(`${JSON.stringify({ file: name, ...report.value })}\n`);
      else for (const line of reportLines(name, report.value)) terminal.print(harmless(line));
    }
    process.exitCode = exitCode;
  });
}

import { basename } from 'node:path';
import { err, ok, type Result } from '@tickwell/domain';
import { readTable } from '@tickwell/feed-files';
import { fixTable, validateTable, type TableFix, type TableReport } from '@tickwell/validation';
import { datasetOf } from '../ingest/find-files.ts';
import { writeFixed } from './fix-file.ts';

export interface ValidateFlags {
  readonly symbol?: string;
  readonly timezone?: string;
  readonly timeFormat?: string;
  readonly entry?: string;
  /** Where the repaired table is written. */
  readonly fix?: string;
}

/** What was made of a file. */
export interface Fixed extends Omit<TableFix, 'cells'> {
  readonly out: string;
  readonly rows: number;
}

export interface FileReport extends TableReport {
  readonly fixed?: Fixed;
}

/** Judges one file of bars, and writes it repaired where that is asked. Errors: one line that names the file, the place and the fix. */
export async function validateFile(
  path: string,
  flags: ValidateFlags,
  nowNs: bigint,
): Promise<Result<FileReport, string>> {
  const table = await readTable(
    { path, ...(flags.entry === undefined ? {} : { entry: flags.entry }) },
    new AbortController().signal,
  );
  if (!table.ok) return err(table.error.message);
  const choice = {
    nowNs,
    symbol: flags.symbol ?? datasetOf(basename(path)),
    ...(flags.timezone === undefined ? {} : { timeZone: flags.timezone }),
    ...(flags.timeFormat === undefined ? {} : { timeFormat: flags.timeFormat }),
  };
  const report = validateTable(table.value, choice);
  if (!report.ok) return err(`${table.value.name}: ${report.error}`);
  if (flags.fix === undefined) return report;
  const fix = fixTable(table.value, choice);
  if (!fix.ok) return err(`${table.value.name}: ${fix.error}`);
  const { changed, removed, remaining } = fix.value;
  const rows = writeFixed(table.value, fix.value, flags.fix);
  return ok({ ...report.value, fixed: { out: flags.fix, rows, changed, removed, remaining } });
}

import { basename } from 'node:path';
import { err, type Result } from '@tickwell/domain';
import { readTable } from '@tickwell/feed-files';
import { validateTable, type TableReport } from '@tickwell/validation';
import { datasetOf } from '../ingest/find-files.ts';

export interface ValidateFlags {
  readonly symbol?: string;
  readonly timezone?: string;
  readonly timeFormat?: string;
  readonly entry?: string;
}

/** Judges one file of bars. Errors: one line that names the file, the place and the fix. */
export async function validateFile(
  path: string,
  flags: ValidateFlags,
  nowNs: bigint,
): Promise<Result<TableReport, string>> {
  const table = await readTable(
    { path, ...(flags.entry === undefined ? {} : { entry: flags.entry }) },
    new AbortController().signal,
  );
  if (!table.ok) return err(table.error.message);
  const report = validateTable(table.value, {
    nowNs,
    symbol: flags.symbol ?? datasetOf(basename(path)),
    ...(flags.timezone === undefined ? {} : { timeZone: flags.timezone }),
    ...(flags.timeFormat === undefined ? {} : { timeFormat: flags.timeFormat }),
  });
  return report.ok ? report : err(`${table.value.name}: ${report.error}`);
}

import type { Result } from '@tickwell/domain';
import { openArrow } from './arrow.ts';
import { openCsv } from './csv.ts';
import type { FileInput } from './input.ts';
import { openJsonDocument, openJsonLines } from './json.ts';
import type { FileFeedError, FileSourceOptions } from './options.ts';
import { openParquet } from './parquet.ts';
import type { RowReader } from './rows.ts';
import { formatOf } from './sniff.ts';

/** What the rows of a file are found by. */
export type ReaderOptions = Pick<
  FileSourceOptions,
  'format' | 'delimiter' | 'header' | 'skipLines' | 'recordsAt' | 'mapping'
>;

/** Opens the content of a file as rows of its format. */
export async function openReader(
  input: FileInput,
  options: ReaderOptions,
): Promise<Result<RowReader, FileFeedError>> {
  const format = formatOf(input, options);
  if (!format.ok) return format;
  switch (format.value) {
    case 'csv':
      return openCsv(input, options);
    case 'jsonl':
      return openJsonLines(input, options);
    case 'json':
      return openJsonDocument(input, options);
    case 'parquet':
      return openParquet(input);
    case 'arrow':
      return openArrow(input);
  }
}

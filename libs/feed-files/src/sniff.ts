import { err, ok, type Result } from '@tickwell/domain';
import type { FileInput } from './input.ts';
import { FileFeedError, type FileFormat, type FileSourceOptions } from './options.ts';

const SHOWN_BYTES = 12;

/**
 * The format of a file: as the options say, else as its content says. A name that promises another content is an error: reading
 * what is not there as CSV would only refuse every line of it.
 */
export function formatOf(
  input: FileInput,
  { format }: Pick<FileSourceOptions, 'format'>,
): Result<FileFormat, FileFeedError> {
  if (format !== undefined && format !== 'auto') return ok(format);
  const found = sniffFormat(input.head);
  const promised = promisedContent(input.name);
  const isPlain = input.localPath !== undefined;
  switch (promised) {
    case 'gzip':
    case 'a zip archive':
      return isPlain ? notAsNamed(input, promised) : ok(found);
    case 'a Parquet file':
      return found === 'parquet' ? ok(found) : notAsNamed(input, promised);
    case 'an Arrow file':
      return found === 'arrow' ? ok(found) : notAsNamed(input, promised);
    case undefined:
      return ok(found);
  }
}

type Promised = 'gzip' | 'a zip archive' | 'a Parquet file' | 'an Arrow file';

function promisedContent(name: string): Promised | undefined {
  if (/\.gz$/i.test(name)) return 'gzip';
  if (/\.(zip|jar)$/i.test(name)) return 'a zip archive';
  if (/\.parquet$/i.test(name)) return 'a Parquet file';
  return /\.(arrow|feather)$/i.test(name) ? 'an Arrow file' : undefined;
}

function notAsNamed(input: FileInput, promised: Promised): Result<never, FileFeedError> {
  return err(
    new FileFeedError(
      'file-format',
      `${input.name}: not ${promised}, though its name says so (it begins with ${beginning(input.head)}): ` +
        'fetch it again, or say its format where only the name is wrong',
    ),
  );
}

/** For messages: the first bytes of a content, as text where they are. */
export function beginning(head: Buffer): string {
  const start = head.subarray(0, SHOWN_BYTES).toString('latin1');
  return /^[\t\n\r -~]*$/.test(start)
    ? JSON.stringify(start)
    : `bytes ${head.toString('hex', 0, SHOWN_BYTES)}`;
}

export function isParquet(head: Buffer): boolean {
  return head.subarray(0, 4).toString('latin1') === 'PAR1';
}

function sniffFormat(head: Buffer): FileFormat {
  if (isParquet(head)) return 'parquet';
  const start = head.subarray(0, 6).toString('latin1');
  if (start === 'ARROW1' || start.startsWith('\u00ff\u00ff\u00ff\u00ff')) return 'arrow';
  const text = head.toString('latin1').trimStart();
  if (text.startsWith('[') || text.startsWith('{')) {
    const [firstLine = '', ...rest] = text.split('\n');
    return isCompleteJson(firstLine) && rest.some((line) => line.trim() !== '') ? 'jsonl' : 'json';
  }
  return 'csv';
}

function isCompleteJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

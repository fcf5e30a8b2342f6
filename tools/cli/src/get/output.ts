import { TickwellError } from '@tickwell/domain';
import type { TimeFormat } from '../format/time.ts';
import type { Terminal } from '../terminal.ts';
import { checkOutFile, pour, writeFile } from './file-out.ts';
import type { DataChunk } from './rows.ts';
import { csvSink, jsonLinesSink, tableSink } from './text-sinks.ts';

/** How an answer is wanted; none of them: a table. */
export interface OutputFlags {
  readonly csv?: true;
  readonly json?: true;
  readonly out?: string;
}

export function checkOutput({ csv, json, out }: OutputFlags): void {
  if ([csv, json, out].filter((flag) => flag !== undefined).length > 1)
    throw new TickwellError('invalid-argument', 'choose one of --csv, --json and --out');
  if (out !== undefined) checkOutFile(out);
}

/** Resolves with the number of rows. */
export function output(
  terminal: Pick<Terminal, 'write'>,
  { csv, json, out }: OutputFlags,
  format: TimeFormat,
  chunks: AsyncIterable<DataChunk>,
): Promise<number> {
  if (out !== undefined) return writeFile(out, chunks, format);
  const write = (text: string): Promise<void> => terminal.write(text);
  if (csv === true) return pour(chunks, csvSink(write, format));
  return pour(chunks, json === true ? jsonLinesSink(write, format) : tableSink(write, format));
}

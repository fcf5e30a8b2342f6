import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { errorMessage, TickwellError } from '@tickwell/domain';
import type { TimeFormat } from '../format/time.ts';
import { parquetSink } from './parquet-sink.ts';
import type { DataChunk } from './rows.ts';
import { csvSink, jsonLinesSink, type DataSink, type Write } from './text-sinks.ts';

/** An answer, as it comes or as it is. */
type DataChunks = AsyncIterable<DataChunk> | Iterable<DataChunk>;

const KINDS: ReadonlySet<string> = new Set(['.csv', '.jsonl', '.ndjson', '.parquet']);

/** The ending of a file decides its format. */
export function checkOutFile(path: string): string {
  if (KINDS.has(extname(path).toLowerCase())) return path;
  throw new TickwellError(
    'invalid-argument',
    `--out ${path}: the name must end in .parquet, .csv or .jsonl, which decides the format`,
  );
}

/**
 * Writes chunks to a file that appears under its name only when it is whole; a failure leaves what was there before. Resolves with
 * the number of rows.
 */
export async function writeFile(path: string, chunks: DataChunks, time: TimeFormat): Promise<number> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    const rows = await fill(draft, extname(path).toLowerCase(), chunks, time);
    renameSync(draft, path);
    return rows;
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new TickwellError('file-not-written', `${path} cannot be written: ${errorMessage(cause)}`, {
      cause,
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

async function fill(draft: string, kind: string, chunks: DataChunks, time: TimeFormat): Promise<number> {
  if (kind === '.parquet') return pour(chunks, parquetSink(draft));
  const stream = createWriteStream(draft, { flags: 'wx' });
  // A failure is met where it is awaited: while writing, or at the end.
  const done = finished(stream);
  done.catch(() => undefined);
  const write: Write = async (text) => {
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), done]);
  };
  const rows = await pour(chunks, kind === '.csv' ? csvSink(write, time) : jsonLinesSink(write, time));
  stream.end();
  await done;
  return rows;
}

/** All chunks into a sink; the number of rows. */
export async function pour(chunks: DataChunks, sink: DataSink): Promise<number> {
  let rows = 0;
  for await (const chunk of chunks) {
    rows += chunk.rows;
    await sink.write(chunk);
  }
  await sink.end();
  return rows;
}

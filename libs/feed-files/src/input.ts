import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import { openArchiveEntry } from './archive.ts';
import { FileFeedError } from './options.ts';

const READ_BYTES = 256 * 1024;

/** The content of a file, decompressed, as often as it is read; what an identity needs is known from the first pass. */
export interface FileInput {
  /** For messages: the path, with "!entry" for archives. */
  readonly name: string;
  /** The file itself, where its bytes are the content: formats that seek need it. */
  readonly localPath: string | undefined;
  readonly sizeBytes: number;
  /** Hex SHA-256 of the content. */
  readonly sha256: string;
  /** Line feeds in the content. */
  readonly newlines: number;
  readonly endsWithNewline: boolean;
  /** The first bytes, at most 64 KiB. */
  readonly head: Buffer;
  /** gzip only: the file ends in the middle; what could be read is the content. */
  readonly truncated: boolean;
  /** Reads the content from its start. Rejects with a TickwellError (`file-changed`) when it is not what it was. */
  bytes(signal: AbortSignal): AsyncIterable<Buffer>;
}

/** Reads the whole content once for its hash, in constant memory. */
export async function openInput(
  path: string,
  entry: string | undefined,
): Promise<Result<FileInput, FileFeedError>> {
  const kind = await sniff(path);
  if (!kind.ok) return kind;
  if (kind.value === 'zip') {
    return scan(path, `${path}!${entry ?? ''}`, false, async () => {
      const opened = await openArchiveEntry(path, entry);
      return opened.ok ? ok(opened.value.stream) : opened;
    });
  }
  if (entry !== undefined) {
    return err(
      new FileFeedError(
        'archive-entry',
        `${path}: "${entry}" was asked for, but the file is no zip or jar archive`,
      ),
    );
  }
  if (kind.value === 'plain') return scan(path, path, true, () => Promise.resolve(ok(readPlain(path))));
  const strict = await scan(path, path, false, () => Promise.resolve(ok(readGzip(path, false))));
  if (strict.ok || strict.error.code !== 'file-truncated') return strict;
  const lenient = await scan(path, path, false, () => Promise.resolve(ok(readGzip(path, true))));
  return lenient.ok ? ok({ ...lenient.value, truncated: true }) : lenient;
}

async function sniff(path: string): Promise<Result<'plain' | 'gzip' | 'zip', FileFeedError>> {
  try {
    const file = await open(path);
    try {
      if (!(await file.stat()).isFile())
        return err(new FileFeedError('file-unreadable', `${path}: not a file`));
      const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
      if (buffer[0] === 0x1f && buffer[1] === 0x8b) return ok('gzip');
      return ok(buffer.toString('latin1') === 'PK\u0003\u0004' ? 'zip' : 'plain');
    } finally {
      await file.close();
    }
  } catch (cause) {
    return err(
      new FileFeedError('file-unreadable', `${path}: cannot be read (${errorMessage(cause)})`, cause),
    );
  }
}

function readPlain(path: string): Readable {
  return createReadStream(path, { highWaterMark: READ_BYTES });
}

/** `lenient` ends quietly where a cut file ends, after everything that could be decompressed. */
function readGzip(path: string, lenient: boolean): Readable {
  const gunzip = createGunzip({
    chunkSize: READ_BYTES,
    ...(lenient ? { finishFlush: constants.Z_SYNC_FLUSH } : {}),
  });
  // The error of either reaches whoever iterates the gunzip stream.
  return pipeline(readPlain(path), gunzip, () => undefined);
}

type OpenStream = () => Promise<Result<Readable, FileFeedError>>;

async function scan(
  path: string,
  name: string,
  plain: boolean,
  openStream: OpenStream,
): Promise<Result<FileInput, FileFeedError>> {
  const opened = await openStream();
  if (!opened.ok) return opened;
  const hash = createHash('sha256');
  const head: Buffer[] = [];
  let headBytes = 0;
  let sizeBytes = 0;
  let newlines = 0;
  let lastByte = -1;
  try {
    for await (const part of opened.value) {
      const chunk = asBuffer(part);
      hash.update(chunk);
      if (headBytes < 65_536) {
        head.push(chunk.subarray(0, 65_536 - headBytes));
        headBytes += Math.min(chunk.length, 65_536 - headBytes);
      }
      sizeBytes += chunk.length;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) newlines++;
      lastByte = chunk.at(-1) ?? lastByte;
    }
  } catch (cause) {
    return err(brokenContent(name, sizeBytes, cause));
  }
  return ok({
    name,
    localPath: plain ? path : undefined,
    sizeBytes,
    sha256: hash.digest('hex'),
    newlines,
    endsWithNewline: lastByte === 10,
    head: Buffer.concat(head),
    truncated: false,
    bytes: (signal) => checkedBytes(openStream, { name, sizeBytes }, signal),
  });
}

function brokenContent(name: string, readBytes: number, cause: unknown): FileFeedError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'Z_BUF_ERROR')
    return new FileFeedError('file-truncated', `${name}: the gzip file is cut off`, cause);
  return new FileFeedError(
    'file-corrupt',
    `${name}: the content cannot be read after byte ${readBytes} (${errorMessage(cause)}); fetch the file again`,
    cause,
  );
}

async function* checkedBytes(
  openStream: OpenStream,
  expected: { readonly name: string; readonly sizeBytes: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const opened = await openStream();
  if (!opened.ok) throw opened.error;
  let readBytes = 0;
  try {
    for await (const part of opened.value) {
      if (signal.aborted) return;
      const chunk = asBuffer(part);
      readBytes += chunk.length;
      if (readBytes > expected.sizeBytes) break;
      yield chunk;
    }
  } finally {
    opened.value.destroy();
  }
  if (readBytes !== expected.sizeBytes) {
    throw new FileFeedError(
      'file-changed',
      `${expected.name}: the file changed while it was read; start again when it is complete`,
    );
  }
}

function asBuffer(part: unknown): Buffer {
  if (Buffer.isBuffer(part)) return part;
  throw new TypeError('a byte stream delivered something else than bytes');
}

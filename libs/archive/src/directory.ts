import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorMessage, TickwellError } from '@tickwell/domain';
import {
  MAX_SEGMENT_BYTES,
  requireSegment,
  requireSegmentName,
  requireSegmentPage,
  requireWhole,
  segmentCorrupt,
  segmentMissing,
  type SegmentInfo,
  type SegmentPage,
  type SegmentStore,
} from '@tickwell/ports';

export interface DirectorySegmentsOptions {
  /** Made at the first put, with those above it. Several processes may share it, also over a network. */
  readonly folder: string;
  /** Temporary files of processes that died are removed once they are so old. */
  readonly leftOverMs?: number;
}

const SUFFIX = '.parquet';
const NAME = /^[0-9a-f]{64}\.parquet$/;
const FAN_OUT = /^[0-9a-f]{2}$/;
const TEMPORARY = 'incoming';
const LEFT_OVER_MS = 3_600_000;
/** No space, over the quota, larger than a file may be. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Segments as files `<folder>/<first two digits>/<SHA-256>.parquet`. Nothing is touched before it is used. */
export function createDirectorySegments(options: DirectorySegmentsOptions): SegmentStore {
  return new DirectorySegments(resolve(options.folder), options.leftOverMs ?? LEFT_OVER_MS);
}

class DirectorySegments implements SegmentStore {
  readonly #folder: string;
  readonly #leftOverMs: number;
  #cleanedAtMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string, leftOverMs: number) {
    this.#folder = folder;
    this.#leftOverMs = leftOverMs;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    requireSegment(sha256, bytes);
    await this.#guard(`segment ${sha256} cannot be kept`, async () => {
      const path = this.#pathOf(sha256);
      const incoming = join(this.#folder, TEMPORARY);
      await makeDurably(incoming);
      await makeDurably(dirname(path));
      await this.#clean(incoming);
      const temporary = join(incoming, `${sha256}.${randomUUID()}`);
      try {
        await writeDurably(temporary, bytes);
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await syncFolder(dirname(path));
    });
  }

  async get(sha256: string): Promise<Uint8Array> {
    requireSegmentName(sha256);
    const path = this.#pathOf(sha256);
    const bytes = await this.#guard(`segment ${sha256} cannot be read`, () => readBounded(path));
    if (bytes === undefined) throw await this.#absent(path);
    requireWhole(sha256, bytes, path);
    return bytes;
  }

  async has(sha256: string): Promise<boolean> {
    requireSegmentName(sha256);
    const path = this.#pathOf(sha256);
    return this.#guard(`segment ${sha256} cannot be looked up`, async () => {
      const found = await unlessAbsent(stat(path));
      return found !== undefined;
    });
  }

  async delete(sha256: string): Promise<void> {
    requireSegmentName(sha256);
    const path = this.#pathOf(sha256);
    await this.#guard(`segment ${sha256} cannot be deleted`, async () => {
      await rm(path, { force: true });
      await unlessAbsent(syncFolder(dirname(path)));
    });
  }

  async list(page: SegmentPage): Promise<readonly SegmentInfo[]> {
    requireSegmentPage(page);
    return this.#guard('segments cannot be listed', async () => {
      const listed: SegmentInfo[] = [];
      for (const part of await namesIn(this.#folder, FAN_OUT)) {
        if (listed.length === page.limit) break;
        if (part < page.after.slice(0, 2)) continue;
        await this.#listPart(part, page, listed);
      }
      return listed;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Adds what of a sub folder belongs to the page; what is deleted meanwhile is left out. */
  async #listPart(part: string, { after, limit }: SegmentPage, listed: SegmentInfo[]): Promise<void> {
    for (const name of await namesIn(join(this.#folder, part), NAME)) {
      if (listed.length === limit) return;
      const sha256 = name.slice(0, -SUFFIX.length);
      if (sha256 <= after || !sha256.startsWith(part)) continue;
      const found = await unlessAbsent(stat(this.#pathOf(sha256), { bigint: true }));
      if (found !== undefined) listed.push({ sha256, bytes: Number(found.size), storedAtNs: found.mtimeNs });
    }
  }

  #pathOf(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256 + SUFFIX);
  }

  /** A folder that is not there at all is more likely a disk that is not mounted than a file that is lost. */
  async #absent(path: string): Promise<TickwellError> {
    const root = await this.#guard(`${this.#folder} cannot be read`, () => unlessAbsent(stat(this.#folder)));
    if (root !== undefined) return segmentMissing(path);
    return new TickwellError(
      'segments-unreachable',
      `${path} cannot be read: there is no folder ${this.#folder}; mount its disk, or correct TICKWELL_SEGMENTS`,
      { retryable: true },
    );
  }

  /** Of processes that died while they wrote; looked for at the first put, then as often as one may become too old. */
  async #clean(incoming: string): Promise<void> {
    const nowMs = Date.now();
    if (nowMs - this.#cleanedAtMs < this.#leftOverMs) return;
    this.#cleanedAtMs = nowMs;
    for (const name of await readdir(incoming)) {
      const path = join(incoming, name);
      const found = await unlessAbsent(stat(path));
      if (found !== undefined && nowMs - found.mtimeMs >= this.#leftOverMs) await rm(path, { force: true });
    }
  }

  async #guard<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TickwellError) throw error;
      const isFull = FULL.has(codeOf(error));
      const fix = isFull
        ? 'free some space, or give it more'
        : 'check that the disk is mounted and that this user may read and write there, or correct TICKWELL_SEGMENTS';
      throw new TickwellError(
        isFull ? 'segments-full' : 'segments-unreachable',
        `${what} in ${this.#folder}: ${errorMessage(error)}; ${fix}`,
        { cause: error, retryable: true },
      );
    }
  }
}

/** Undefined: it is not there. @throws TickwellError `segment-corrupt` of what is too large to be one. */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
  const found = await unlessAbsent(stat(path));
  if (found === undefined) return undefined;
  if (found.size > MAX_SEGMENT_BYTES)
    throw segmentCorrupt(`${path} (${found.size} bytes) is larger than any segment (${MAX_SEGMENT_BYTES})`);
  return unlessAbsent(readFile(path));
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A folder, and those above that were missing, each there also after the machine lost its power. */
async function makeDurably(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Sorted; none where the folder is not there. */
async function namesIn(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  return names.filter((name) => pattern.test(name)).sort();
}

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

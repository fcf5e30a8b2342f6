import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { segmentHash } from '@tickwell/ports';
import { segmentStoreContract } from '@tickwell/ports/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectorySegments } from './index.ts';

const MIB = 1024 * 1024;
const LARGE = new Uint8Array(4 * MIB).fill(7);
const SMALL = Uint8Array.of(1, 2, 3);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tickwell-segments-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (sha256: string): string => join(folder, sha256.slice(0, 2), `${sha256}.parquet`);
const incoming = (): string[] => readdirSync(join(folder, 'incoming'));

segmentStoreContract('directory', () => {
  const store = createDirectorySegments({ folder });
  return Promise.resolve({
    store,
    again: () => createDirectorySegments({ folder }),
    damage: (sha256, bytes) => writeFile(fileOf(sha256), bytes),
    close: () => store.close(),
  });
});

describe('segments in a directory', () => {
  it('makes the folder at the first put, and says that it is not there before', async () => {
    const missing = join(folder, 'a/b');
    const store = createDirectorySegments({ folder: missing });
    const sha256 = segmentHash(SMALL);
    expect(await store.has(sha256)).toBe(false);
    expect(await store.list({ after: '', limit: 1 })).toEqual([]);
    const error = store.get(sha256);
    await expect(error).rejects.toMatchObject({ code: 'segments-unreachable', retryable: true });
    await expect(error).rejects.toThrow(missing);
    expect(existsSync(missing)).toBe(false);
    await store.put(sha256, SMALL);
    expect(new Uint8Array(await store.get(sha256))).toEqual(SMALL);
  });

  it('leaves out files of others, and no temporary file behind', async () => {
    const store = createDirectorySegments({ folder });
    const sha256 = segmentHash(SMALL);
    await store.put(sha256, SMALL);
    writeFileSync(join(folder, 'README'), 'x');
    writeFileSync(join(folder, sha256.slice(0, 2), 'notes.txt'), 'x');
    mkdirSync(join(folder, 'zz'));
    expect((await store.list({ after: '', limit: 10 })).map((one) => one.sha256)).toEqual([sha256]);
    expect(incoming()).toEqual([]);
  });

  it('shows nothing of a put that was killed half-way, and removes what it left', async () => {
    const program = join(import.meta.dirname, 'fixtures/put-process.ts');
    const { signal, stderr } = spawnSync(process.execPath, [program, folder, String(LARGE.length)], {
      encoding: 'utf8',
    });
    expect(signal, stderr).toBe('SIGKILL');
    const [left = ''] = incoming();
    expect(statSync(join(folder, 'incoming', left)).size).toBe(LARGE.length / 2);
    const sha256 = segmentHash(LARGE);
    const young = createDirectorySegments({ folder });
    expect(await young.has(sha256)).toBe(false);
    await expect(young.get(sha256)).rejects.toMatchObject({ code: 'segment-missing' });
    expect(await young.list({ after: '', limit: 10 })).toEqual([]);
    await young.put(segmentHash(SMALL), SMALL);
    expect(incoming(), 'it may be of one that still writes').toHaveLength(1);
    await createDirectorySegments({ folder, leftOverMs: 0 }).put(sha256, LARGE);
    expect(incoming()).toEqual([]);
    expect(segmentHash(await young.get(sha256))).toBe(sha256);
  });

  it('says what is wrong with a place that is no folder', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'x');
    const store = createDirectorySegments({ folder: file });
    const error = store.put(segmentHash(SMALL), SMALL);
    await expect(error).rejects.toMatchObject({ code: 'segments-unreachable', retryable: true });
    await expect(error).rejects.toThrow(file);
  });

  it.skipIf(process.getuid?.() === 0)('says that it may not write there (root may: skipped)', async () => {
    chmodSync(folder, 0o500);
    const error = createDirectorySegments({ folder }).put(segmentHash(SMALL), SMALL);
    await expect(error).rejects.toMatchObject({ code: 'segments-unreachable', retryable: true });
    chmodSync(folder, 0o700);
  });
});

describe('a full disk', () => {
  it('is a clear error that may go away; nothing is half there, and what fits is kept', async (context) => {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
    if (mounted.status !== 0) context.skip('no tmpfs can be mounted by this user');
    try {
      const store = createDirectorySegments({ folder });
      const [large, small] = [segmentHash(LARGE), segmentHash(SMALL)];
      const error = store.put(large, LARGE);
      await expect(error).rejects.toMatchObject({ code: 'segments-full', retryable: true });
      await expect(error).rejects.toThrow(folder);
      expect(await store.has(large)).toBe(false);
      expect(incoming()).toEqual([]);
      await store.put(small, SMALL);
      expect((await store.list({ after: '', limit: 10 })).map((one) => one.sha256)).toEqual([small]);
      spawnSync('mount', ['-o', 'remount,size=16m', folder]);
      await store.put(large, LARGE);
      expect(segmentHash(await store.get(large))).toBe(large);
    } finally {
      spawnSync('umount', [folder]);
    }
  });
});

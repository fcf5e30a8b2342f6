import { mkdir, statfs } from 'node:fs/promises';
import { LocalStackError } from './errors.ts';

const MIB = 1024 * 1024;
const WARN_BELOW = 2048 * MIB;
const REFUSE_BELOW = 500 * MIB;

export type DiskVerdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'warn'; readonly message: string }
  | { readonly kind: 'refuse'; readonly message: string };

/** QuestDB suspends tables, and may crash, on a full disk: better told before. */
export function judgeFreeSpace(dir: string, freeBytes: number): DiskVerdict {
  const free = `${Math.floor(freeBytes / MIB)} MiB`;
  if (freeBytes < REFUSE_BELOW) {
    const needed = REFUSE_BELOW / MIB;
    return {
      kind: 'refuse',
      message: `only ${free} free on the disk of ${dir}, at least ${needed} MiB needed: free some, or move it with TICKWELL_HOME`,
    };
  }
  if (freeBytes < WARN_BELOW) {
    return {
      kind: 'warn',
      message: `only ${free} free on the disk of ${dir}: Kafka and QuestDB stop storing when it is full`,
    };
  }
  return { kind: 'ok' };
}

/** @throws LocalStackError `stack.disk_full` below 500 MiB; warns below 2 GiB. */
export async function requireDiskSpace(
  dir: string,
  onLog: ((line: string) => void) | undefined,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const { bavail, bsize } = await statfs(dir);
  const verdict = judgeFreeSpace(dir, bavail * bsize);
  if (verdict.kind === 'refuse') throw new LocalStackError('stack.disk_full', verdict.message);
  if (verdict.kind === 'warn') onLog?.(verdict.message);
}

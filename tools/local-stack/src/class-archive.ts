import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from './errors.ts';
import { identify } from './process-identity.ts';
import type { ProcessExit, ProcessName } from './types.ts';

/**
 * Java's class data sharing: the first JVM of a kind that ends by SIGTERM leaves an archive of the classes it loaded,
 * and later ones map it instead of parsing some 10,000 classes anew. Measured on 2 cores until the server answers:
 * Kafka 2.9 instead of 5.4 s of CPU, QuestDB 2.7 instead of 4.2 s.
 */
export interface ClassArchive {
  /** For the server: use the archive, or record one. */
  readonly flags: readonly string[];
  /** For short runs beside it: use the archive if there is one. */
  readonly useFlags: readonly string[];
  /** To be called once the server has ended: keeps what it recorded, unless it was killed while writing. */
  finish(exit: ProcessExit | undefined): Promise<void>;
}

/** Other JVMs than HotSpot do not know these flags, and an archive that does not fit is ignored, not an error. */
const TOLERANT = [
  '-XX:+IgnoreUnrecognizedVMOptions',
  '-Xshare:auto',
  '-Xlog:disable',
  '-Xlog:all=error:stdout',
];

/**
 * @param options.jarsDir the archive lies beside it, as it is bound to these very JARs.
 * @param options.javaVersion what `java -version` says, as it is bound to this very JVM.
 */
export async function classArchive(options: {
  readonly jarsDir: string;
  readonly name: ProcessName;
  readonly javaVersion: string;
  /** Only who sees the process end can keep what it recorded. */
  readonly record: boolean;
}): Promise<ClassArchive> {
  const dir = `${options.jarsDir}-classes`;
  await mkdir(dir, { recursive: true });
  await removeAbandoned(dir);
  const key = createHash('sha256').update(options.javaVersion).digest('hex').slice(0, 12);
  const path = join(dir, `${options.name}-${key}.jsa`);
  if (await exists(path)) {
    const useFlags = [...TOLERANT, `-XX:SharedArchiveFile=${path}`];
    return { flags: useFlags, useFlags, finish: () => Promise.resolve() };
  }
  if (!options.record) return { flags: [], useFlags: [], finish: () => Promise.resolve() };
  const draft = `${path}.${process.pid}.${randomUUID()}`;
  return {
    flags: [...TOLERANT, `-XX:ArchiveClassesAtExit=${draft}`],
    useFlags: [],
    finish: async (exit) => {
      if (exit !== undefined && exit.signal !== 'SIGKILL' && (await exists(draft))) await rename(draft, path);
      else await rm(draft, { force: true });
    },
  };
}

/** Drafts, of some 50 MB, whose writer's parent was killed. */
async function removeAbandoned(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const pid = /\.jsa\.(\d+)\./.exec(name)?.[1];
    if (pid !== undefined && (await identify(Number(pid))) === undefined)
      await rm(join(dir, name), { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

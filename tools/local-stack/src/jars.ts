import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { LocalStackError, systemErrorCode } from './errors.ts';
import { withFileLock } from './file-lock.ts';
import { requireMaven } from './java.ts';
import { POM_PATH, tickwellHome } from './paths.ts';

const run = promisify(execFile);
const FETCH_TIMEOUT_MS = 600_000;

/** The fetched JARs, sorted by what uses them. */
export interface StackJars {
  readonly dir: string;
  /** For `java -cp`. */
  readonly kafkaClassPath: string;
  readonly questdb: string;
  /** ta4j-examples: real market data as resources. */
  readonly sample: string;
}

/** Sorts a directory listing. Exported for its test. */
export function sortJars(dir: string, names: readonly string[]): StackJars {
  const jars = names.filter((name) => name.endsWith('.jar')).sort();
  const questdb = jars.find((name) => /^questdb-\d/.test(name));
  const sample = jars.find((name) => name.startsWith('ta4j-examples-'));
  const kafka = jars.filter((name) => name !== questdb && name !== sample);
  if (questdb === undefined || sample === undefined || !kafka.some((name) => name.startsWith('kafka_'))) {
    throw new LocalStackError(
      'stack.jars_failed',
      `${dir} is incomplete: remove it, it will be fetched anew`,
    );
  }
  return {
    dir,
    kafkaClassPath: kafka.map((name) => join(dir, name)).join(delimiter),
    questdb: join(dir, questdb),
    sample: join(dir, sample),
  };
}

export interface EnsureJarsOptions {
  readonly onLog?: ((line: string) => void) | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The JARs of `pom.xml`, fetched with Maven where they are not there yet. The directory appears by rename, so it is
 * whole or absent, whoever is killed on the way and however many fetch at once.
 *
 * @throws LocalStackError `stack.maven_missing`, `stack.jars_failed` or `stack.locked`.
 */
export async function ensureJars(options: EnsureJarsOptions = {}): Promise<StackJars> {
  const env = options.env ?? process.env;
  const { root, dir } = await jarsDir(env);
  if (!(await exists(dir))) {
    await withFileLock(
      `${dir}.lock`,
      {
        deadlineMs: FETCH_TIMEOUT_MS,
        onWait: (pid) => options.onLog?.(`waiting for process ${pid}, which is fetching Kafka and QuestDB`),
      },
      async () => {
        if (!(await exists(dir))) await fetchInto(root, dir, env, options.onLog);
      },
    );
  }
  return sortJars(dir, await readdir(dir));
}

/** Whether the JARs are there, so that nothing needs fetching. */
export async function jarsAreFetched(env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  return exists((await jarsDir(env)).dir);
}

async function jarsDir(env: NodeJS.ProcessEnv): Promise<{ root: string; dir: string }> {
  const root = join(tickwellHome(env), 'jars');
  const hash = createHash('sha256')
    .update(await readFile(POM_PATH))
    .digest('hex')
    .slice(0, 12);
  return { root, dir: join(root, `local-stack-${hash}`) };
}

/** The path of the ta4j-examples JAR, whose resources are the sample data of `npm start`. */
export async function sampleJarPath(options: EnsureJarsOptions = {}): Promise<string> {
  return (await ensureJars(options)).sample;
}

async function fetchInto(
  root: string,
  dir: string,
  env: NodeJS.ProcessEnv,
  onLog: ((line: string) => void) | undefined,
): Promise<void> {
  const mvn = await requireMaven(env);
  onLog?.('fetching Kafka, QuestDB and the sample data with Maven (about 75 MB, once)');
  await mkdir(root, { recursive: true });
  const draft = join(root, `.fetch-${process.pid}-${randomUUID()}`);
  const args = ['-B', '-q', '-f', POM_PATH, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  try {
    await run(mvn, [...args, `-DoutputDirectory=${draft}`], {
      env,
      timeout: FETCH_TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
    });
    sortJars(draft, await readdir(draft));
    await rename(draft, dir);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (await exists(dir)) return;
    throw new LocalStackError(
      'stack.jars_failed',
      `Maven could not fetch ${POM_PATH}: ${mavenReason(cause)}`,
      { cause },
    );
  }
}

/** The first line Maven marks as an error, or the first line of the failure itself. */
export function mavenReason(cause: unknown): string {
  const text =
    cause instanceof Error && 'stdout' in cause && typeof cause.stdout === 'string' ? cause.stdout : '';
  const marked = text.split('\n').find((line) => line.includes('[ERROR]'));
  const line = marked ?? (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
  return line.replace(/^.*\[ERROR\]\s*/, '').slice(0, 400);
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

import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { LocalStackError, systemErrorCode } from './errors.ts';
import { withFileLock } from './file-lock.ts';
import { requireMaven } from './java.ts';
import { POM_PATH, tickwellHome } from './paths.ts';

const FETCH_TIMEOUT_MS = 600_000;
const PROGRESS_EVERY_MS = 2_000;
/** Of Maven's last lines, for the reason of a failure. */
const KEPT_LINES = 200;

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
  const args = ['-B', '-f', POM_PATH, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  try {
    await runMaven(mvn, [...args, `-DoutputDirectory=${draft}`], { env, onLog });
    sortJars(draft, await readdir(draft));
    await rename(draft, dir);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (await exists(dir)) return;
    throw new LocalStackError(
      'stack.jars_failed',
      `Maven could not fetch ${POM_PATH}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** Runs Maven, and tells now and then how much has come. Rejects with its last lines. */
async function runMaven(
  mvn: string,
  args: readonly string[],
  { env, onLog }: { readonly env: NodeJS.ProcessEnv; readonly onLog: ((line: string) => void) | undefined },
): Promise<void> {
  const child = spawn(mvn, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: FETCH_TIMEOUT_MS });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? '' : `Maven ended with ${signal ?? String(code)}`);
    });
  });
  const kept: string[] = [];
  const keep = (line: string): void => {
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
  };
  const progress = downloadProgress(onLog);
  createInterface({ input: child.stderr }).on('line', keep);
  createInterface({ input: child.stdout }).on('line', (line) => {
    keep(line);
    progress(line);
  });
  const failure = await ended;
  if (failure !== '') throw new Error(mavenReason(kept, failure));
}

/** Reads the sizes out of what Maven says about each file. Exported for its test. */
export function downloadProgress(
  onLog: ((line: string) => void) | undefined,
  nowMs: () => number = () => performance.now(),
): (line: string) => void {
  let files = 0;
  let megabytes = 0;
  let toldMs = nowMs();
  return (line) => {
    const match = /Downloaded from .*\.jar \(([\d.]+) ([kMG]?B)/.exec(line);
    if (match === null) return;
    files += 1;
    megabytes += Number(match[1]) * (MEGABYTES[match[2] ?? ''] ?? 0);
    if (nowMs() - toldMs < PROGRESS_EVERY_MS) return;
    toldMs = nowMs();
    onLog?.(`fetched ${files} ${files === 1 ? 'file' : 'files'}, ${megabytes.toFixed(1)} MB`);
  };
}

const MEGABYTES: Readonly<Record<string, number>> = { B: 1e-6, kB: 1e-3, MB: 1, GB: 1e3 };

/** The first line Maven marks as an error, or how it ended. Exported for its test. */
export function mavenReason(lines: readonly string[], otherwise: string): string {
  const marked = lines.find((line) => line.includes('[ERROR]')) ?? otherwise;
  return marked.replace(/^.*\[ERROR\]\s*/, '').slice(0, 400);
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

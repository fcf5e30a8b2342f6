import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TickwellError } from '@tickwell/domain';
import { endpointVariables, type StackEndpoints } from '@tickwell/local-stack';
import type { IngestLine } from '@tickwell/ports';

const TYPES: ReadonlySet<string> = new Set([
  'started',
  'progress',
  'done',
  'hole',
  'not-served',
  'notice',
  'policy',
  'error',
  'end',
]);
const STOP_DEADLINE_MS = 30_000;
const KEPT_STDERR = 8_192;
/** The job, which the command line made of what it was told, is wrong. */
const EXIT_CONFIGURATION = 2;

export interface IngestOptions {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly endpoints: StackEndpoints;
  readonly jobs: readonly unknown[];
  readonly onLine: (line: IngestLine) => void;
  /** Ends intake: the process writes its cursors and exits. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the ingest service on these jobs until they are done. Rejects with `ingest-failed` and its reason where the process could not
 * do its work at all; a stream that failed is an `error` line.
 */
export async function runIngest(options: IngestOptions): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tickwell-ingest-'));
  try {
    // In a file, because an environment variable has a limit that a long list of files may pass.
    const jobFile = join(dir, 'job.json');
    writeFileSync(jobFile, JSON.stringify({ jobs: options.jobs }), { mode: 0o600 });
    await runChild(options, jobFile);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function runChild(options: IngestOptions, jobFile: string): Promise<void> {
  const { root, env, endpoints, signal } = options;
  const child = spawn(process.execPath, [join(root, 'services/ingest/src/main.ts')], {
    cwd: root,
    env: {
      ...env,
      ...endpointVariables(endpoints),
      TICKWELL_INGEST_JOB: jobFile,
      TICKWELL_EXIT_WITH_PARENT: 'true',
      TICKWELL_METRICS_PORT: '0',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C goes to this process, which then lets it end in order.
    detached: true,
  });
  const stop = stopOn(signal, child);
  const ended = new Promise<{ code: number | null; killed: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, killed) => {
      resolve({ code, killed });
    });
  });
  const said = keepTail(child);
  let sawEnd = false;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = parseIngestLine(text);
    if (line === undefined) continue;
    if (line.type === 'end') sawEnd = true;
    options.onLine(line);
  }
  const { code, killed } = await ended;
  stop();
  // A stream that failed has been reported by its own line; the process then also exits with 1.
  if (sawEnd || (code === 0 && killed === null)) return;
  if (code === EXIT_CONFIGURATION) throw new TickwellError('invalid-argument', reason(said()));
  throw new TickwellError('ingest-failed', `ingest ended with ${killed ?? code}: ${reason(said())}`);
}

function stopOn(signal: AbortSignal | undefined, child: ChildProcess): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  };
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  };
}

/** The last of what the child says on standard error. */
function keepTail(child: { readonly stderr: NodeJS.ReadableStream }): () => string {
  let tail = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    tail = (tail + text).slice(-KEPT_STDERR);
  });
  return () => tail;
}

/** Undefined for a line that is none of the protocol: a newer service may say more. */
export function parseIngestLine(text: string): IngestLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLine(value: unknown): value is IngestLine {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    TYPES.has(value.type)
  );
}

/** The message of the last error in what a service wrote to standard error, else its last line. */
export function reason(stderr: string): string {
  const lines = stderr.trimEnd().split('\n').reverse();
  for (const line of lines) {
    const match = /"level":(?:50|60),.*"msg":"((?:[^"\\]|\\.)*)"/.exec(line);
    if (match?.[1] !== undefined) return match[1];
  }
  return inFlags(lines[0] ?? '') || 'it said nothing';
}

/**
 * A job that was refused names the variable that this program put it into and places in it, which are no news to a person: those of a
 * file are flags, and every file has the same.
 */
function inFlags(line: string): string {
  const problems = line
    .replace(/^ingest: TICKWELL_INGEST_JOB="[^"]*": /, '')
    .replaceAll(/jobs\[\d+\](?:\.files\[\d+\])?\.([A-Za-z]+)/g, (_place, name: string) => flagOf(name))
    .replaceAll(/jobs\[\d+\]: /g, '');
  return [...new Set(problems.split('; '))].join('; ');
}

function flagOf(property: string): string {
  const name = property === 'mapping' ? 'map' : property;
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

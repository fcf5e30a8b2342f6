import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { endpointVariables } from '@tickwell/local-stack';
import type { IngestLine } from '@tickwell/ports';
import { ROOT } from './ingest.ts';

type HoleLine = Extract<IngestLine, { readonly type: 'hole' }>;

/** A live feed of the ingest service as a process, with what it has said so far. */
export interface LiveIngest {
  readonly child: ChildProcess;
  readonly lines: readonly IngestLine[];
  /** What went wrong, for the message of a test that fails. */
  stderr(): string;
  /** Exit code; null after a signal. */
  readonly ended: Promise<number | null>;
}

/** Runs the ingest service on live jobs, all at once, as the command line does: with query at hand to ask where the store ends. */
export function startLiveIngest(
  platform: Platform,
  jobs: readonly Readonly<Record<string, unknown>>[],
): LiveIngest {
  const child = spawn(process.execPath, [join(ROOT, 'services/ingest/src/main.ts')], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...endpointVariables(platform.endpoints),
      TICKWELL_GRPC_ADDRESS: platform.grpcAddress,
      TICKWELL_INGEST_JOB: JSON.stringify({ jobs }),
      TICKWELL_INGEST_PARALLEL_JOBS: String(jobs.length),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: IngestLine[] = [];
  let rest = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as IngestLine);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-20_000)));
  return {
    child,
    lines,
    stderr: () => stderr,
    ended: new Promise((resolve) => {
      child.once('close', resolve);
    }),
  };
}

export function holesOf(ingests: readonly LiveIngest[]): HoleLine[] {
  return ingests.flatMap(({ lines }) => lines.filter((line) => line.type === 'hole'));
}

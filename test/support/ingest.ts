import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { endpointVariables, type StackEndpoints } from '@tickwell/local-stack';

export const ROOT = join(import.meta.dirname, '../..');

export interface IngestRun {
  readonly child: ChildProcess;
  /** Exit code (null after a signal) and everything it wrote. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Runs the ingest service on one job, as the command line does. */
export function runIngest(endpoints: StackEndpoints, job: Readonly<Record<string, unknown>>): IngestRun {
  const child = spawn(process.execPath, [join(ROOT, 'services/ingest/src/main.ts')], {
    cwd: ROOT,
    env: { ...process.env, ...endpointVariables(endpoints), TICKWELL_INGEST_JOB: JSON.stringify(job) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    child,
    ended: new Promise((resolve) => {
      child.once('close', (code) => {
        resolve({ code, output });
      });
    }),
  };
}

/** The job of one CSV of trades made by generateTrades. */
export function tradesJob(path: string, dataset: string): Readonly<Record<string, unknown>> {
  return { type: 'files', files: [{ path, dataset, kind: 'trades', timeFormat: 'epoch-ns' }] };
}

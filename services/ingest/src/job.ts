import { readFileSync } from 'node:fs';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import type { FeedJob } from '@tickwell/ports';

/** Reads one job of a type; `where` names it in problems. */
export type JobReader<J = FeedJob> = (job: unknown, where: string) => Result<readonly J[], readonly string[]>;
export type JobReaders<J = FeedJob> = Readonly<Record<string, JobReader<J>>>;

/** A whole description is read at once. */
const MAX_JOBS = 1000;

/** The text of a description: itself, where it starts like JSON, else the content of the file it names. */
export function jobText(setting: string): Result<string, string> {
  if (/^\s*[[{]/.test(setting)) return ok(setting);
  try {
    return ok(readFileSync(setting, 'utf8'));
  } catch (cause) {
    return err(`neither JSON nor a file that can be read (${errorMessage(cause)})`);
  }
}

/** Parses `{"jobs":[{"type":…},…]}`, or one job alone; every problem at once. */
export function parseJobs<J>(text: string, readers: JobReaders<J>): Result<readonly J[], readonly string[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return err([`is no JSON: ${errorMessage(cause)}`]);
  }
  const list =
    isObject(value) && Array.isArray(value['jobs']) ? (value['jobs'] as readonly unknown[]) : [value];
  if (list.length === 0 || list.length > MAX_JOBS)
    return err([`has ${list.length} jobs; 1 to ${MAX_JOBS} are possible`]);
  const problems: string[] = [];
  const jobs = list.flatMap((job, index) => {
    const read = readJob(job, `jobs[${index}]`, readers);
    if (read.ok) return read.value;
    problems.push(...read.error);
    return [];
  });
  return problems.length === 0 ? ok(jobs) : err(problems);
}

/** One job, read by the reader of its type. */
export function readJob<J>(
  job: unknown,
  where: string,
  readers: JobReaders<J>,
): Result<readonly J[], readonly string[]> {
  const type = isObject(job) ? job['type'] : undefined;
  const reader = typeof type === 'string' && Object.hasOwn(readers, type) ? readers[type] : undefined;
  return reader === undefined
    ? err([`${where}.type must be one of ${Object.keys(readers).join(', ')}`])
    : reader(job, where);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { ConfigError } from '@tickwell/runtime';
import { describe, expect, it } from 'vitest';
import { readIngestConfig } from './config.ts';
import { jobText, parseJobs, type JobReader } from './job.ts';

const one: JobReader = (job, where) =>
  typeof job === 'object' && job !== null && 'bad' in job
    ? { ok: false, error: [`${where} is bad`] }
    : { ok: true, value: [{ name: where, open: () => Promise.reject(new Error('not opened here')) }] };

describe('parseJobs', () => {
  it('reads one job or a list of them', () => {
    const names = (text: string): string[] => {
      const parsed = parseJobs(text, { one });
      return parsed.ok ? parsed.value.map((job) => job.name) : [...parsed.error];
    };
    expect(names('{"type":"one"}')).toEqual(['jobs[0]']);
    expect(names('{"jobs":[{"type":"one"},{"type":"one"}]}')).toEqual(['jobs[0]', 'jobs[1]']);
    expect(names('{"jobs":[{"type":"one","bad":1},{"type":"toString"},7]}')).toEqual([
      'jobs[0] is bad',
      'jobs[1].type must be one of one',
      'jobs[2].type must be one of one',
    ]);
    expect(names('{')[0]).toContain('is no JSON');
    expect(names('{"jobs":[]}')[0]).toContain('has 0 jobs');
  });

  it('takes the text itself or a file', () => {
    expect(jobText(' {"a":1}')).toEqual({ ok: true, value: ' {"a":1}' });
    expect(jobText('/nowhere/job.json')).toMatchObject({ ok: false });
  });
});

describe('readIngestConfig', () => {
  it('names every problem of the environment', () => {
    const env = { TICKWELL_INGEST_MAX_PENDING_EVENTS: '0', TICKWELL_METRICS_PORT: 'x' };
    try {
      readIngestConfig(env, { one });
      expect.unreachable('the configuration was taken');
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      const text = error instanceof Error ? error.message : '';
      for (const name of [
        'TICKWELL_INGEST_JOB: is required',
        'TICKWELL_INGEST_MAX_PENDING_EVENTS',
        'TICKWELL_METRICS_PORT',
      ]) {
        expect(text).toContain(name);
      }
    }
  });
});

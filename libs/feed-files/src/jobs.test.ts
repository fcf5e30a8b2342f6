import { SILENT, type Clock } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { file } from './fixtures/files.ts';
import { readFileOptions, readFilesJob, readReplayJob, readSampleJob } from './jobs.ts';

const CLOCK: Clock = { nowNs: () => 5n, monotonicMs: () => 0, sleep: () => Promise.resolve() };

describe('jobs', () => {
  it('reads the options of a file, with a mapping as text or object', () => {
    const base = { path: 'x.csv', dataset: 'd', kind: 'bars', interval: '1d', priceBasis: 'raw' };
    expect(readFileOptions({ ...base, mapping: 'time=Date', header: false, barTime: 'end' }, 'f')).toEqual({
      ok: true,
      value: { ...base, mapping: { time: 'Date' }, header: false, barTime: 'end' },
    });
    expect(readFileOptions({ ...base, mapping: { time: ['a', 0] } }, 'f')).toMatchObject({
      ok: true,
      value: { mapping: { time: ['a', 0] } },
    });
  });

  it('names every problem at once', () => {
    const read = readFilesJob(
      { type: 'files', files: [{ kind: 'x', dataset: 1, colour: 'red', mapping: { tim: 'x' } }, 7] },
      'jobs[0]',
    );
    expect(read.ok ? [] : read.error).toEqual([
      'jobs[0].files[0].mapping has "tim", which is no role with a column name, index or list of them',
      'jobs[0].files[0].kind must be one of trades, quotes, bars',
      'jobs[0].files[0].path is required',
      'jobs[0].files[0].dataset must be a text',
      expect.stringContaining('jobs[0].files[0].colour is not known') as string,
      'jobs[0].files[1] must be an object',
      'jobs[0].files[1].kind is required: trades, quotes or bars',
      'jobs[0].files[1].path is required',
      'jobs[0].files[1].dataset is required',
    ]);
    const replay = readReplayJob(
      { type: 'replay', dataset: 'd', jar: 'x', speed: 0, startAt: 'soon' },
      'jobs[1]',
      { clock: CLOCK },
    );
    expect(replay.ok ? [] : replay.error).toHaveLength(2);
    expect(readSampleJob({ type: 'sample' }, 'jobs[2]')).toEqual({
      ok: false,
      error: ['jobs[2].jar is required'],
    });
  });

  it('opens a replay of files that starts now, and passes on why a file does not open', async () => {
    const good = { path: file('time,price\n1,2\n'), dataset: 'd', kind: 'trades', symbol: 'A' };
    const job = { type: 'replay', dataset: 'r', speed: 'max', startAt: 'now', files: [good] };
    const read = readReplayJob(job, 'job', { clock: CLOCK });
    if (!read.ok) throw new Error(read.error.join());
    expect(await read.value[0]?.open(SILENT)).toMatchObject({ ok: true, value: { source: 'replay:r' } });
    const broken = readReplayJob({ ...job, files: [good, { ...good, path: '/nowhere' }] }, 'job', {
      clock: CLOCK,
    });
    if (!broken.ok) throw new Error(broken.error.join());
    expect(await broken.value[0]?.open(SILENT)).toMatchObject({
      ok: false,
      error: { code: 'file-unreadable' },
    });
  });
});

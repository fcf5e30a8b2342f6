import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePolicy } from '@tickwell/source-policy';
import { describe, expect, it } from 'vitest';
import { createContext } from '../context.ts';
import { checkPolicyFile, checkPolicyText } from './policy-file.ts';
import { policyJobProblems } from './policy-jobs.ts';

const folder = mkdtempSync(join(tmpdir(), 'tickwell-cli-'));
const desk = join(folder, 'desk.json');
writeFileSync(
  desk,
  JSON.stringify({
    type: 'http',
    name: 'desk',
    example: 'AAPL',
    priceBasis: 'raw',
    limits: { requestsPerSecond: 1 },
    intervals: { '5s': '5', '1m': '60' },
    bars: {
      url: 'https://desk.example/{symbol}?from={from}&to={to}',
      dates: { format: 'epoch-ms' },
      format: 'json',
      columns: { time: 't', open: 'o', high: 'h', low: 'l', close: 'c' },
      time: { format: 'epoch-ms' },
    },
  }),
);
const IB = {
  source: 'ib',
  job: { type: 'ib', feed: 'live', instruments: '{instruments}', series: ['bars'] },
};
const DESK = {
  source: 'desk',
  everySeconds: 30,
  job: { type: 'provider', definition: desk, symbols: '{instruments}', interval: '5s', from: '{since}' },
};
const context = createContext({});

function document(...sources: readonly object[]): object {
  return {
    type: 'policy',
    instruments: { type: 'stock' },
    series: { kind: 'bars', interval: '5s' },
    sources,
  };
}

async function problems(...sources: readonly object[]): Promise<readonly string[]> {
  const parsed = parsePolicy('us', document(...sources));
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return policyJobProblems(context, parsed.value);
}

const withJob = (of: { readonly job: object }, job: object): object => ({
  ...of,
  job: { ...of.job, ...job },
});
const IN_DESK = 'policy us, source desk: policy.sources[0]';
const IN_IB = 'policy us, source ib: policy.sources[0]';

describe('the jobs of a policy', () => {
  it('are in order where ingest can run them', async () => {
    expect(await problems(IB, DESK)).toEqual([]);
    const yahoo = {
      source: 'yahoo',
      everySeconds: 60,
      job: { type: 'yahoo', symbols: ['AAPL'], interval: '1m', from: '{since}' },
    };
    const parsed = parsePolicy('us', {
      ...document(yahoo),
      instruments: ['AAPL'],
      series: { kind: 'bars', interval: '1m' },
    });
    expect(parsed.ok ? await policyJobProblems(context, parsed.value) : parsed.error).toEqual([]);
  });

  it.each([
    [
      'an unknown type',
      withJob(DESK, { type: 'ftp' }),
      `${IN_DESK}.job.type "ftp" is none of files, sample, replay, yahoo, ib, provider, websocket`,
    ],
    ['an unknown field', withJob(DESK, { intervall: '5s' }), `${IN_DESK}.job.intervall is not known`],
    ['a wrong value', withJob(IB, { port: 'x' }), `${IN_IB}.job.port must be a number`],
    [
      'a file that is not there',
      withJob(DESK, { definition: join(folder, 'none.json') }),
      `${IN_DESK}.job: `,
    ],
    [
      'another interval',
      withJob(DESK, { interval: '1m' }),
      `${IN_DESK}.job brings bars of 1m, but policy.series.interval is 5s: make them the same`,
    ],
    [
      'another name',
      { ...DESK, source: 'mine' },
      'policy us, source mine: policy.sources[0].source must be "desk", as it is on the rows of this job',
    ],
    [
      'history that nobody asks again',
      { ...DESK, everySeconds: undefined },
      `${IN_DESK}.everySeconds is required: the job is no live feed, and its end would count as a failure`,
    ],
    [
      'a live feed that is asked again',
      { ...IB, everySeconds: 5 },
      `${IN_IB}.everySeconds is for what is asked now and then, and this is a live feed: leave it out`,
    ],
  ])('with %s are refused in one line that names policy, source and field', async (_what, source, line) => {
    const found = await problems(source);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(line);
    expect(found[0]).not.toContain('\n');
  });

  it('are read for repairs, too', async () => {
    const missing = { from: '{from}', to: '{to}' };
    const repaired = async (source: string, job: object): Promise<readonly string[]> => {
      const repair = { sources: [{ source, job: { ...job, ...missing } }] };
      const parsed = parsePolicy('us', { ...document(IB), best: ['ib', source], repair });
      return parsed.ok ? policyJobProblems(context, parsed.value) : parsed.error;
    };
    const history = { type: 'ib', feed: 'history', interval: '5s', instruments: '{instruments}' };
    expect(await repaired('ib:history', history)).toEqual([]);
    expect(await repaired('mine', history)).toEqual([
      'policy us, repair by mine: policy.repair.sources[0].source must be "ib:history", as it is on the rows of this job',
    ]);
    expect(await repaired('ib:history', { ...history, interval: '1m' })).toEqual([
      'policy us, repair by ib:history: policy.repair.sources[0].job brings bars of 1m, but policy.series.interval is 5s: make them the same',
    ]);
  });

  it('say every mistake of every source, before a document is written and by source check', async () => {
    const wrong = document(withJob(IB, { port: 'x' }), withJob(DESK, { interval: '1m' }));
    const text = JSON.stringify(wrong);
    const both =
      /^policy us, source ib: policy\.sources\[0\]\.job\.port .*; policy us, source desk: policy\.sources\[1\]\.job brings/;
    await expect(checkPolicyText(context, 'us', text)).rejects.toThrow(both);
    const path = join(folder, 'us.json');
    writeFileSync(path, text);
    await expect(checkPolicyFile(context, path, false)).rejects.toThrow(both);
    await checkPolicyText(context, 'us', JSON.stringify(document(IB)));
    // Whatever is no policy is none of this.
    await checkPolicyText(context, 'other', '{"type":"something"}');
    await checkPolicyText(context, 'other', 'no JSON');
  });
});

import { describe, expect, it } from 'vitest';
import { fillTemplate } from './job-template.ts';
import { parsePolicy } from './policy.ts';

const JOB = { type: 'yahoo', symbols: '{instruments}' };
const SPAN = { from: '{from}', to: '{to}' };
const POLICY = {
  type: 'policy',
  instruments: ['AAPL'],
  series: { kind: 'bars', interval: '1m' },
  sources: [{ source: 'yahoo', job: { ...JOB, from: '{since}' }, everySeconds: 60 }],
  best: ['yahoo', 'desk'],
};

function parsed(repair: unknown, change: object = {}): ReturnType<typeof parsePolicy> {
  return parsePolicy('p', { ...POLICY, ...change, repair });
}

describe('repair of a policy', () => {
  it('fills in what is left out', () => {
    const source = { source: 'desk', job: { ...JOB, ...SPAN } };
    const read = parsed({ sources: [source] });
    expect(read.ok ? read.value.repair : read.error).toEqual({
      sources: [source],
      attempts: 3,
      firstWaitSeconds: 60,
      maxAgeDays: 7,
      everySeconds: 60,
      settleSeconds: 120,
      priceType: 'trade',
    });
    expect(parsePolicy('p', POLICY)).toMatchObject({ ok: true, value: { repair: undefined } });
  });

  it('names every mistake by its field', () => {
    const sources = [
      { source: 'desk', job: { ...JOB, from: '{since}' } },
      { source: 'desk', job: { type: 'policy' } },
      { source: 'unread', job: { type: 'ib', instruments: ['MSFT'], ...SPAN } },
    ];
    const wrong = parsed({ sources, attempts: 1.5, firstWaitSeconds: 0, later: 1 });
    expect(wrong.ok ? [] : wrong.error).toEqual([
      'policy.repair.sources[0].job must ask for the span that is missing: write "from": "{from}" and "to": "{to}"',
      'policy.repair.sources[1].job is required: a job of ingest that reads history',
      expect.stringMatching(/^policy.repair.sources\[2\].source unread is not in policy.best/) as string,
      expect.stringMatching(/^policy.repair.sources\[2\].job does not name AAPL/) as string,
      'policy.repair.sources[1].source desk is named twice',
      'policy.repair.firstWaitSeconds must be 0.1 to 86400',
      'policy.repair.attempts must be a whole number',
      expect.stringMatching(/^policy.repair.later is not known/) as string,
    ]);
    const ticks = parsed({ sources: [] }, { series: { kind: 'trades' } });
    expect(ticks.ok ? [] : ticks.error).toEqual([
      'policy.repair is of bars only: of ticks nobody knows how many there should be',
      'policy.repair.sources must be a list of 1 to 16 sources, asked in this order',
    ]);
  });

  it('asks for the span that is missing, and for it alone', () => {
    const span = { startNs: 60_000_000_000n, endNs: 120_000_000_000n };
    const of = { symbols: ['AAPL'], sinceNs: 0n };
    expect(fillTemplate({ ...JOB, ...SPAN }, { ...of, span })).toEqual({
      type: 'yahoo',
      symbols: ['AAPL'],
      from: '1970-01-01T00:01:00Z',
      to: '1970-01-01T00:02:00Z',
    });
    // Elsewhere the words mean what they say.
    expect(fillTemplate({ ...JOB, note: '{from}' }, of)).toMatchObject({ note: '{from}' });
  });
});

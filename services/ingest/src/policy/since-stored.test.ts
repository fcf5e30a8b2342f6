import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { formatNs, parseIsoTime } from '@tickwell/domain';
import { SILENT } from '@tickwell/ports';
import { parsePolicy, type PolicySource, type SourcePolicy } from '@tickwell/source-policy';
import { expect, it } from 'vitest';
import type { AskLatest } from '../last-stored.ts';
import { sinceStored } from './since-stored.ts';

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const NOW = ns('2026-03-10T12:00:00Z');
const clock = { nowNs: () => NOW, monotonicMs: () => 0, sleep: () => Promise.resolve() };

function policyOf(series: object): { readonly policy: SourcePolicy; readonly source: PolicySource } {
  const job = { type: 'yahoo', symbols: '{instruments}', from: '{since}' };
  const sources = [{ source: 'yahoo', everySeconds: 10, job }];
  const parsed = parsePolicy('p', { type: 'policy', instruments: ['A', 'B'], series, sources });
  const source = parsed.ok ? parsed.value.sources[0] : undefined;
  if (!parsed.ok || source === undefined) throw new Error('no policy');
  return { policy: parsed.value, source };
}

async function sinceOf(
  series: { kind: string; interval?: string },
  stored: Readonly<Record<string, string>>,
) {
  const ask: AskLatest = ({ symbols: [symbol = ''] }) => {
    const time = stored[symbol];
    const startNs = time === undefined ? [] : [ns(time)];
    const event =
      series.kind === 'bars'
        ? { case: 'bar' as const, value: { interval: series.interval ?? '', bar: { startNs } } }
        : { case: 'trade' as const, value: { timeNs: startNs } };
    return Promise.resolve(
      create(queryV1.GetLatestResponseSchema, { entries: [{ symbol, source: 'yahoo', event }] }),
    );
  };
  const { policy, source } = policyOf(series);
  return formatNs(
    await sinceStored({ ask: () => ask, clock, logger: () => SILENT })(policy, source, ['A', 'B']),
  );
}

it.each([
  ['1m', '2026-03-10T11:00:00Z', '2026-03-10T10:55:00Z'],
  ['1d', '2026-03-09T00:00:00Z', '2026-03-02T00:00:00Z'],
  ['1mo', '2026-02-01T00:00:00Z', '2026-02-01T00:00:00Z'],
])(
  'asks for some bars of %s before the newest one again: sources revise them',
  async (interval, newest, since) => {
    const stored = { A: newest, B: '2026-03-10T11:30:00Z' };
    expect(await sinceOf({ kind: 'bars', interval }, stored)).toBe(since);
  },
);

it('asks for ticks from the newest on, and looks back where an instrument has none', async () => {
  const stored = { A: '2026-03-10T11:00:00Z', B: '2026-03-10T11:30:00Z' };
  expect(await sinceOf({ kind: 'trades' }, stored)).toBe('2026-03-10T11:00:00Z');
  expect(await sinceOf({ kind: 'trades' }, { A: stored.A })).toBe('2026-03-09T12:00:00Z');
});

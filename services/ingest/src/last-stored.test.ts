import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { SILENT } from '@tickwell/ports';
import { expect, it } from 'vitest';
import { lastStoredOf, type AskLatest } from './last-stored.ts';

const OF = { source: 'ib', interval: '5s', logger: SILENT };

function answering(entries: Parameters<typeof create<typeof queryV1.GetLatestResponseSchema>>[1]): {
  readonly ask: AskLatest;
  readonly asked: unknown[];
} {
  const asked: unknown[] = [];
  const ask: AskLatest = (request) => {
    asked.push(request);
    return Promise.resolve(create(queryV1.GetLatestResponseSchema, entries));
  };
  return { ask, asked };
}

it('asks for the one series of the live source, and takes its newest event', async () => {
  const { ask, asked } = answering({
    entries: [
      { symbol: 'A', source: 'ib', event: { case: 'trade', value: { timeNs: [5n] } } },
      { symbol: 'A', source: 'ib', event: { case: 'trade', value: { timeNs: [7n, 6n] } } },
    ],
  });
  expect(await lastStoredOf(ask, OF)('A', 'trades')).toBe(7n);
  expect(asked).toEqual([{ symbols: ['A'], source: 'ib', kinds: ['trades'] }]);
});

it('looks at bars of the live interval only', async () => {
  const bar = (interval: string, startNs: bigint) => ({
    symbol: 'A',
    source: 'ib',
    event: { case: 'bar' as const, value: { interval, bar: { startNs: [startNs] } } },
  });
  const { ask } = answering({ entries: [bar('1d', 90n), bar('5s', 8n)] });
  expect(await lastStoredOf(ask, OF)('A', 'bars')).toBe(8n);
});

it('knows nothing where nothing is stored, and says so where query does not answer', async () => {
  expect(await lastStoredOf(answering({}).ask, OF)('A', 'quotes')).toBeUndefined();
  const warnings: string[] = [];
  const logger = {
    ...SILENT,
    warn: (_fields: unknown, message: string) => {
      warnings.push(message);
    },
  };
  const ask: AskLatest = () => Promise.reject(new Error('connection refused'));
  expect(await lastStoredOf(ask, { ...OF, logger })('A', 'trades')).toBeUndefined();
  expect(warnings).toEqual([expect.stringMatching(/^ib A: .*connection refused.*tickwell backfill/)]);
});

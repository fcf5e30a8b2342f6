import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import { newCounts } from './cache-counts.ts';
import type { Entry } from './entry.ts';
import type { Outcome } from './fills.ts';
import { barMethod } from './methods.ts';
import { fillBlocks, type Started } from './read-work.ts';

const scope = { topic: 'md.bars', partition: 0, symbol: 'A', series: 'bars|1m|trade' };

function started(key: string, startNs: bigint, endNs: bigint, seenTo: bigint): Started {
  const block = { startNs, endNs };
  return { key, block, scope: { ...scope, ...block }, seenTo };
}

/** What becomes of two blocks of one bar each, where the last record that touched the second is below an offset. */
async function fill(touchedBelow: bigint): Promise<Readonly<Record<string, Outcome>>> {
  const bars = create(events.BarColumnsSchema, { startNs: [1n, 11n], close: [1, 2] });
  const method = barMethod(async function* () {
    await Promise.resolve();
    yield create(queryV1.GetBarsResponseSchema, { bars });
  });
  const outcomes: Record<string, Outcome> = {};
  const kept: Record<string, Entry> = {};
  const work = fillBlocks(
    method,
    create(queryV1.GetBarsRequestSchema, { symbol: 'A' }),
    [started('a', 0n, 10n, 5n), started('b', 10n, 20n, 5n)],
    {
      seen: {
        quiet: ({ startNs }) => ({
          epoch: 'e',
          beginOffset: 0n,
          fromOffset: startNs === 10n ? touchedBelow : 0n,
          toOffset: 9n,
        }),
      },
      levels: {
        keep: (key, entry) => {
          kept[key] = entry;
          return Promise.resolve();
        },
      },
      counts: newCounts(),
      maxBlockBytes: 1_000,
      divide: () => undefined,
    },
  );
  await work({
    settle: (key, outcome) => {
      outcomes[key] = outcome;
    },
    join: () => undefined,
    signal: new AbortController().signal,
  });
  expect(Object.keys(kept)).toEqual(Object.keys(outcomes).filter((key) => outcomes[key]?.kind === 'filled'));
  return outcomes;
}

describe('what is read for the cache', () => {
  it('is kept with the positions that it is the answer of', async () => {
    expect(await fill(4n)).toMatchObject({
      a: { kind: 'filled', entry: { spans: [{ fromOffset: 0n, toOffset: 9n }], pieces: [{ rows: 1 }] } },
      b: { kind: 'filled', entry: { spans: [{ fromOffset: 4n, toOffset: 9n }], pieces: [{ rows: 1 }] } },
    });
  });

  it('is not kept where a record came behind what was known to be stored, be it before the read had its turn', async () => {
    expect(await fill(8n)).toMatchObject({ a: { kind: 'filled' }, b: { kind: 'changed' } });
  });
});

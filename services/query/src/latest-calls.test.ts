import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { describe, expect, it } from 'vitest';
import {
  TICKS,
  World,
  startService,
  testPartitionOf,
  PARTITIONS,
  type RunningService,
} from './fixtures/world.ts';

async function latestTimes(service: RunningService, symbols: string[], source = ''): Promise<unknown[]> {
  const { entries } = await service.calls.getLatest(
    create(queryV1.GetLatestRequestSchema, { symbols, source }),
  );
  return entries.map(({ symbol, event }) => {
    if (event.case === 'trade' || event.case === 'quote') return [symbol, event.case, event.value.timeNs[0]];
    return [
      symbol,
      event.case,
      event.value?.interval,
      event.value?.bar?.startNs[0],
      event.value?.bar?.close[0],
    ];
  });
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

/** A store that counts what it is asked. */
function countingWorld(): { world: World; questions: () => number } {
  const world = new World();
  let questions = 0;
  const series = world.store.series.bind(world.store);
  world.store.series = (options) => {
    questions += 1;
    return series(options);
  };
  return { world, questions: () => questions };
}

describe('GetLatest', () => {
  it('reads the store, then keeps itself right from the tail without asking again', async () => {
    const { world, questions } = countingWorld();
    world.trade('B', [1n, 9n]);
    await world.storeTicks(0, 1n);
    await using service = await startService(world.service());
    expect(await latestTimes(service, ['B'])).toEqual([['B', 'trade', 9n]]);
    world.trade('B', [10n, 12n]);
    world.bar('B', 5n, 7);
    world.bar('B', 5n, 8);
    await turn();
    expect(await latestTimes(service, ['B'])).toEqual([
      ['B', 'trade', 12n],
      ['B', 'bar', '1m', 5n, 8],
    ]);
    expect(questions()).toBe(1);
  });

  it('is not moved by a backfill of older events', async () => {
    const { world } = countingWorld();
    world.trade('B', [100n]);
    await world.storeTicks(0, 1n);
    await using service = await startService(world.service());
    await latestTimes(service, ['B']);
    world.trade('B', [5n]);
    await turn();
    expect(await latestTimes(service, ['B'])).toEqual([['B', 'trade', 100n]]);
  });

  it('asks the store again while it is behind the tail', async () => {
    const { world, questions } = countingWorld();
    world.trade('B', [1n]);
    world.trade('B', [2n]);
    await world.storeTicks(0, 1n);
    await using service = await startService(world.service());
    expect(await latestTimes(service, ['B'])).toEqual([['B', 'trade', 1n]]);
    await world.storeTicks(testPartitionOf('B', PARTITIONS), world.endOffset(TICKS, 0));
    await turn();
    expect(await latestTimes(service, ['B'])).toEqual([['B', 'trade', 2n]]);
    await latestTimes(service, ['B']);
    expect(questions()).toBe(2);
  });

  it('answers the newest of all sources or of one', async () => {
    const { world } = countingWorld();
    world.trade('B', [7n], 0n, 'x');
    world.trade('B', [8n], 0n, 'y');
    await world.storeTicks(0, 2n);
    await using service = await startService(world.service());
    expect(await latestTimes(service, ['B', 'NOBODY'])).toEqual([['B', 'trade', 8n]]);
    expect(await latestTimes(service, ['B'], 'x')).toEqual([['B', 'trade', 7n]]);
  });
});

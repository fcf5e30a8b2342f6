import { verify } from '@tickwell/client';
import { MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { withClient, type Handler } from './fixtures/connected.ts';
import { PARTITIONS, World, startService } from './fixtures/world.ts';

/** Loses the second trade for who reads what is stored, not for the seam. */
class Lossy extends MemoryStore {
  override async *trades(...[query]: Parameters<MemoryStore['trades']>): ReturnType<MemoryStore['trades']> {
    for await (const { source, trades } of super.trades(query)) {
      const [a, b] = query.before === undefined ? [1, 2] : [0, 0];
      const isKept = (_: unknown, at: number): boolean => at < a || at >= b;
      const { timeNs, seq, price, size } = trades;
      const numbers = { price: price.filter(isKept), size: size.filter(isKept) };
      yield {
        source,
        trades: { ...trades, timeNs: timeNs.filter(isKept), seq: seq.filter(isKept), ...numbers },
      };
    }
  }
}

const unbroken: Handler = (_call, messages) => messages;

async function filled(store?: MemoryStore): Promise<World> {
  const world = new World(store);
  for (const symbol of ['A', 'B']) {
    world.trade(symbol, [1n, 2n, 3n]);
    world.trade(symbol, [7n]);
    world.bar(symbol, 5n, 6);
    world.bar(symbol, 5n, 7);
  }
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    await world.storeTicks(partition, 2n);
    await world.storeBars(partition, 2n);
  }
  return world;
}

describe('verify', () => {
  it('finds the same in both readings, corrected bars once', async () => {
    const world = await filled();
    await using service = await startService(world.service({ nowNs: () => 100n }));
    await withClient(service, unbroken, async (client) => {
      const { same, series, attempts } = await verify(client, { endNs: 7n }, 100n);
      const found = series.map(({ symbol, kind, stored }) => [symbol, kind, stored.events]);
      expect([same, attempts, found]).toEqual([
        true,
        1,
        [
          ['A', 'bars', 1],
          ['A', 'trades', 3],
          ['B', 'bars', 1],
          ['B', 'trades', 3],
        ],
      ]);
      const bars = await verify(client, { symbols: ['B'], kinds: ['bars'], endNs: 7n }, 100n);
      expect(bars.series).toHaveLength(1);
      expect((await verify(client, { source: 'other', endNs: 7n }, 100n)).series).toEqual([]);
    });
  });

  it('says which series differ', async () => {
    const world = await filled(new Lossy());
    await using service = await startService(world.service({ nowNs: () => 100n }));
    await withClient(service, unbroken, async (client) => {
      const report = await verify(client, { symbols: ['A'], endNs: 50n }, 100n);
      expect(report).toMatchObject({ same: false, attempts: 3 });
      expect(
        report.series.map(({ kind, streamed, stored, same }) => [kind, streamed.events, stored.events, same]),
      ).toEqual([
        ['bars', 1, 1, true],
        ['trades', 4, 3, false],
      ]);
    });
  });

  it('refuses spans that cannot be compared', async () => {
    await using service = await startService(new World().service());
    await withClient(service, unbroken, async (client) => {
      await expect(verify(client, { endNs: 101n }, 100n)).rejects.toThrow(/future/);
      await expect(verify(client, { startNs: 9n, endNs: 9n }, 100n)).rejects.toThrow(/swap them/);
    });
  });
});

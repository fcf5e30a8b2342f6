import { create } from '@bufbuild/protobuf';
import { events, messageToJson, queryV1, TABLES } from '@tickwell/contracts';
import { MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { listReconciliations } from './reconciliation-calls.ts';

const MINUTE = 60_000_000_000n;

async function storeOf(count: number, detail?: string): Promise<MemoryStore> {
  const store = new MemoryStore();
  const starts = Array.from({ length: count }, (_, at) => BigInt(at + 1) * MINUTE);
  const texts = { symbol: 'AAPL', source: 'reconciled', epoch: 'e', interval: '1m', price_type: 'trade' };
  await store.write([
    {
      table: TABLES.reconciliations.name,
      timestampNs: starts,
      columns: [
        ...Object.entries({ ...texts, policy: 'us', class: 'missing', winner: 'ib' }).map(
          ([name, values]) => ({ type: 'symbol' as const, name, values }),
        ),
        { type: 'long', name: 'record_offset', values: 0n },
        { type: 'timestamp', name: 'known_at', values: starts },
        { type: 'boolean', name: 'published', values: true },
        { type: 'varchar', name: 'reason', values: 'why' },
        { type: 'varchar', name: 'sources', values: '|ib|desk|' },
        {
          type: 'varchar',
          name: 'detail',
          values: starts.map(
            (startNs) =>
              detail ??
              messageToJson(
                events.ReconciliationSchema,
                create(events.ReconciliationSchema, {
                  startNs,
                  knownAtNs: startNs,
                  differenceClass: events.DifferenceClass.MISSING,
                  winner: 'ib',
                  missing: ['desk'],
                  bars: [{ source: 'ib', close: 0.1, volume: NaN }],
                }),
              ),
          ),
        },
      ],
    },
  ]);
  return store;
}

describe('ListReconciliations', () => {
  const request = (init: Parameters<typeof create<typeof queryV1.ListReconciliationsRequestSchema>>[1]) =>
    create(queryV1.ListReconciliationsRequestSchema, init);

  it('answers decisions as they were made, page by page', async () => {
    const { reconciliations } = await storeOf(5);
    const seen: bigint[] = [];
    let after = '';
    do {
      const page = await listReconciliations(reconciliations, request({ symbol: 'AAPL', limit: 2, after }));
      for (const { symbol, interval, policy, decision } of page.entries) {
        expect([symbol, interval, policy]).toEqual(['AAPL', '1m', 'us']);
        expect(decision).toMatchObject({
          winner: 'ib',
          missing: ['desk'],
          bars: [{ close: 0.1, volume: NaN }],
        });
        seen.push(decision?.startNs ?? 0n);
      }
      after = page.next;
    } while (after !== '');
    expect(seen).toEqual([5n, 4n, 3n, 2n, 1n].map((at) => at * MINUTE));
  });

  it('filters by class, source, interval and range', async () => {
    const { reconciliations } = await storeOf(3);
    const count = async (
      init: Parameters<typeof create<typeof queryV1.ListReconciliationsRequestSchema>>[1],
    ): Promise<number> => (await listReconciliations(reconciliations, request(init))).entries.length;
    expect(await count({})).toBe(3);
    expect(await count({ classes: [events.DifferenceClass.MISSING], source: 'desk' })).toBe(3);
    expect(await count({ classes: [events.DifferenceClass.BAD_PRINT] })).toBe(0);
    expect(await count({ interval: '5m' })).toBe(0);
    expect(await count({ range: create(queryV1.TimeRangeSchema, { startNs: 2n * MINUTE }) })).toBe(2);
  });

  it.each([
    [{ limit: 1_001 }, /^limit 1001 is more than 1000/],
    [{ after: 'x' }, /^after "x" is not what a page ended with/],
    [{ symbol: 'a b' }, /^symbol /],
    [{ interval: '7m' }, /^interval: /],
    [{ source: 'a|b' }, /^source has a bar in it/],
    [{ classes: [0] }, /^classes: 0 is none/],
  ])('refuses %j', async (init, message) => {
    const { reconciliations } = await storeOf(1);
    await expect(listReconciliations(reconciliations, request(init))).rejects.toThrow(message);
  });

  it('says which decision cannot be read', async () => {
    const { reconciliations } = await storeOf(1, '{');
    await expect(listReconciliations(reconciliations, request({}))).rejects.toThrow(
      /^the decision on AAPL 1m trade at 60000000000 cannot be read: not a tickwell.events.v1.Reconciliation/,
    );
  });
});

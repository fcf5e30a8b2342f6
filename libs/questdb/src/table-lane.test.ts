import { TABLES } from '@tickwell/contracts';
import type { TableRows } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { rowsRefused, storeSuspended, storeUnavailable } from './errors.ts';
import { TableLane } from './table-lane.ts';

function rows(n: number, price = 1): TableRows[] {
  return [
    {
      table: 'trades',
      timestampNs: [BigInt(n)],
      columns: [
        { type: 'symbol', name: 'symbol', values: `S${n}` },
        { type: 'double', name: 'price', values: price },
      ],
    },
  ];
}

interface Step {
  readonly what: string;
  readonly settle: PromiseWithResolvers<undefined>;
}

/** A store whose every answer the test gives. */
function manual(maxOutstanding = 4) {
  const steps: Step[] = [];
  const waiting: (() => void)[] = [];
  const step = (what: string): Promise<void> => {
    const settle = Promise.withResolvers<undefined>();
    steps.push({ what, settle });
    for (const wake of waiting.splice(0)) wake();
    return settle.promise;
  };
  const lane = new TableLane(
    TABLES.trades,
    { send: (_, lines) => step(`send ${/S\d+/.exec(lines.toString())![0]}`), close: () => undefined },
    { visible: () => step('visible') },
    maxOutstanding,
  );
  /** Resolves with the step once the lane takes it. */
  const taken = async (index: number): Promise<Step> => {
    while (steps[index] === undefined) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
    return steps[index];
  };
  return { lane, steps, taken };
}

describe('TableLane', () => {
  it('sends the next write while the one before waits to be visible, and settles in order', async () => {
    const { lane, taken } = manual();
    const settled: number[] = [];
    const writes = [1, 2].map((n) => lane.write(rows(n)).then(() => settled.push(n)));
    const first = await taken(0);
    expect(first.what).toBe('send S1');
    first.settle.resolve(undefined);
    const [a, b] = [await taken(1), await taken(2)];
    const send = a.what === 'visible' ? b : a;
    const visible = a.what === 'visible' ? a : b;
    expect([send.what, visible.what]).toEqual(['send S2', 'visible']);
    send.settle.resolve(undefined);
    (await taken(3)).settle.resolve(undefined);
    visible.settle.resolve(undefined);
    await Promise.all(writes);
    expect(settled).toEqual([1, 2]);
  });

  it('fails what waits behind a failed write without sending it, and takes new writes', async () => {
    const { lane, steps, taken } = manual();
    const first = lane.write(rows(1));
    const second = lane.write(rows(2));
    (await taken(0)).settle.reject(storeUnavailable('gone'));
    await expect(first).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(second).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
    expect(steps).toHaveLength(1);
    const again = lane.write(rows(1));
    (await taken(1)).settle.resolve(undefined);
    (await taken(2)).settle.resolve(undefined);
    await again;
  });

  it('keeps a terminal refusal to the write that caused it', async () => {
    const { lane, taken } = manual();
    const first = lane.write(rows(1));
    const second = lane.write(rows(2));
    (await taken(0)).settle.reject(rowsRefused('trades', 'no'));
    await expect(first).rejects.toMatchObject({ code: 'rows-refused', retryable: false });
    await expect(second).rejects.toMatchObject({ retryable: true });
  });

  it('refuses rows it cannot encode without sending anything', async () => {
    const { lane, steps } = manual();
    await expect(lane.write(rows(1, Infinity))).rejects.toMatchObject({ code: 'rows-refused' });
    expect(steps).toHaveLength(0);
  });

  it('asks whether a suspended table recovered before it sends it more', async () => {
    const { lane, steps, taken } = manual();
    const first = lane.write(rows(1));
    (await taken(0)).settle.resolve(undefined);
    (await taken(1)).settle.reject(storeSuspended('trades', 'disk'));
    await expect(first).rejects.toMatchObject({ code: 'store-suspended' });
    const second = lane.write(rows(1));
    const asked = await taken(2);
    expect(asked.what).toBe('visible');
    asked.settle.reject(storeSuspended('trades', 'disk'));
    await expect(second).rejects.toMatchObject({ code: 'store-suspended' });
    expect(steps.filter(({ what }) => what === 'send S1')).toHaveLength(1);
  });

  it('bounds the writes that are outstanding', async () => {
    const { lane, taken } = manual(1);
    const first = lane.write(rows(1));
    await expect(lane.write(rows(2))).rejects.toMatchObject({ code: 'writer-busy' });
    (await taken(0)).settle.resolve(undefined);
    (await taken(1)).settle.resolve(undefined);
    await first;
  });
});

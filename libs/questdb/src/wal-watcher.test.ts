import { describe, expect, it } from 'vitest';
import { WalWatcher, type WalState, type WalStore } from './wal-watcher.ts';

const OPTIONS = { deadlineMs: 1_000, minPollMs: 1, maxPollMs: 25 };

function state(table: string, writerTxn: bigint, sequencerTxn: bigint, suspended = false): WalState {
  return { table, writerTxn, sequencerTxn, suspended, errorMessage: suspended ? 'no space' : '' };
}

/** Answers each look from a list, the last one for ever; time passes only by sleeping. */
function scripted(looks: readonly (readonly WalState[] | Error)[]): WalStore & {
  resumed: string[];
  slept: number[];
  time: { nowMs(): number; sleep(ms: number): Promise<void> };
} {
  let look = 0;
  let nowMs = 0;
  const resumed: string[] = [];
  const slept: number[] = [];
  return {
    resumed,
    slept,
    time: {
      nowMs: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms;
        slept.push(ms);
        await Promise.resolve();
      },
    },
    readStates: async () => {
      await Promise.resolve();
      const answer = looks[Math.min(look++, looks.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    resume: async (table) => {
      await Promise.resolve();
      resumed.push(table);
    },
  };
}

describe('WalWatcher', () => {
  it('waits for the transaction it saw first, not for later ones', async () => {
    const store = scripted([[state('t', 4n, 5n)], [state('t', 4n, 9n)], [state('t', 5n, 9n)]]);
    await new WalWatcher(store, store.time, OPTIONS).visible('t');
    expect(store.slept).toHaveLength(2);
  });

  it('looks less and less often, up to a bound', async () => {
    const waiting = [state('t', 0n, 1n)];
    const store = scripted([...Array.from({ length: 9 }, () => waiting), [state('t', 1n, 1n)]]);
    await new WalWatcher(store, store.time, OPTIONS).visible('t');
    expect(store.slept).toEqual([1, 2, 4, 8, 16, 25, 25, 25, 25]);
  });

  it('answers several tables with one look', async () => {
    const store = scripted([
      [state('a', 1n, 1n), state('b', 0n, 1n)],
      [state('a', 1n, 1n), state('b', 1n, 1n)],
    ]);
    const watcher = new WalWatcher(store, store.time, OPTIONS);
    const order: string[] = [];
    await Promise.all(['a', 'b'].map((table) => watcher.visible(table).then(() => order.push(table))));
    expect(order).toEqual(['a', 'b']);
    expect(store.slept).toEqual([1]);
  });

  it('gives up at the deadline, retryable', async () => {
    const store = scripted([[state('t', 0n, 1n)]]);
    const failed = new WalWatcher(store, store.time, OPTIONS).visible('t');
    await expect(failed).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
  });

  it('outlives looks that fail and says so only at the deadline', async () => {
    const down = new Error('connect ECONNREFUSED');
    const store = scripted([down, down, [state('t', 1n, 1n)]]);
    await new WalWatcher(store, store.time, OPTIONS).visible('t');
    const never = scripted([down]);
    const failed = new WalWatcher(never, never.time, OPTIONS).visible('t');
    await expect(failed).rejects.toThrow(/ECONNREFUSED/);
  });

  it('resumes a suspended table and waits on', async () => {
    const store = scripted([[state('t', 0n, 1n, true)], [state('t', 1n, 1n)]]);
    await new WalWatcher(store, store.time, OPTIONS).visible('t');
    expect(store.resumed).toEqual(['t']);
  });

  it('says that a table stays suspended, retryable, after a few attempts', async () => {
    const store = scripted([[state('t', 0n, 1n, true)]]);
    const failed = new WalWatcher(store, store.time, OPTIONS).visible('t');
    await expect(failed).rejects.toMatchObject({ code: 'store-suspended', retryable: true });
    await expect(failed).rejects.toThrow(/no space/);
    expect(store.resumed).toEqual(['t', 't', 't']);
  });

  it('fails whoever waits when it is closed', async () => {
    const store = scripted([[state('t', 0n, 1n)]]);
    const watcher = new WalWatcher(store, store.time, OPTIONS);
    const waiting = watcher.visible('t');
    watcher.close();
    await expect(waiting).rejects.toThrow(/was closed/);
    await expect(watcher.visible('t')).rejects.toThrow(/was closed/);
  });

  it('says that a table is gone', async () => {
    const store = scripted([[state('other', 1n, 1n)]]);
    const failed = new WalWatcher(store, store.time, OPTIONS).visible('t');
    await expect(failed).rejects.toThrow(/table t is gone/);
  });
});

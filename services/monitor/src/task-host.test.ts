import { ALL_TOPICS } from '@tickwell/contracts';
import { SILENT, type Clock } from '@tickwell/ports';
import { MemoryLog } from '@tickwell/testkit';
import { describe, expect, it, vi } from 'vitest';
import { TaskHost } from './task-host.ts';
import type { Lease, MonitorTask } from './task.ts';

/** Nothing takes time but what waits for a signal; `slept` says for how long one wanted to. */
function instantClock(slept: number[] = []): Clock {
  return {
    nowNs: () => 0n,
    monotonicMs: () => 0,
    sleep: async (ms) => {
      slept.push(ms);
      await new Promise(setImmediate);
    },
  };
}

/** Waits as long as it must. */
const patientClock: Clock = {
  nowNs: () => 0n,
  monotonicMs: () => 0,
  sleep: (_ms, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    }),
};

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}

const log = (): MemoryLog => new MemoryLog({ topics: ALL_TOPICS });

function host(
  of: MemoryLog,
  tasks: readonly MonitorTask[],
  clock: Clock = patientClock,
  endDeadlineMs = 10_000,
): TaskHost {
  const parts = { clock, logger: SILENT, groupId: 'monitor', tasks, endDeadlineMs };
  return new TaskHost({ ...parts, log: of.openProcess() });
}

describe('TaskHost', () => {
  it('runs a task in one of two copies, and in the other only after the first has ended', async () => {
    const events: string[] = [];
    const leases: Lease[] = [];
    const task = (copy: string): MonitorTask => ({
      name: 'watch',
      run: async (signal, lease) => {
        events.push(`${copy} begins`);
        leases.push(lease);
        await aborted(signal);
        await new Promise(setImmediate);
        events.push(`${copy} ends`);
      },
    });
    const shared = log();
    const first = host(shared, [task('first')]);
    const running = [first.run()];
    await vi.waitUntil(() => events.includes('first begins'));
    expect(await leases[0]?.isHeld()).toBe(true);
    const second = host(shared, [task('second')]);
    running.push(second.run());
    await vi.waitUntil(() => events.filter((event) => event.endsWith('begins')).length === 2);
    // The group hands out its partition anew when a member comes: to the first one again.
    expect(events).toEqual(['first begins', 'first ends', 'first begins']);
    expect(await leases[0]?.isHeld()).toBe(false);
    expect(await leases[1]?.isHeld()).toBe(true);
    await first.stop();
    await vi.waitUntil(() => events.includes('second begins'));
    expect(events.slice(3)).toEqual(['first ends', 'second begins']);
    expect(await leases[1]?.isHeld()).toBe(false);
    await second.stop();
    await Promise.all(running);
  });

  it('runs what fails again, after longer and longer pauses, beside the others, and says so', async () => {
    const slept: number[] = [];
    let runs = 0;
    let others = 0;
    const failing: MonitorTask = {
      name: 'failing',
      run: async (signal) => {
        runs += 1;
        if (runs > 12) await aborted(signal);
        else if (runs % 2 === 0) throw new Error('query does not answer');
      },
    };
    const other: MonitorTask = {
      name: 'other',
      run: (signal) => {
        others += 1;
        return aborted(signal);
      },
    };
    const one = host(log(), [failing, other], instantClock(slept));
    const running = one.run();
    await vi.waitUntil(() => runs === 13);
    expect(one.problem()).toMatch(/^task failing fails: /);
    expect(slept.slice(0, 12)).toEqual([
      ...[250, 500, 1_000, 2_000, 4_000, 8_000, 16_000],
      ...[30_000, 30_000, 30_000, 30_000, 30_000],
    ]);
    expect(others).toBe(1);
    await one.stop();
    await running;
    expect(one.problem()).toBeUndefined();
  });

  it('ends the process where a task does not end', async () => {
    let begun = false;
    const stuck: MonitorTask = {
      name: 'stuck',
      run: () => {
        begun = true;
        return new Promise(() => undefined);
      },
    };
    const one = host(log(), [stuck], instantClock(), 7);
    const running = one.run();
    const failed = expect(running).rejects.toThrow(/stuck did not end within 7 ms/);
    await vi.waitUntil(() => begun);
    await one.stop();
    await failed;
  });
});

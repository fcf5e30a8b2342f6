import type { AlertMessage, Measurement } from '@tickwell/alerts';
import type { ConfigEntry } from '@tickwell/config';
import { ALL_TOPICS, TOPICS, decodeAlertEvent } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { SILENT, type Logger } from '@tickwell/ports';
import { MemoryLog } from '@tickwell/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TestClock } from '../fixtures/test-clock.ts';
import { TaskHost } from '../task-host.ts';
import { AlertTask } from './alert-task.ts';

const T = 1_790_000_000_000_000_000n;
const INTERVAL_MS = 10_000;
const WAIT = { timeout: 20_000, interval: 5 };
const RULE = { metric: 'dead-letters', above: 5, recoverFor: '0s', repeat: '10m', channels: ['ops'] };

/** A platform in memory: documents, a value that a rule watches, a receiver that may fail, and copies of the monitor. */
class World {
  readonly log = new MemoryLog({ topics: ALL_TOPICS });
  readonly clock = new TestClock(T);
  readonly arrived: AlertMessage[] = [];
  readonly said: string[] = [];
  value = 0;
  rounds = 0;
  attempts = 0;
  /** What the receiver does before it takes a message. */
  receive: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  /** What query does before it answers. */
  ask: () => Promise<void> = () => Promise.resolve();
  readonly #documents = new Map<string, ConfigEntry>();
  readonly #listeners: ((entry: ConfigEntry) => void)[] = [];
  readonly #hosts: { readonly host: TaskHost; readonly running: Promise<void> }[] = [];

  constructor(rule: object = RULE) {
    this.put('ops', { type: 'webhook', url: 'http://127.0.0.1:1', giveUpAfter: '1h' });
    this.put('letters', rule);
  }

  put(id: string, document: object | undefined): void {
    const version = (this.#documents.get(id)?.version ?? 0n) + 1n;
    const deleted = document === undefined;
    const payloadJson = deleted ? '' : JSON.stringify(document);
    const entry = {
      kind: 'alert',
      id,
      version,
      deleted,
      payloadJson,
      author: '',
      writtenAtNs: 0n,
      position: 0n,
    };
    this.#documents.set(id, entry);
    for (const listener of this.#listeners) listener(entry);
  }

  start(): TaskHost {
    const log = this.log.openProcess();
    const take = (_: unknown, message: string): void => {
      this.said.push(message);
    };
    const logger: Logger = { ...SILENT, error: take };
    const task = new AlertTask({
      ...{ log, clock: this.clock, logger, intervalMs: INTERVAL_MS },
      config: {
        onChange: (listener) => {
          for (const entry of this.#documents.values()) listener(entry);
          this.#listeners.push(listener);
          return () => undefined;
        },
      },
      sources: { round: () => ({ measure: () => this.#measure() }) },
      notifierOf: () => ({ send: (message, signal) => this.#send(message, signal) }),
    });
    const host = new TaskHost({ log, clock: this.clock, logger, groupId: 'monitor', tasks: [task] });
    this.#hosts.push({ host, running: host.run() });
    return host;
  }

  /** Moves time to the next round of looking, and waits until that is over. */
  async round(): Promise<void> {
    const { rounds } = this;
    await vi.waitUntil(() => {
      if (this.rounds === rounds) this.clock.advance(INTERVAL_MS / 10);
      return this.rounds > rounds;
    }, WAIT);
    await settle();
  }

  async arrive(count: number): Promise<void> {
    await vi.waitUntil(() => this.arrived.length >= count, WAIT);
    await settle();
  }

  /** Kinds of everything in the log but who owned it. */
  kinds(): readonly string[] {
    return this.log.records(TOPICS.alerts.name).flatMap(({ value }) => {
      const event = value === null ? undefined : decodeAlertEvent(value);
      return event?.ok === true && event.value.kind !== 'owned' ? [event.value.kind] : [];
    });
  }

  async stop(): Promise<void> {
    for (const { host, running } of this.#hosts) {
      await host.stop();
      await running;
    }
  }

  async #measure(): Promise<readonly Measurement[]> {
    await this.ask();
    this.rounds += 1;
    return [{ labels: { source: 'yahoo', rule: 'time-order' }, value: this.value }];
  }

  async #send(message: AlertMessage, signal: AbortSignal): Promise<void> {
    this.attempts += 1;
    await this.receive(signal);
    this.arrived.push(message);
  }
}

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

const down = (): Promise<void> =>
  Promise.reject(new TickwellError('notify-failed', 'nobody answers', { retryable: true }));

describe('alerts', () => {
  const worlds: World[] = [];
  const open = (rule?: object): World => {
    const world = new World(rule);
    worlds.push(world);
    return world;
  };
  const titles = (world: World): readonly string[] => world.arrived.map(({ about }) => about);

  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.stop();
  });

  it('are told once, repeated after their window, and recover once', async () => {
    const world = open();
    world.start();
    await world.round();
    world.value = 6;
    await world.round();
    await world.arrive(1);
    for (let look = 0; look < 5; look += 1) await world.round();
    expect(titles(world)).toEqual(['firing']);
    world.clock.advance(600_000);
    await world.arrive(2);
    for (let look = 0; look < 5; look += 1) await world.round();
    world.value = 0;
    await world.round();
    await world.arrive(3);
    for (let look = 0; look < 5; look += 1) await world.round();
    expect(titles(world)).toEqual(['firing', 'repeat', 'recovered']);
    expect(world.arrived[0]?.title).toBe(
      '[warning] letters (source=yahoo): dead-letters 6 dead letters is above 5 dead letters: time-order',
    );
  });

  it('reach a receiver that was down once it is back, each once and in their order', async () => {
    const world = open();
    world.receive = down;
    world.start();
    world.value = 6;
    await world.round();
    await vi.waitUntil(() => {
      world.clock.advance(1_000);
      return world.attempts >= 4;
    }, WAIT);
    world.value = 0;
    await world.round();
    world.receive = () => Promise.resolve();
    await vi.waitUntil(() => {
      world.clock.advance(10_000);
      return world.arrived.length >= 2;
    }, WAIT);
    await settle();
    expect(titles(world)).toEqual(['firing', 'recovered']);
    expect(world.kinds().filter((kind) => kind === 'delivered')).toHaveLength(2);
    expect(world.kinds()).toContain('delivery-failed');
  });

  it('that nobody takes are given up after a while, and the log says so', async () => {
    const world = open();
    world.receive = down;
    world.start();
    world.value = 6;
    await world.round();
    await vi.waitUntil(() => {
      world.clock.advance(120_000);
      return world.kinds().includes('given-up');
    }, WAIT);
    expect(world.attempts).toBeLessThan(40);
    expect(
      world.said.some((line) => line.startsWith('alert not delivered to ops: nobody answers: [warning')),
    ).toBe(true);
  });

  it('that are refused for good are given up at once, and the next one goes', async () => {
    const world = open();
    world.receive = () => {
      world.receive = () => Promise.resolve();
      return Promise.reject(new TickwellError('notify-failed', 'no such mailbox'));
    };
    world.start();
    world.value = 6;
    await world.round();
    await vi.waitUntil(() => world.kinds().includes('given-up'), WAIT);
    world.value = 0;
    await world.round();
    await world.arrive(1);
    expect(titles(world)).toEqual(['recovered']);
  });

  it('are told by one of two copies, and by the other when that has gone', async () => {
    const world = open();
    const first = world.start();
    await world.round();
    world.start();
    world.value = 6;
    await world.round();
    await world.arrive(1);
    await first.stop();
    for (let look = 0; look < 3; look += 1) await world.round();
    expect(titles(world)).toEqual(['firing']);
    world.value = 0;
    await world.round();
    await world.arrive(2);
    expect(titles(world)).toEqual(['firing', 'recovered']);
  });

  it('that fired and were not sent yet are sent by the next copy, under the same id', async () => {
    const world = open();
    const ids: string[] = [];
    world.receive = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('cut'));
        });
      });
    const first = world.start();
    world.value = 6;
    await world.round();
    await vi.waitUntil(() => world.attempts === 1, WAIT);
    // It never says "delivered": the grace after its end is over, as after a kill.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stopping = first.stop();
    await vi.advanceTimersByTimeAsync(6_000);
    vi.useRealTimers();
    await stopping;
    world.receive = () => Promise.resolve();
    world.start();
    await world.arrive(1);
    ids.push(...world.arrived.map(({ id }) => id));
    expect(ids).toHaveLength(1);
    const [fired] = world.log.records(TOPICS.alerts.name).flatMap(({ value }) => {
      const event = value === null ? undefined : decodeAlertEvent(value);
      return event?.ok === true && event.value.kind === 'fired' ? [event.value.eventId] : [];
    });
    expect(ids[0]).toBe(fired);
  });

  it('stay as they are while query does not answer', async () => {
    const world = open();
    world.start();
    world.value = 6;
    await world.round();
    await world.arrive(1);
    let asked = 0;
    world.value = 0;
    world.ask = () => {
      asked += 1;
      return Promise.reject(new TickwellError('unavailable', 'query does not answer', { retryable: true }));
    };
    await vi.waitUntil(() => {
      world.clock.advance(INTERVAL_MS);
      return asked > 3;
    }, WAIT);
    await settle();
    expect(titles(world)).toEqual(['firing']);
    world.ask = () => Promise.resolve();
    await world.round();
    await world.arrive(2);
    expect(titles(world)).toEqual(['firing', 'recovered']);
  });

  it('are held back by a silence, told when it is over, and end with their rule', async () => {
    const world = open();
    world.put('hush', { type: 'silence', rule: 'letters', until: '2026-09-21T14:30:00Z' });
    world.start();
    world.value = 6;
    await world.round();
    await world.round();
    expect(world.kinds()).toEqual(['fired']);
    world.put('hush', undefined);
    await world.round();
    await world.arrive(1);
    expect(world.kinds()).toEqual(['fired', 'released', 'delivered']);
    world.put('letters', undefined);
    await vi.waitUntil(() => {
      world.clock.advance(INTERVAL_MS);
      return world.arrived.length === 2;
    }, WAIT);
    expect(world.arrived[1]?.title).toBe(
      '[recovered] letters (source=yahoo): its rule was deleted; it is not watched any more',
    );
  });
});

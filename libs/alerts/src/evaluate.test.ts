import { NS_PER_DAY, NS_PER_SECOND } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VersionedRule } from './book.ts';
import { close, evaluate } from './evaluate.ts';
import { nothing, observe } from './group.ts';
import { AlertLedger, type OwedMessage } from './ledger.ts';
import { NO_EVENT, type AlertEvent } from './model.ts';
import { parseRule } from './rule.ts';
import { messageOf } from './text.ts';

const T = 1_790_000_000n * NS_PER_SECOND;

function rule(document: Readonly<Record<string, unknown>> = {}): VersionedRule {
  const read = parseRule('stale', { metric: 'freshness', above: 60, recoverFor: '0s', ...document });
  if (!read.ok) throw new Error(read.error.join('; '));
  return { ...read.value, version: 1n };
}

/** A copy of the monitor over a log: what it remembers beside the log is lost with it. */
class Copy {
  readonly ledger = new AlertLedger();
  readonly #name: string;
  #overSinceNs: bigint | undefined;

  constructor(name: string, log: readonly AlertEvent[]) {
    this.#name = name;
    for (const event of log) this.ledger.apply(event);
  }

  own(): AlertEvent {
    return { ...NO_EVENT, eventId: this.#name, kind: 'owned', timeNs: 0n, owner: this.#name };
  }

  /** What it would write, looking at one value of one symbol. */
  look(of: VersionedRule, value: number, nowNs: bigint, hold?: string): AlertEvent | undefined {
    const labels = { source: 'yahoo', symbol: 'AAPL' };
    const group = 'source=yahoo';
    const observation = observe(of, [{ labels, value }]).get(group) ?? nothing(group);
    const open = this.ledger.get({ rule: of.id, group });
    const step = { rule: of, observation, open, overSinceNs: this.#overSinceNs, nowNs, hold };
    const { event, overSinceNs } = evaluate(step);
    this.#overSinceNs = overSinceNs;
    return event === undefined ? undefined : { ...event, owner: this.#name };
  }
}

/** One copy, and the kinds of what it wrote. */
class World {
  readonly log: AlertEvent[] = [];
  readonly rule: VersionedRule;
  copy = new Copy('first', []);

  constructor(document?: Readonly<Record<string, unknown>>) {
    this.rule = rule(document);
    this.append(this.copy.own());
  }

  append(event: AlertEvent): boolean {
    this.log.push(event);
    return this.copy.ledger.apply(event);
  }

  at(second: number, value: number, hold?: string): string | undefined {
    const event = this.copy.look(this.rule, value, T + BigInt(second) * NS_PER_SECOND, hold);
    if (event !== undefined && !this.append(event)) throw new Error(`${event.eventId} does not count`);
    return event === undefined ? undefined : `${event.kind}${event.channels.length > 0 ? '!' : ''}`;
  }

  restart(): void {
    this.copy = new Copy(`copy ${this.log.length}`, this.log);
    this.append(this.copy.own());
  }

  get owed(): readonly OwedMessage[] {
    return [...this.copy.ledger.owed];
  }
}

const BAD = 100;
const GOOD = 10;

describe('an alert', () => {
  it('fires once the condition has held for long enough, repeats after its window, and recovers once', () => {
    const world = new World({ for: '30s', repeat: '10m', recoverFor: '1m' });
    expect([world.at(0, GOOD), world.at(10, BAD), world.at(30, BAD), world.at(40, BAD)]).toEqual([
      undefined,
      'pending',
      undefined,
      'fired!',
    ]);
    expect(world.at(100, BAD)).toBeUndefined();
    expect(world.at(639, BAD)).toBeUndefined();
    expect(world.at(640, BAD)).toBe('repeated!');
    expect(world.at(650, BAD)).toBeUndefined();
    expect([world.at(700, GOOD), world.at(730, BAD), world.at(740, GOOD), world.at(799, GOOD)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([world.at(800, GOOD), world.at(900, GOOD)]).toEqual(['recovered!', undefined]);
    expect(world.owed.map(({ about }) => about)).toEqual(['firing', 'repeat', 'recovered']);
  });

  it('is cleared where the condition did not hold for long enough', () => {
    const world = new World({ for: '30s' });
    expect([world.at(0, BAD), world.at(20, GOOD), world.at(40, BAD), world.at(69, BAD)]).toEqual([
      'pending',
      'cleared',
      'pending',
      undefined,
    ]);
    expect(world.owed).toEqual([]);
  });

  it('keeps on between the threshold and where it recovers', () => {
    const world = new World({ recoverAt: 20 });
    expect([world.at(0, BAD), world.at(1, 40), world.at(2, 20)]).toEqual(['fired!', undefined, 'recovered!']);
  });

  it('is told when what held it back is over, if it still fires', () => {
    const world = new World({ repeat: '1h' });
    expect([world.at(0, BAD, 'quiet'), world.at(10, BAD, 'quiet'), world.at(20, BAD)]).toEqual([
      'fired',
      undefined,
      'released!',
    ]);
    expect(world.owed[0]?.event.reason).toBe('');
    expect(world.at(30, BAD)).toBeUndefined();
    // The repeat window counts from when it was told.
    expect([world.at(3_610, BAD), world.at(3_620, BAD)]).toEqual([undefined, 'repeated!']);
  });

  it('that nobody was told of ends without a message', () => {
    const world = new World();
    expect([world.at(0, BAD, 'quiet'), world.at(10, GOOD, 'quiet'), world.at(20, GOOD)]).toEqual([
      'fired',
      'recovered',
      undefined,
    ]);
    expect(world.owed).toEqual([]);
  });

  it('owes its end to whoever was told of it, and is told once', () => {
    const world = new World();
    expect([world.at(0, BAD), world.at(10, GOOD, 'quiet'), world.at(20, GOOD, 'quiet')]).toEqual([
      'fired!',
      'recovered',
      undefined,
    ]);
    expect([world.at(30, GOOD), world.at(40, GOOD)]).toEqual(['released!', undefined]);
    expect(world.owed.map(({ about }) => about)).toEqual(['firing', 'recovered']);
  });

  it('that begins again before its end was told is not told again within the window', () => {
    const world = new World({ repeat: '1m' });
    expect([world.at(0, BAD), world.at(10, GOOD, 'quiet'), world.at(20, BAD), world.at(30, BAD)]).toEqual([
      'fired!',
      'recovered',
      'fired',
      undefined,
    ]);
    expect(world.at(60, BAD)).toBe('repeated!');
  });

  it('is in the log at least once a day as long as it is open', () => {
    const world = new World({ repeat: 'never' });
    const day = Number(NS_PER_DAY / NS_PER_SECOND);
    expect([world.at(0, BAD), world.at(day - 1, BAD), world.at(day, BAD), world.at(day + 1, BAD)]).toEqual([
      'fired!',
      undefined,
      'continues',
      undefined,
    ]);
  });

  it('ends with its rule, and whoever was told of it is told so', () => {
    const world = new World();
    world.at(0, BAD);
    const [open] = world.copy.ledger.open;
    if (open === undefined) throw new Error('nothing is open');
    expect(world.append({ ...close(open, 'the rule was deleted', T), owner: world.copy.ledger.owner })).toBe(
      true,
    );
    expect(world.owed.map(({ about }) => about)).toEqual(['firing', 'recovered']);
    expect([...world.copy.ledger.open]).toEqual([]);
  });
});

/** Values and what happens between two looks; every look is 10 s after the one before. */
const looks = fc.array(
  fc.record({
    value: fc.constantFrom(GOOD, 50, BAD),
    hold: fc.constantFrom(undefined, undefined, 'quiet'),
    dies: fc.boolean(),
    seconds: fc.integer({ min: 1, max: 90 }),
  }),
  { maxLength: 60 },
);
const documents = fc.record({
  for: fc.constantFrom('0s', '30s'),
  recoverFor: fc.constantFrom('0s', '20s'),
  repeat: fc.constantFrom('1m', '5m', 'never'),
  recoverAt: fc.constantFrom(20, 60),
});

/** Messages in their order: every firing or repeat at least a window after the one before unless the end was told between them. */
function expectOrderly(world: World, repeatNs: bigint | undefined): void {
  let lastNs: bigint | undefined;
  for (const { about, event } of world.owed) {
    if (about === 'recovered') {
      expect(lastNs).toBeDefined();
      lastNs = undefined;
    } else if (about === 'repeat') {
      expect(lastNs).toBeDefined();
      expect(event.timeNs - (lastNs ?? 0n)).toBeGreaterThanOrEqual(repeatNs ?? NS_PER_DAY);
      lastNs = event.timeNs;
    } else {
      expect(lastNs).toBeUndefined();
      lastNs = event.timeNs;
    }
  }
}

describe('whatever happens, and wherever the monitor dies', () => {
  it('an alert is told once, repeated never within its window, and its end is told once', () => {
    fc.assert(
      fc.property(documents, looks, (document, steps) => {
        const world = new World(document);
        let second = 0;
        for (const { value, hold, dies, seconds } of steps) {
          second += seconds;
          world.at(second, value, hold);
          if (hold !== undefined)
            expect(world.owed.every(({ event }) => event.timeNs !== T + BigInt(second) * NS_PER_SECOND)).toBe(
              true,
            );
          if (dies) world.restart();
        }
        expectOrderly(world, world.rule.repeatNs);
      }),
      { numRuns: 300 },
    );
  });

  it('what lasts is told, and its end is', () => {
    fc.assert(
      fc.property(documents, looks, (document, steps) => {
        const world = new World(document);
        let second = 0;
        for (const { value, hold, seconds, dies } of steps) {
          second += seconds;
          world.at(second, value, hold);
          if (dies) world.restart();
        }
        const told = (): string | undefined => world.owed.at(-1)?.about;
        for (let look = 0; look < 8; look += 1) world.at((second += 10), BAD);
        expect(['firing', 'repeat']).toContain(told());
        for (let look = 0; look < 8; look += 1) world.at((second += 10), GOOD);
        expect(told()).toBe('recovered');
        expect([...world.copy.ledger.open]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('a copy that was replaced changes nothing, however late it writes, and neither does a record that is there twice', () => {
    fc.assert(
      fc.property(documents, looks, fc.array(fc.boolean()), (document, steps, late) => {
        const world = new World(document);
        let zombie: Copy | undefined;
        let second = 0;
        for (const [index, { value, hold, dies, seconds }] of steps.entries()) {
          second += seconds;
          world.at(second, value, hold);
          if (dies) {
            zombie = world.copy;
            world.restart();
          }
          const again = world.log.at(-1);
          if (again !== undefined && again.kind !== 'owned') expect(world.append(again)).toBe(false);
          const stale = zombie?.look(world.rule, value, T + BigInt(second) * NS_PER_SECOND);
          if (late[index] === true && stale !== undefined) expect(world.append(stale)).toBe(false);
        }
        expectOrderly(world, world.rule.repeatNs);
        expect([...new Copy('reader', world.log).ledger.open]).toEqual([...world.copy.ledger.open]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the ledger', () => {
  it('owes a message to every channel until it is delivered or given up, and counts attempts once', () => {
    const world = new World();
    Object.assign(world, { rule: { ...rule(), channels: ['a', 'b'] } });
    world.at(0, BAD);
    const event = world.owed[0]?.event;
    if (event === undefined) throw new Error('nothing is owed');
    const of = {
      ...NO_EVENT,
      timeNs: T,
      owner: world.copy.ledger.owner,
      ofEventId: event.eventId,
      eventId: 'x',
    };
    const failed = { ...of, kind: 'delivery-failed' as const, channel: 'a', attempt: 1, reason: 'down' };
    expect([world.append(failed), world.append(failed)]).toEqual([true, false]);
    expect(world.owed.map(({ channel, attempts, failure }) => [channel, attempts, failure])).toEqual([
      ['a', 1, 'down'],
      ['b', 0, ''],
    ]);
    expect(world.append({ ...of, kind: 'delivered', channel: 'b' })).toBe(true);
    expect(world.append({ ...of, kind: 'delivered', channel: 'b' })).toBe(false);
    expect(world.append({ ...of, kind: 'given-up', channel: 'a' })).toBe(true);
    expect(world.owed).toEqual([]);
  });
});

describe('a message', () => {
  it('says what, where and how much, with the first of many by name', () => {
    const of = rule({ severity: 'critical' });
    const measurements = Array.from({ length: 500 }, (_, index) => ({
      labels: { source: 'yahoo', symbol: `S${index}` },
      value: 1_000 + index,
    }));
    const observation = observe(of, measurements).get('source=yahoo');
    if (observation === undefined) throw new Error('no group');
    expect(observation).toMatchObject({ isMet: true, memberCount: 500, value: 1_499 });
    const step = {
      rule: of,
      observation,
      open: undefined,
      overSinceNs: undefined,
      nowNs: T,
      hold: undefined,
    };
    const { event } = evaluate(step);
    if (event === undefined) throw new Error('nothing happens');
    const { title, lines, id } = messageOf({ event, about: 'firing' });
    expect(title).toBe(
      '[critical] stale (source=yahoo): freshness 1,499 s is above 60 s: S499, S498, S497 and 497 others',
    );
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('  and 480 more');
    expect(id).toBe(event.eventId);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PolicyMachine, type PolicyEvent } from './machine.ts';
import { parsePolicy, type SourcePolicy } from './policy.ts';

const STALE_MS = 10_000;
const HEALTHY_MS = 20_000;
const TICK_MS = 1000;

function policy(sources: readonly object[], more: object = {}): SourcePolicy {
  const parsed = parsePolicy('p', {
    type: 'policy',
    instruments: ['A', 'B'],
    series: { kind: 'bars', interval: '5s' },
    sources,
    fallback: { afterFailures: 2, afterStaleSeconds: STALE_MS / 1000, retryMaxSeconds: 8 },
    return: { afterHealthySeconds: HEALTHY_MS / 1000 },
    ...more,
  });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return parsed.value;
}

const LIVE = { source: 'ib', job: { type: 'ib' } };
const POLLED = { source: 'yahoo', job: { type: 'yahoo' }, everySeconds: 5 };

/** A machine with a clock of its own; the primary brings data of A and B while it flows. */
function world(of = policy([LIVE, POLLED])) {
  let nowMs = 0;
  const machine = new PolicyMachine(of, { instruments: ['A', 'B'], nowMs, inSession: true });
  const told: string[] = [];
  const apply = (event: PolicyEvent): void => {
    for (const { symbols, from, to, reason } of machine.apply(event, nowMs))
      told.push(`${nowMs / 1000} ${symbols.join('+')} ${String(from)}>${String(to)} ${reason}`);
  };
  const pass = (seconds: number, symbols: readonly string[] = [], inSession = true): void => {
    for (let second = 0; second < seconds; second++) {
      nowMs += TICK_MS;
      for (const symbol of symbols) apply({ kind: 'data', source: 0, symbol });
      if (machine.wanted(1).length > 0) apply({ kind: 'answered', source: 1 });
      apply({ kind: 'time', inSession });
    }
  };
  return { machine, told, apply, pass, now: () => nowMs };
}

describe('PolicyMachine', () => {
  it('begins with the primary, goes to the fallback when it is cut off for the time given, and back when it is healthy for the time given', () => {
    const { machine, told, apply, pass } = world();
    expect([machine.serving('A'), machine.wanted(0), machine.wanted(1)]).toEqual([0, ['A', 'B'], []]);
    apply({ kind: 'up', source: 0 });
    pass(30, ['A', 'B']);
    apply({ kind: 'down', source: 0, reason: 'closed', paced: false });
    pass(9);
    expect(told).toEqual([]);
    pass(1);
    expect([machine.wanted(0), machine.wanted(1)]).toEqual([
      ['A', 'B'],
      ['A', 'B'],
    ]);
    pass(5);
    apply({ kind: 'up', source: 0 });
    pass(30, ['A', 'B']);
    expect(told).toEqual(['40 A+B 0>1 ib: closed', '66 A+B 1>0 ib has been healthy for 20 s']);
    expect(machine.wanted(1)).toEqual([]);
  });

  it('takes only the instruments that are stale, and counts staleness in the session only', () => {
    const { machine, told, apply, pass } = world();
    apply({ kind: 'up', source: 0 });
    pass(5, ['A', 'B']);
    pass(60, [], false);
    expect(told).toEqual([]);
    pass(9, ['A']);
    pass(10, ['A']);
    expect(told).toEqual(['76 B 0>1 ib: no data for 10 s']);
    expect([machine.serving('A'), machine.wanted(0), machine.wanted(1)]).toEqual([0, ['A', 'B'], ['B']]);
    expect(machine.health(0, 85_000)).toMatchObject({ state: 'degraded', serves: 1 });
  });

  it('does not go back to a primary that flaps', () => {
    const { machine, told, apply, pass } = world();
    apply({ kind: 'up', source: 0 });
    pass(5, ['A', 'B']);
    for (let round = 0; round < 10; round++) {
      apply({ kind: 'down', source: 0, reason: 'cut', paced: false });
      pass(12);
      apply({ kind: 'up', source: 0 });
      pass(15, ['A', 'B']);
    }
    expect(told).toHaveLength(1);
    expect(machine.serving('A')).toBe(1);
  });

  it('is up without data outside the session, but goes back within it only with data', () => {
    const { told, apply, pass } = world();
    apply({ kind: 'down', source: 0, reason: 'cut', paced: false });
    pass(20);
    apply({ kind: 'up', source: 0 });
    pass(60);
    expect(told).toHaveLength(1);
    pass(21, [], false);
    expect(told).toHaveLength(2);
  });

  it('is degraded while it may be back in time, down once others serve for it, and paced where it is told to wait', () => {
    const { machine, apply, pass, now } = world();
    const health = (): string => {
      const { state, serves, reason } = machine.health(0, now());
      return `${state} ${serves} ${reason}`;
    };
    apply({ kind: 'up', source: 0 });
    pass(5, ['A', 'B']);
    apply({ kind: 'down', source: 0, reason: 'cut', paced: false });
    pass(5);
    expect(health()).toBe('degraded 2 cut');
    pass(6);
    expect(health()).toBe('down 0 cut');
    // It tries, and is cut off again at once.
    apply({ kind: 'up', source: 0 });
    apply({ kind: 'down', source: 0, reason: 'cut again', paced: false });
    expect(health()).toBe('down 0 cut again');
    apply({ kind: 'down', source: 0, reason: '429', paced: true });
    expect(health()).toBe('paced 0 429');
    apply({ kind: 'up', source: 0 });
    expect(health()).toBe('up 0 ');
    // It is there, and says nothing.
    pass(11);
    expect(health()).toBe('down 0 no data for 10 s of A, B');
    pass(30, ['A', 'B']);
    expect(health()).toBe('up 2 ');
  });

  it('takes instruments in and lets them go, and leaves the others where they are', () => {
    const { machine, told, apply, pass, now } = world();
    apply({ kind: 'up', source: 0 });
    pass(5, ['A', 'B']);
    pass(11, ['A']);
    expect(told).toEqual(['15 B 0>1 ib: no data for 10 s']);
    machine.setInstruments(['B', 'C'], now());
    expect([machine.wanted(0), machine.wanted(1), machine.size]).toEqual([['B', 'C'], ['B'], 2]);
    expect([machine.serving('A'), machine.serving('B'), machine.serving('C')]).toEqual([null, 1, 0]);
    // What joined has the whole time to bring something.
    pass(9);
    expect(told).toHaveLength(1);
    pass(1);
    expect(told.at(-1)).toBe('26 C 0>1 ib: no data for 10 s');
    machine.setInstruments([], now());
    expect([machine.wanted(0), machine.wanted(1)]).toEqual([[], []]);
    expect(machine.health(0, now()).state).toBe('idle');
  });

  it('says once that no source is left, tries all with bounded waits, and takes the first that works', () => {
    const { machine, told, apply } = world();
    for (let at = 0; at < 12; at++) {
      apply({ kind: 'failed', source: 0, reason: 'refused', paced: false });
      apply({ kind: 'failed', source: 1, reason: '429', paced: true });
    }
    expect(told).toEqual([
      '0 A+B 0>1 ib: 2 failures in a row: refused',
      expect.stringMatching(/^0 A\+B 1>null yahoo: 2 failures in a row: 429; no source is left/) as string,
    ]);
    expect(machine.nextTryMs(0)).toBe(8000);
    expect(machine.health(1, 0)).toMatchObject({ state: 'paced', serves: 0 });
    expect([machine.wanted(0), machine.wanted(1)]).toEqual([
      ['A', 'B'],
      ['A', 'B'],
    ]);
    apply({ kind: 'answered', source: 1 });
    expect(told.at(-1)).toBe('0 A+B null>1 yahoo works again');
  });

  it('serves every instrument from a source that is wanted, and goes back only to what was healthy for the whole time', () => {
    const of = policy([LIVE, POLLED, { ...LIVE, source: 'spare' }]);
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 6000 }),
      source: fc.integer({ min: 0, max: 2 }),
      what: fc.constantFrom('up', 'down', 'failed', 'answered', 'dataA', 'dataB', 'time', 'night'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let nowMs = 0;
        const machine = new PolicyMachine(of, { instruments: ['A', 'B'], nowMs, inSession: true });
        const broken = [0, 0, 0];
        for (const { afterMs, source, what } of steps) {
          nowMs += afterMs;
          const isLive = source !== 1;
          if (what === 'failed' || (what === 'down' && isLive)) broken[source] = nowMs;
          const before = new Map(['A', 'B'].map((symbol) => [symbol, machine.serving(symbol)]));
          for (const move of machine.apply(eventOf(what, source), nowMs)) {
            for (const symbol of move.symbols) expect(before.get(symbol)).toBe(move.from);
            expect(move.to).not.toBe(move.from);
            if (move.from === null || move.to === null || move.to > move.from) continue;
            // Either the whole time without a failure, or what served has failed.
            const whole = nowMs - (broken[move.to] ?? 0) >= HEALTHY_MS;
            expect(whole || !move.reason.includes('has been healthy')).toBe(true);
          }
          for (const symbol of ['A', 'B']) {
            const at = machine.serving(symbol);
            for (let index = 0; index < 3; index++)
              expect(machine.wanted(index).includes(symbol)).toBe(at === null || at >= index);
          }
          for (let index = 0; index < 3; index++)
            expect(machine.nextTryMs(index) - nowMs).toBeLessThanOrEqual(8000);
        }
      }),
    );
  });
});

function eventOf(what: string, source: number): PolicyEvent {
  switch (what) {
    case 'up':
    case 'answered':
      return { kind: what, source };
    case 'down':
    case 'failed':
      return { kind: what, source, reason: 'r', paced: false };
    case 'dataA':
    case 'dataB':
      return { kind: 'data', source, symbol: what.slice(4) };
    default:
      return { kind: 'time', inSession: what === 'time' };
  }
}

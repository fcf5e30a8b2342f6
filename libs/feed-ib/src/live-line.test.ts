import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveLine, type Numbered } from './live-line.ts';

interface Tick {
  readonly time: number;
  readonly id: number;
}

/** What happens, in order; the line sees ticks only while it is subscribed, and history answers what the market knows so far. */
type Step = { readonly kind: 'tick'; readonly gap: number } | { readonly kind: 'cut' | 'restore' | 'repair' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('tick' as const), gap: fc.constantFrom(0, 0, 0, 1, 3) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'restore' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repair' as const) }) },
);

class Market {
  readonly ticks: Tick[] = [];
  now = 1000;
  readonly got: string[] = [];
  readonly line: LiveLine<Tick>;

  constructor(maxHeld: number) {
    this.line = new LiveLine<Tick>({ unitSeconds: 1, maxHeld, doneBeforeSeconds: 1000 });
    this.line.active();
  }

  take(numbered: readonly Numbered<Tick>[]): void {
    for (const { event, seq } of numbered) this.got.push(`${event.time}/${seq}=${event.id}`);
  }

  tick(gap: number): void {
    this.now += gap;
    const tick = { time: this.now, id: this.ticks.length };
    this.ticks.push(tick);
    const delivered = this.line.live(tick);
    if (delivered !== undefined && delivered !== 'late') this.take([delivered]);
  }

  /** History is whole up to the running second. */
  repair(pieceSeconds = 2): void {
    for (;;) {
      const missing = this.line.missing(this.now);
      if (missing === undefined || missing.toSeconds > this.now) break;
      const toSeconds = Math.min(missing.toSeconds, missing.fromSeconds + pieceSeconds);
      const answer = this.ticks.filter(({ time }) => time >= missing.fromSeconds && time < toSeconds);
      this.take(this.line.history(answer, toSeconds));
    }
    this.take(this.line.catchUp() ?? []);
  }

  expected(before: number): string[] {
    const counts = new Map<number, number>();
    return this.ticks.flatMap(({ time, id }) => {
      const seq = counts.get(time) ?? 0;
      counts.set(time, seq + 1);
      return time < before ? [`${time}/${seq}=${id}`] : [];
    });
  }
}

describe('LiveLine', () => {
  it('delivers every event once, in order and under the number that history gives it, whatever is cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 120 }),
        fc.integer({ min: 1, max: 30 }),
        (steps, maxHeld) => {
          const market = new Market(maxHeld);
          for (const step of steps) {
            if (step.kind === 'tick') market.tick(step.gap);
            else if (step.kind === 'cut') market.line.outage();
            else if (step.kind === 'restore') {
              if (market.line.mode === 'down') market.line.active();
            } else market.repair();
          }
          // The end of it: connected, a tick in a later second, and time enough for history to know it.
          if (market.line.mode === 'down') market.line.active();
          market.tick(2);
          market.now += 2;
          market.repair();
          market.tick(0);
          expect(market.line.mode).toBe('live');
          expect(market.got).toEqual(market.expected(Infinity));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('begins with the first second that it hears whole when nothing is stored', () => {
    const line = new LiveLine<Tick>({ unitSeconds: 1, maxHeld: 10 });
    line.active();
    const heard = [5, 5, 6, 6].map((time, id) => line.live({ time, id }));
    expect([heard, line.missing(100)]).toEqual([[undefined, undefined, undefined, undefined], undefined]);
    expect(line.catchUp()?.map(({ event, seq }) => [event.time, seq])).toEqual([
      [6, 0],
      [6, 1],
    ]);
    expect(line.live({ time: 6, id: 9 })).toMatchObject({ seq: 2 });
  });

  it('is a bar line with units of five seconds', () => {
    const line = new LiveLine<Tick>({ unitSeconds: 5, maxHeld: 10, doneBeforeSeconds: 100 });
    line.active();
    line.live({ time: 120, id: 0 });
    expect(line.missing(0)).toEqual({ fromSeconds: 100, toSeconds: 125 });
    const repaired = line.history(
      [105, 110, 120].map((time, id) => ({ time, id })),
      125,
    );
    expect([repaired.length, line.catchUp(), line.live({ time: 125, id: 1 })]).toEqual([
      3,
      [],
      { event: { time: 125, id: 1 }, seq: 0 },
    ]);
  });

  it('tells late events, and goes on without history when it is given up', () => {
    const line = new LiveLine<Tick>({ unitSeconds: 1, maxHeld: 10, doneBeforeSeconds: 100 });
    line.active();
    line.live({ time: 120, id: 0 });
    line.live({ time: 121, id: 1 });
    expect(line.catchUp()).toBeUndefined();
    expect(line.giveUp()).toEqual({ fromSeconds: 100, toSeconds: 121 });
    expect(line.catchUp()?.length).toBe(1);
    expect(line.live({ time: 120, id: 2 })).toBe('late');
    line.active();
    line.live({ time: 125, id: 3 });
    line.history([{ time: 124, id: 4 }], 126);
    line.catchUp();
    // History has brought it.
    expect(line.live({ time: 124, id: 4 })).toBeUndefined();
  });

  it('knows that history is not complete when it has less than was heard', () => {
    const line = new LiveLine<Tick>({ unitSeconds: 1, maxHeld: 10, doneBeforeSeconds: 100 });
    const ticks = (...times: number[]): Tick[] => times.map((time, id) => ({ time, id }));
    line.active();
    for (const tick of ticks(120, 120, 121)) line.live(tick);
    expect(line.isShort(ticks(100, 120), 121)).toBe(true);
    expect(line.isShort(ticks(100, 120, 120), 121)).toBe(false);
    expect(line.isShort(ticks(100), 110)).toBe(false);
    line.history(ticks(120, 120), 121);
    line.catchUp();
    line.outage();
    line.active();
    // One event of second 121 was delivered before the outage.
    expect([line.isShort([], 122), line.isShort(ticks(121), 122)]).toEqual([true, false]);
  });
});

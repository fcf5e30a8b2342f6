import { readState, StateWriter } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../settings/settings.ts';
import { distance, PriceState, type Move } from './price-state.ts';

const { rules } = DEFAULT_SETTINGS.of('X');

function stateOf(moves: readonly Move[]): PriceState {
  const state = new PriceState();
  moves.forEach((move, index) => {
    state.take(move, BigInt(index), rules);
  });
  return state;
}

function bytesOf(state: PriceState): Uint8Array {
  const writer = new StateWriter();
  state.write(writer);
  return writer.finish();
}

/** A cent up, a cent down, a second apart. */
function calm(count: number): Move[] {
  return Array.from({ length: count }, (_value, index) => ({ price: 100 + (index % 2) / 100, gapS: 1 }));
}

describe('PriceState', () => {
  it('says nothing before it knows the stream: the first price may have been the wrong one', () => {
    expect(stateOf(calm(19)).isFar({ price: 1, gapS: 1 }, rules)).toBe(false);
    expect(stateOf(calm(20)).isFar({ price: 1, gapS: 1 }, rules)).toBe(true);
  });

  it('measures moves in what is usual and in the root of the time between', () => {
    const wild = stateOf(
      Array.from({ length: 200 }, (_value, index) => ({ price: 100 + 2 * (index % 2), gapS: 1 })),
    );
    expect(wild.limit(1, rules)).toBeGreaterThan(0.25);
    expect(wild.limit(400, rules) / wild.limit(1, rules)).toBeCloseTo(20, 0);
    const quiet = stateOf(calm(200));
    expect(quiet.limit(1, rules)).toBe(rules.outlierMinMove);
  });

  it('is moved by no single price, however wrong', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (wrong) => {
        const state = stateOf(calm(100));
        const before = state.limit(10_000, rules);
        state.take({ price: wrong, gapS: 1 }, 0n, rules);
        state.take({ price: 100, gapS: 1 }, 0n, rules);
        expect(state.limit(10_000, rules) / before).toBeLessThan(1.05 ** 2 * 1.001);
        expect(distance(state.trusted, 100)).toBeLessThanOrEqual(rules.outlierMinMove);
      }),
    );
  });

  it('follows a crash: each print that others confirm is the new level', () => {
    const crash = stateOf([
      ...calm(50),
      ...[90, 90, 90, 60, 60, 60, 20, 20, 20].map((price) => ({ price, gapS: 1 })),
    ]);
    expect(crash.trusted).toBe(20);
    const rush = stateOf([
      ...calm(50),
      ...[90, 80, 70, 60, 50, 40, 30, 20, 15, 10].map((price) => ({ price, gapS: 1 })),
    ]);
    expect(rush.trusted).toBe(10);
  });

  it('lets the third price through that repeats what was kept back', () => {
    const state = stateOf(calm(50));
    expect(state.insists(1000)).toBe(false);
    state.hold(1000);
    expect(state.insists(1001)).toBe(false);
    state.hold(1001);
    expect(state.insists(1000)).toBe(true);
    state.take({ price: 100, gapS: 1 }, 0n, rules);
    expect(state.insists(1000)).toBe(false);
  });

  it('is the same after being written and read, and goes on the same way', () => {
    const move = fc.record({
      price: fc.constantFrom(100, 100.01, 99.99, 120, 5, -3, 0),
      gapS: fc.constantFrom(0, 1, 60),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), fc.array(move, { maxLength: 20 }), (before, after) => {
        const state = stateOf(before);
        state.hold(before[0]?.price ?? 1);
        const read = readState(bytesOf(state), (reader) => PriceState.read(reader));
        if (!read.ok) throw new Error(read.error);
        for (const copy of [state, read.value])
          after.forEach((next, index) => {
            copy.take(next, BigInt(index), rules);
          });
        expect(bytesOf(read.value)).toEqual(bytesOf(state));
      }),
    );
  });
});

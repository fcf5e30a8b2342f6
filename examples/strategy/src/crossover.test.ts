import { describe, expect, it } from 'vitest';
import { Crossover } from './crossover.ts';

function signals(strategy: Crossover, closes: readonly number[]): (string | undefined)[] {
  return closes.map((close, index) => strategy.add(BigInt(index), close)?.side);
}

describe('Crossover', () => {
  it('signals when the averages cross, not before it knows both, not twice', () => {
    const closes = [5, 5, 5, 6, 7, 8, 4, 2, 1, 9, 12];
    const quiet = undefined;
    expect(signals(new Crossover(1, 3), closes)).toEqual([
      ...[quiet, quiet, quiet, quiet, quiet, quiet],
      'sell',
      ...[quiet, quiet],
      'buy',
      quiet,
    ]);
  });

  it('gives the averages at the crossing', () => {
    const strategy = new Crossover(1, 2);
    signals(strategy, [4, 2]);
    expect(strategy.add(2n, 6)).toEqual({ side: 'buy', fast: 6, slow: 4 });
  });

  it('takes a correction into the averages that follow', () => {
    const strategy = new Crossover(1, 2);
    signals(strategy, [4, 2]);
    expect(strategy.add(1n, 10)).toBeUndefined();
    expect(strategy.add(2n, 6)).toBeUndefined();
    expect(strategy.add(3n, 8)?.side).toBe('buy');
  });

  it.each([
    [0, 3],
    [3, 3],
    [1.5, 3],
  ])('refuses fast %d and slow %d', (fast, slow) => {
    expect(() => new Crossover(fast, slow)).toThrow(RangeError);
  });
});

import type { IndicatorInput } from '@tickwell/indicators';

/** A random walk of minute bars, the same in every run. */
export function walkBars(count: number): readonly IndicatorInput[] {
  let seed = 42;
  const random = (): number => {
    seed = (Math.imul(1_664_525, seed) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  let close = 100;
  return Array.from({ length: count }, (_bar, index) => {
    const open = close;
    close = Math.max(1, Math.round((open + random() - 0.5) * 100) / 100);
    return {
      open,
      high: Math.max(open, close) + random() / 10,
      low: Math.min(open, close) - random() / 10,
      close,
      volume: Math.floor(random() * 10_000),
      startNs: BigInt(index) * 60_000_000_000n,
    };
  });
}

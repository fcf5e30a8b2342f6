/** Comparisons of what clients printed with what was expected. The answer is what is wrong; undefined: nothing. */
import type { MarketBar } from '../market/market.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Averages of weeks are rounded twice, of days and of weeks. */
const WAP_TOLERANCE = 1e-5;

/** Bars as history has them. */
export function sameBars(
  got: readonly Row[],
  expected: readonly MarketBar[],
  time: (bar: MarketBar) => string,
): string | undefined {
  if (got.length !== expected.length) return `${got.length} bars instead of ${expected.length}`;
  for (const [index, bar] of expected.entries()) {
    const { open, high, low, close, volume, count } = bar;
    const answer = { ...got[index], time: String(got[index]?.['time']) };
    const problem = sameFields(answer, { time: time(bar), open, high, low, close, volume, count });
    if (problem !== undefined) return problem;
    if (Math.abs(Number(got[index]?.['wap']) - bar.wap) > WAP_TOLERANCE)
      return `wap ${show(got[index])}, not ${bar.wap}`;
  }
  return expected.length > 0 ? undefined : 'none';
}

export function samePrefix<T>(
  got: readonly Row[],
  expected: Iterable<T>,
  shape: (item: T) => Row,
): string | undefined {
  if (got.length === 0) return 'none';
  let index = 0;
  for (const item of expected) {
    const answer = got[index];
    if (answer === undefined) return undefined;
    const problem = sameFields(answer, shape(item));
    if (problem !== undefined) return `tick ${index}: ${problem}`;
    index++;
  }
  return got.length === index ? undefined : `${got.length - index} too many`;
}

/** Every tick is one of the market's, none before the one that came before it. */
export function inOrder(got: readonly Row[], expected: readonly Row[]): string | undefined {
  let from = 0;
  for (const tick of got) {
    const at = expected.findIndex((item, index) => index >= from && isTick(tick, item));
    if (at < 0) return `not in the market after the one before: ${show(tick)}`;
    from = at + 1;
  }
  return got.length > 0 ? undefined : 'none';
}

function isTick(tick: Row, item: Row): boolean {
  const names = ['price', 'size', 'exchange', 'bid', 'ask', 'bidSize', 'askSize'];
  const sameTime = tick['time'] === undefined || tick['time'] === Math.floor(Number(item['timeMs']) / 1000);
  return sameTime && names.every((name) => tick[name] === undefined || tick[name] === item[name]);
}

export function finite(value: unknown, names: readonly string[]): string | undefined {
  const wrong = names.find((name) => !Number.isFinite(row(value)[name]));
  return wrong === undefined ? undefined : `${wrong} of ${show(value)}`;
}

export function within(value: number, from: number, to: number): string | undefined {
  return value >= from && value <= to ? undefined : `${value} is not from ${from} to ${to}`;
}

export function same(value: unknown, expected: unknown): string | undefined {
  return JSON.stringify(value) === JSON.stringify(expected)
    ? undefined
    : `${show(value)}, not ${show(expected)}`;
}

export function sameFields(value: Row, expected: Row): string | undefined {
  const wrong = Object.keys(expected).find((name) => value[name] !== expected[name]);
  return wrong === undefined ? undefined : `${wrong} is ${show(value[wrong])}, not ${show(expected[wrong])}`;
}

export function row(value: unknown): Row {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function rows(value: unknown): readonly Row[] {
  return Array.isArray(value) ? value.map(row) : [];
}

export function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 300);
}

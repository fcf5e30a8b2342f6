import { intervalStartNs, type Interval } from '@tickwell/domain';
import { firstAbove } from './search.ts';
import type { SessionTable } from './table.ts';

const SECOND_NS = 1_000_000_000n;
const DAY_NS = 86_400n * SECOND_NS;

/** Bars one after another: `count` of them, `stepNs` apart. */
export interface ExpectedRun {
  readonly startNs: bigint;
  readonly count: number;
  readonly stepNs: bigint;
}

/** Bars of a part of a day, on multiples of their length since midnight UTC. A bar that two stretches share is there once. */
export function* fixedRuns(
  { starts, ends }: SessionTable,
  lengthNs: bigint,
  fromNs: bigint,
  toNs: bigint,
): Generator<ExpectedRun> {
  const length = Number(lengthNs / SECOND_NS);
  const end = ceilDivide(toNs, lengthNs);
  let next = ceilDivide(fromNs, lengthNs);
  // Bars are numbered since the epoch; a stretch holds those from the one of its start to the one of its last second.
  const endOf = (at: number): number => Math.ceil(((ends[at] ?? 0) * 60) / length);
  const first = firstAbove(starts.length, (at) => endOf(at) > next);
  for (let at = first; at < starts.length && next < end; at += 1) {
    const from = Math.max(next, Math.floor(((starts[at] ?? 0) * 60) / length));
    const to = Math.min(end, endOf(at));
    if (to <= from) continue;
    yield { startNs: BigInt(from) * lengthNs, count: to - from, stepNs: lengthNs };
    next = to;
  }
}

/** Bars of a day, a week, a month: one for each that has a session. */
export function* dailyRuns(
  { days }: SessionTable,
  interval: Interval,
  fromNs: bigint,
  toNs: bigint,
): Generator<ExpectedRun> {
  const fromDay = Number(ceilDivideBig(fromNs, DAY_NS));
  let last: bigint | undefined;
  for (
    let at = firstAbove(days.length, (index) => (days[index] ?? 0) >= fromDay);
    at < days.length;
    at += 1
  ) {
    const startNs = intervalStartNs(interval, BigInt(days[at] ?? 0) * DAY_NS);
    if (startNs >= toNs) return;
    if (startNs < fromNs || startNs === last) continue;
    last = startNs;
    yield { startNs, count: 1, stepNs: DAY_NS };
  }
}

export function* startsOf(runs: Iterable<ExpectedRun>): Generator<bigint> {
  for (const { startNs, count, stepNs } of runs) {
    for (let index = 0, start = startNs; index < count; index += 1, start += stepNs) yield start;
  }
}

export function countBars(runs: Iterable<ExpectedRun>): number {
  let count = 0;
  for (const run of runs) count += run.count;
  return count;
}

function ceilDivide(value: bigint, step: bigint): number {
  return Number(ceilDivideBig(value, step));
}

/** Of values after the epoch. */
function ceilDivideBig(value: bigint, step: bigint): bigint {
  return (value + step - 1n) / step;
}

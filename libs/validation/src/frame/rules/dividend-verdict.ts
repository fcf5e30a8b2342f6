import type { ActionEvent, AdjustmentRatio } from '../adjustment-steps.ts';
import { median } from '../robust.ts';
import type { PriceSeries } from '../series.ts';
import { percent } from './bar-shape.ts';

/** Share of a yield that record and adjustment may differ by: some vendors divide by the close of the ex date. */
const YIELD_TOLERANCE = 0.1;
const HUNDRED_TOLERANCE = 0.15;
/** Larger regular dividends are rarer than wrong ones. */
const MAX_USUAL_YIELD = 0.15;
/** Of one event the price says at most so much (log odds), and together it must say more than the limit. */
const MAX_EVIDENCE = 4;
const DECISIVE = 3;
const MIN_SIGMA = 0.003;
const PHANTOM_DAYS = 17;
const PHANTOM_AMOUNT = 1.35;
const MIN_CADENCE_DAYS = 45;
const NS_PER_DAY = 86_400_000_000_000n;

/** What is to be thought of one recorded or adjusted-for action. */
export interface EventVerdict {
  readonly event: ActionEvent;
  /** What the ratio of the rows before should be, over that of the rows after. */
  readonly factor: number;
  /** Why the adjusted close of the rows before is wrong; undefined: it is not. */
  readonly adjustment?: string;
  /** What is wrong with the record. */
  readonly dividend?: {
    readonly problem: 'wrong' | 'phantom' | 'missing';
    readonly message: string;
    /** The dividend it should be, where that is known. */
    readonly right?: number;
  };
}

/** An event with what was measured of it. */
interface Measured {
  readonly event: ActionEvent;
  /** Close before. */
  readonly before: number;
  /** Share of the price that is recorded as paid. */
  readonly recorded: number;
  /** Ratio before over ratio after. */
  readonly step: number;
  /** Share of the price that is adjusted for. */
  readonly adjusted: number;
  readonly noise: number;
}

type Mismatch = 'none' | 'hundredth' | 'hundredfold' | 'gains' | 'other';

/** Verdicts by place; only places where the ratio changes or should. */
export function judgeEvents(
  series: PriceSeries,
  ratio: AdjustmentRatio,
  events: readonly ActionEvent[],
): ReadonlyMap<number, EventVerdict> {
  const measured = events.map((event, index) => measure(series, ratio, events, { event, index }));
  const evidence = pooledEvidence(series, measured);
  const verdicts = new Map<number, EventVerdict>();
  for (const one of measured) verdicts.set(one.event.at, verdictOf(series, one, evidence));
  for (const phantom of phantoms(series, measured, verdicts)) verdicts.set(phantom.event.at, phantom);
  for (const step of unrecordedSteps(series, ratio, verdicts)) verdicts.set(step.event.at, step);
  return verdicts;
}

function measure(
  series: PriceSeries,
  ratio: AdjustmentRatio,
  events: readonly ActionEvent[],
  { event, index }: { readonly event: ActionEvent; readonly index: number },
): Measured {
  const before = series.close(event.at - 1);
  const limits = { from: events[index - 1]?.at ?? 0, to: events[index + 1]?.at ?? series.length };
  const plainStep = ratio.step(event.at, limits);
  // Raw prices with an adjusted close: the step contains the split as well.
  const isRaw = Math.abs(Math.log(plainStep * event.split)) < Math.abs(Math.log(plainStep));
  const step = event.split !== 1 && isRaw ? plainStep * event.split : plainStep;
  const noise = ratio.noise(event.at - 1) + ratio.noise(event.at);
  return { event, before, recorded: event.dividend / before, step, adjusted: 1 - step, noise };
}

function mismatchOf({ event, before, recorded, adjusted, noise }: Measured): Mismatch | undefined {
  if (isSame(adjusted, recorded, noise)) return undefined;
  if (Math.abs(adjusted) <= Math.max(2 * noise, 0.002 * recorded)) return 'none';
  const total = (event.dividend + event.capitalGains) / before;
  if (event.capitalGains > 0 && isSame(adjusted, total, noise)) return 'gains';
  if (isTimes(adjusted * 100, recorded, noise * 100)) return 'hundredth';
  return isTimes(adjusted, recorded * 100, noise) ? 'hundredfold' : 'other';
}

function isSame(adjusted: number, recorded: number, noise: number): boolean {
  return Math.abs(adjusted - recorded) <= YIELD_TOLERANCE * recorded + 2 * noise;
}

function isTimes(value: number, other: number, noise: number): boolean {
  return Math.abs(value - other) <= HUNDRED_TOLERANCE * other + 2 * noise;
}

/**
 * Log odds that the price fell by the first share rather than by the second, from the return of the ex date; 0 where nothing was
 * traded.
 */
function evidenceFor(series: PriceSeries, at: number, first: number, second: number): number {
  if (series.isCarried(at)) return 0;
  if (first >= 1 || second >= 1) return first >= 1 ? -MAX_EVIDENCE : MAX_EVIDENCE;
  const sigma = Math.max(MIN_SIGMA, series.sigmaAround(at));
  const off = (share: number): number => (series.returnAt(at) - Math.log1p(-share)) / sigma;
  const odds = (off(second) ** 2 - off(first) ** 2) / 2;
  return Math.max(-MAX_EVIDENCE, Math.min(MAX_EVIDENCE, odds));
}

/** A cause that spoils one adjustment spoils others: what the price says is summed over events of one kind of mismatch. */
function pooledEvidence(series: PriceSeries, measured: readonly Measured[]): ReadonlyMap<Mismatch, number> {
  const sums = new Map<Mismatch, number>();
  for (const one of measured) {
    const kind = mismatchOf(one);
    if (kind === undefined) continue;
    const odds = evidenceFor(series, one.event.at, one.recorded, one.adjusted);
    sums.set(kind, (sums.get(kind) ?? 0) + odds);
  }
  return sums;
}

function verdictOf(
  series: PriceSeries,
  one: Measured,
  evidence: ReadonlyMap<Mismatch, number>,
): EventVerdict {
  const { event, recorded, adjusted, step } = one;
  const kind = mismatchOf(one);
  if (recorded >= 1) return impossibleDividend(one, kind);
  if (!(step > 0) || step === Infinity) return adjustmentWrong(one, 'below zero or infinite before');
  if (kind === undefined) {
    return isTooLarge(series, one) ? bothWrong(one) : { event, factor: one.step };
  }
  const odds = evidence.get(kind) ?? 0;
  if (kind === 'gains' && odds < DECISIVE && (odds < -DECISIVE || event.capitalGains > event.dividend)) {
    return { event, factor: one.step };
  }
  if (isRecordWrong(kind, odds, one)) {
    const right =
      kind === 'hundredth' ? event.dividend / 100 : kind === 'hundredfold' ? event.dividend * 100 : undefined;
    return {
      event,
      factor: one.step,
      dividend: {
        problem: 'wrong',
        message: `dividend ${event.dividend} is ${percent(recorded)} of the price before, adjusted close contains ${percent(adjusted)}, and the price agrees with that`,
        ...(right === undefined ? {} : { right }),
      },
    };
  }
  return adjustmentWrong(one, MISMATCH_TEXT[kind]);
}

const MISMATCH_TEXT: Readonly<Record<Mismatch, string>> = {
  none: 'not at all before',
  hundredth: 'a hundredth of it before',
  hundredfold: 'a hundred times of it before',
  gains: 'with the capital gains counted twice before',
  other: 'another share before',
};

function isRecordWrong(kind: Mismatch, odds: number, { recorded, adjusted }: Measured): boolean {
  if (kind === 'gains') return false;
  if (odds > DECISIVE) return false;
  if (odds < -DECISIVE) return true;
  if (kind === 'hundredth') return recorded > MAX_USUAL_YIELD;
  return kind === 'hundredfold' && adjusted < MAX_USUAL_YIELD && recorded < 5e-4;
}

function adjustmentWrong({ event, recorded, adjusted }: Measured, how: string): EventVerdict {
  return {
    event,
    factor: 1 - recorded,
    adjustment: `the dividend of ${event.dividend} is ${percent(recorded)} of the price, and is contained ${how} (${percent(adjusted)})`,
  };
}

function impossibleDividend(one: Measured, kind: Mismatch | undefined): EventVerdict {
  const { event, recorded, before } = one;
  const right = event.dividend / 100;
  const message = `dividend ${event.dividend} is not below the price before it, ${before}`;
  const dividend = { problem: 'wrong', message, ...(right < before / 2 ? { right } : {}) } as const;
  const stepIsUsable = one.step > 0 && one.step < Infinity && kind !== undefined;
  if (stepIsUsable) return { event, factor: one.step, dividend };
  return {
    event,
    factor: 1 - recorded / 100,
    dividend,
    adjustment: `it contains a dividend of ${event.dividend}, which is more than the price`,
  };
}

/** Record and adjustment agree, and the price did not move: a large one that nobody noticed was none, or a hundredth. */
function isTooLarge(series: PriceSeries, { event, recorded }: Measured): boolean {
  if (recorded < MAX_USUAL_YIELD / 1.5 || series.isCarried(event.at)) return false;
  const sigma = Math.max(MIN_SIGMA, series.sigmaAround(event.at));
  const fall = -series.returnAt(event.at);
  const expected = -Math.log1p(-recorded);
  return fall < 0.3 * expected && expected - fall > 6 * sigma;
}

function bothWrong({ event, recorded }: Measured): EventVerdict {
  return {
    event,
    factor: 1 - recorded / 100,
    dividend: {
      problem: 'wrong',
      message: `dividend ${event.dividend} is ${percent(recorded)} of the price before, which did not fall by it`,
      right: event.dividend / 100,
    },
    adjustment: `it contains a dividend of ${event.dividend}, which the price did not fall by`,
  };
}

/** Of two records of one payment, the one that the price says less for. */
function phantoms(
  series: PriceSeries,
  measured: readonly Measured[],
  verdicts: ReadonlyMap<number, EventVerdict>,
): readonly EventVerdict[] {
  const paid = measured.filter(({ event }) => event.dividend > 0);
  const found: EventVerdict[] = [];
  for (let index = 1; index < paid.length; index++) {
    const [first, second] = [paid[index - 1], paid[index]];
    if (first === undefined || second === undefined) continue;
    const [a, b] = [amountOf(first, verdicts), amountOf(second, verdicts)];
    const gap = daysBetween(series, first.event, second.event);
    if (gap > PHANTOM_DAYS || Math.max(a / b, b / a) > PHANTOM_AMOUNT) continue;
    if (usualGap(series, paid, index) < Math.max(MIN_CADENCE_DAYS, 3 * gap)) continue;
    const [forFirst, forSecond] = [support(series, first, a), support(series, second, b)];
    if (forFirst > DECISIVE && forSecond > DECISIVE) continue;
    found.push(phantom(forFirst >= forSecond ? second : first, forFirst >= forSecond ? first : second));
  }
  return found;
}

function amountOf({ event }: Measured, verdicts: ReadonlyMap<number, EventVerdict>): number {
  return verdicts.get(event.at)?.dividend?.right ?? event.dividend;
}

function support(series: PriceSeries, { event, before }: Measured, amount: number): number {
  return evidenceFor(series, event.at, amount / before, 0);
}

function daysBetween(series: PriceSeries, first: ActionEvent, second: ActionEvent): number {
  const time = (row: number): bigint => series.frame.timeNs[row] ?? 0n;
  return Number((time(second.row) - time(first.row)) / NS_PER_DAY);
}

/** Median days between payments, without the pair itself; Infinity where there are no others. */
function usualGap(series: PriceSeries, paid: readonly Measured[], pair: number): number {
  const gaps: number[] = [];
  for (let index = 1; index < paid.length; index++) {
    const [first, second] = [paid[index - 1], paid[index]];
    if (index !== pair && first !== undefined && second !== undefined) {
      gaps.push(daysBetween(series, first.event, second.event));
    }
  }
  return gaps.length === 0 ? Infinity : median(gaps);
}

function phantom(none: Measured, real: Measured): EventVerdict {
  const isAdjustedFor = Math.abs(none.adjusted) > 4 * none.noise;
  return {
    event: none.event,
    factor: 1,
    dividend: {
      problem: 'phantom',
      message: `dividend ${none.event.dividend} is recorded a second time within days (${real.event.dividend}), and the price says less for this one`,
      right: 0,
    },
    ...(isAdjustedFor
      ? { adjustment: `it contains a dividend of ${none.event.dividend} that was none` }
      : {}),
  };
}

/** Lasting changes of the ratio that no action explains. Without a record of dividends they are what the dividends were. */
function unrecordedSteps(
  series: PriceSeries,
  ratio: AdjustmentRatio,
  verdicts: ReadonlyMap<number, EventVerdict>,
): readonly EventVerdict[] {
  const found: EventVerdict[] = [];
  const recordsDividends = series.frame.dividends !== undefined;
  for (let at = 1; at < series.length; at++) {
    if (verdicts.has(at) || !isStep(ratio, at, verdicts)) continue;
    const factor = ratio.step(at, { from: at - 3, to: at + 3 });
    const event: ActionEvent = { at, row: series.row(at), dividend: 0, capitalGains: 0, split: 1 };
    found.push(recordsDividends ? unrecorded(series, event, factor) : { event, factor });
  }
  return found;
}

function isStep(ratio: AdjustmentRatio, at: number, verdicts: ReadonlyMap<number, EventVerdict>): boolean {
  const limit = Math.max(5e-4, 4 * (ratio.noise(at) + ratio.noise(at - 1)));
  const differs = (a: number, b: number): boolean => !(Math.abs(ratio.at(a) / ratio.at(b) - 1) <= limit);
  if (!differs(at - 1, at)) return false;
  for (const near of [at - 2, at - 1, at + 1, at + 2]) if (verdicts.has(near)) return false;
  const holds = (a: number, b: number): boolean => Number.isNaN(ratio.at(a)) || !differs(a, b);
  return holds(at - 2, at - 1) && holds(at - 3, at - 1) && holds(at + 1, at) && holds(at + 2, at);
}

function unrecorded(series: PriceSeries, event: ActionEvent, factor: number): EventVerdict {
  const share = 1 - factor;
  const isDividend = share > 0 && share < 1 && evidenceFor(series, event.at, share, 0) > -DECISIVE;
  if (!isDividend) {
    return { event, factor: 1, adjustment: `it changes by ${percent(share)} where no dividend is` };
  }
  const right = share * series.close(event.at - 1);
  return {
    event,
    factor,
    dividend: {
      problem: 'missing',
      message: `adjusted close contains a dividend of about ${Number(right.toPrecision(4))} on this day, and none is recorded`,
      right,
    },
  };
}

import { AdjustmentRatio, actionEvents } from '../adjustment-steps.ts';
import type { FrameContext, FrameRule, Sink } from '../frame-rule.ts';
import type { PriceSeries } from '../series.ts';
import { percent } from './bar-shape.ts';
import { judgeEvents, type EventVerdict } from './dividend-verdict.ts';

/** An adjusted close that is off by less harms nobody's returns. */
const TOLERANCE = 5e-4;
const NOISE_TIMES = 4;
const MAX_BLIP_ROWS = 5;

export const ADJUSTMENT_WRONG: FrameRule = {
  id: 'adjustment-wrong',
  severity: 'flag',
  description:
    'Adjusted close of the rows before a dividend does not contain it: not at all, a hundredth or a hundred times of it, with capital gains counted twice, below zero, or for a dividend that was none. All rows before it are wrong, up to where another error makes up for it.',
  reason:
    'By definition every adjusted close before an ex date is multiplied by 1 - dividend / close before. Where record and adjustment differ, the fall of the price over all ex dates says which of them is right; where it does not, the yield that is usual does.',
  example:
    '`close 4.83, dividend 0.3357` the day after, and the same adjusted close as close before it: 7 % are missing.',
  parameters: { tolerance: TOLERANCE },
};

export const ADJUSTMENT_ODD: FrameRule = {
  id: 'adjustment-odd',
  severity: 'flag',
  description:
    'Adjusted close of a few rows has another ratio to close than the rows around, without a reason.',
  reason: 'The ratio changes on ex dates only.',
  example: '`close 10, 10, 10, adjusted 9.5, 9.1, 9.5`.',
  parameters: { maxRows: MAX_BLIP_ROWS },
};

export const DIVIDEND_WRONG: FrameRule = {
  id: 'dividend-wrong',
  severity: 'quarantine',
  description:
    'Recorded dividend cannot be: as large as the price, or far larger than the fall of the price and the adjustment, mostly a hundredfold (pence as pounds).',
  reason: 'On the ex date a share is worth less by the dividend.',
  example: '`close 0.89, dividend 0.40`, and the price falls by 0.02: it was 0.004.',
  parameters: {},
};

export const DIVIDEND_PHANTOM: FrameRule = {
  id: 'dividend-phantom',
  severity: 'quarantine',
  description:
    'The same dividend is recorded twice within some days, though it is paid a few times a year; the one that the price does not fall on is none.',
  reason: 'One payment has one ex date.',
  example: '`dividend 3.85` on 20 and on 21 April.',
  parameters: {},
};

export const DIVIDEND_MISSING: FrameRule = {
  id: 'dividend-missing',
  severity: 'flag',
  description:
    'The adjusted close of the rows before a day contains a dividend that the dividends do not record.',
  reason: 'The ratio of adjusted to plain close changes on ex dates only.',
  example: '`close 100, 98, adjusted 98, 98, dividends 0, 0`.',
  parameters: {},
};

const EVENT_RULES = {
  wrong: DIVIDEND_WRONG,
  phantom: DIVIDEND_PHANTOM,
  missing: DIVIDEND_MISSING,
} as const;

/** What adjusted close and dividends should be; by row of the frame. */
export interface AdjustmentRepair {
  readonly adjusted: ReadonlyMap<number, number>;
  readonly dividends: ReadonlyMap<number, number>;
}

/** Compares the adjusted close, where there is one, with the dividends. */
export function findAdjustmentErrors({ series }: FrameContext, sink: Sink): AdjustmentRepair {
  if (series.frame.adjClose === undefined) return { adjusted: new Map(), dividends: new Map() };
  const ratio = new AdjustmentRatio(series);
  const events = series.frame.dividends === undefined ? [] : actionEvents(series);
  const verdicts = judgeEvents(series, ratio, events);
  const dividends = new Map<number, number>();
  for (const verdict of verdicts.values()) {
    if (verdict.dividend === undefined) continue;
    sink.row(EVENT_RULES[verdict.dividend.problem], verdict.event.row, verdict.dividend.message);
    if (verdict.dividend.right !== undefined) dividends.set(verdict.event.row, verdict.dividend.right);
  }
  return { adjusted: checkRatios(series, ratio, verdicts, sink), dividends };
}

/** Walks back from the newest row with the ratio that should be there. */
function checkRatios(
  series: PriceSeries,
  ratio: AdjustmentRatio,
  verdicts: ReadonlyMap<number, EventVerdict>,
  sink: Sink,
): ReadonlyMap<number, number> {
  const adjusted = new Map<number, number>();
  const last = lastUsable(series, ratio);
  let expected = ratio.at(last);
  let cause: EventVerdict | undefined;
  let run: WrongRun | undefined;
  for (let at = last; at >= 0; at--) {
    const actual = ratio.at(at);
    const isWrong = Number.isNaN(actual) ? false : isOff(actual, expected, ratio.noise(at));
    if (isWrong) adjusted.set(series.row(at), expected * series.close(at));
    if (run !== undefined && (!isWrong || run.cause !== cause)) {
      reportRun(series, run, sink);
      run = undefined;
    }
    if (isWrong && isUnknownLevel(run, cause)) {
      // Nothing says when the ratio changes, so a change that lasts is none of our business.
      for (let before = at; before <= (run?.to ?? at); before++) adjusted.delete(series.row(before));
      expected = actual;
      run = undefined;
    } else if (isWrong) run = { from: at, to: run?.to ?? at, cause, expected, actual };
    const verdict = verdicts.get(at);
    if (verdict === undefined) continue;
    expected *= verdict.factor;
    if (verdict.adjustment !== undefined) cause = verdict;
  }
  if (run !== undefined) reportRun(series, run, sink);
  return adjusted;
}

/** A ratio that has held for more rows than a mistake does, with no action known to be wrong. */
function isUnknownLevel(run: WrongRun | undefined, cause: EventVerdict | undefined): boolean {
  return cause === undefined && run !== undefined && run.to - run.from + 1 >= MAX_BLIP_ROWS;
}

interface WrongRun {
  readonly from: number;
  readonly to: number;
  readonly cause: EventVerdict | undefined;
  readonly expected: number;
  readonly actual: number;
}

function lastUsable(series: PriceSeries, ratio: AdjustmentRatio): number {
  let last = series.length - 1;
  while (last > 0 && !(ratio.at(last) > 0 && ratio.at(last) < Infinity)) last--;
  return last;
}

function isOff(actual: number, expected: number, noise: number): boolean {
  if (!(actual > 0) || actual === Infinity) return true;
  return Math.abs(actual / expected - 1) > Math.max(TOLERANCE, NOISE_TIMES * noise);
}

/** One finding for each piece without a hole: rows that have no price are not wrong. */
function reportRun(series: PriceSeries, run: WrongRun, sink: Sink): void {
  const rule = run.cause === undefined ? ADJUSTMENT_ODD : ADJUSTMENT_WRONG;
  const off = isPlausible(run.actual / run.expected)
    ? `off by ${percent(run.actual / run.expected - 1)}`
    : 'no price';
  const why = run.cause?.adjustment ?? 'its ratio to close is not that of the rows around';
  for (const [from, to] of pieces(series, run)) {
    sink.range(rule, { from, to }, `adjusted close is ${off}: ${why}`);
  }
}

/** Whether an adjusted close is still one, so that how far it is off says something. */
function isPlausible(ratio: number): boolean {
  return ratio > 1e-4 && ratio < 1e4;
}

function pieces(series: PriceSeries, { from, to }: WrongRun): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (let at = from; at <= to; at++) {
    const row = series.row(at);
    const current = found.at(-1);
    if (current !== undefined && current[1] === row - 1) current[1] = row;
    else found.push([row, row]);
  }
  return found;
}

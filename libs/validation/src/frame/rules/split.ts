import { valueAt } from '../columns.ts';
import type { FrameContext, FrameRule, Sink } from '../frame-rule.ts';
import { median } from '../robust.ts';
import type { PriceSeries } from '../series.ts';

const WINDOW_ROWS = 10;
const SIGMAS = 6;
const MIN_LOG_MOVE = 0.18;
/** A move is nearer to the split's than to none. */
const NEARER_ON_DAY = 0.5;
const NEARER_AROUND = 1 / 3;
const NEARER_FAR = 0.2;
const RETURN_ROWS = 60;
const DAY_NS = 86_400_000_000_000n;
const MAX_VOLUME_TIMES = 3;
const LEVEL_ROWS = 5;
const MIN_LEVEL_ROWS = 3;
const RATIOS: readonly number[] = [1.5, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50];

export const SPLIT_UNADJUSTED: FrameRule = {
  id: 'split-unadjusted',
  severity: 'quarantine',
  description:
    'A split is recorded, and within windowRows of it the price jumps by its ratio (or by its inverse: adjusted twice): the rows on the other side, up to where the level returns, are in other shares than the newest. Not where the adjusted close goes on evenly: then the prices are raw throughout.',
  reason:
    'A split changes the number of shares and nothing else. In a series adjusted for splits its day looks like every other; a jump of just its ratio is a part of the history that was not converted.',
  example: '`split 4` on a day with `close 125`, and `close 498` the day before.',
  parameters: {
    windowRows: WINDOW_ROWS,
    sigmas: SIGMAS,
    minLogMove: MIN_LOG_MOVE,
    nearerOnDay: NEARER_ON_DAY,
    nearerAround: Number(NEARER_AROUND.toFixed(2)),
  },
};

export const SPLIT_MISSING: FrameRule = {
  id: 'split-missing',
  severity: 'flag',
  description:
    'Daily price falls or rises overnight by a ratio that splits have, the turnover stays what it was, and no split is recorded: the rows before are in other shares, or in raw prices.',
  reason:
    'News that halves a price is traded on many times the usual turnover on that day. A split is not: more shares at a smaller price are the same money.',
  example: '`close 645.6, volume 12M` and then `close 93.7, volume 75M`: 7 for 1.',
  parameters: { ratios: RATIOS.join(' '), maxVolumeTimes: MAX_VOLUME_TIMES },
};

/** Places that are in other shares than the newest ones. */
export interface SplitStretch {
  readonly rule: string;
  readonly from: number;
  readonly to: number;
  /** What their prices have to be multiplied with, and their volume divided by. */
  readonly factor: number;
}

export function findSplitErrors({ series }: FrameContext, sink: Sink): readonly SplitStretch[] {
  const found: SplitStretch[] = [];
  const events = splitEvents(series);
  for (const event of events) {
    for (const stretch of stretchesOf(series, event)) {
      found.push(stretch);
      const ratio = Number(Math.exp(event.logRatio).toPrecision(6));
      sink.range(
        SPLIT_UNADJUSTED,
        { from: series.row(stretch.from), to: series.row(stretch.to) },
        `prices are not adjusted for the split of ${ratio} recorded near: multiply them by ${Number(stretch.factor.toPrecision(6))}`,
      );
    }
  }
  for (const stretch of unrecordedSplits(series, events)) {
    found.push(stretch);
    sink.range(
      SPLIT_MISSING,
      { from: series.row(stretch.from), to: series.row(stretch.to) },
      `what follows looks like a split of ${Number((1 / stretch.factor).toPrecision(4))} that is not recorded (${series.close(stretch.to)}, then ${series.close(stretch.to + 1)}, at the usual turnover)`,
    );
  }
  return found;
}

interface SplitEvent {
  /** First place at or after the day of the split. */
  readonly at: number;
  readonly logRatio: number;
}

function splitEvents(series: PriceSeries): readonly SplitEvent[] {
  const { splits } = series.frame;
  if (splits === undefined) return [];
  const events: SplitEvent[] = [];
  let at = 0;
  splits.forEach((ratio, row) => {
    if (!(ratio > 0) || ratio === 1 || ratio === Infinity) return;
    while (at < series.length && series.row(at) < row) at++;
    events.push({ at, logRatio: Math.log(ratio) });
  });
  return events;
}

/** Walks back from the split: at each jump of its size the level changes, and what is not at the level of the newest rows is wrong. */
function stretchesOf(series: PriceSeries, event: SplitEvent): readonly SplitStretch[] {
  const rule = { rule: SPLIT_UNADJUSTED.id };
  const found: SplitStretch[] = [];
  let open: { readonly to: number; readonly logFactor: number } | undefined;
  for (let at = Math.min(event.at + WINDOW_ROWS, series.length - 1); at >= 1; at--) {
    const jump = jumpAt(series, at, event);
    if (jump === 0) continue;
    if (open === undefined) {
      if (!isNear(at, event) && !returns(series, at, event, jump)) continue;
      open = { to: at - 1, logFactor: jump };
    } else if (Math.sign(jump) !== Math.sign(open.logFactor)) {
      found.push({ ...rule, from: at, to: open.to, factor: Math.exp(open.logFactor) });
      open = undefined;
    }
  }
  if (open !== undefined) found.push({ ...rule, from: 0, to: open.to, factor: Math.exp(open.logFactor) });
  return found;
}

function isNear(at: number, event: SplitEvent): boolean {
  return Math.abs(at - event.at) <= WINDOW_ROWS;
}

/** Whether the level comes back soon before a jump that is far from the split. */
function returns(series: PriceSeries, at: number, event: SplitEvent, jump: number): boolean {
  for (let before = at - 1; before >= Math.max(1, at - RETURN_ROWS); before--) {
    const other = jumpAt(series, before, event);
    if (other !== 0) return Math.sign(other) !== Math.sign(jump);
  }
  return false;
}

/** The split's log ratio, with the sign of the move into a place; 0 where the move is not of its size. */
function jumpAt(series: PriceSeries, at: number, event: SplitEvent): number {
  const move = moveWithoutDividend(series, at);
  const size = Math.abs(event.logRatio);
  const nearer = at === event.at ? NEARER_ON_DAY : isNear(at, event) ? NEARER_AROUND : NEARER_FAR;
  if (Math.abs(Math.abs(move) - size) > nearer * size) return 0;
  if (Math.abs(move) < Math.max(MIN_LOG_MOVE, SIGMAS * series.sigmaAround(at))) return 0;
  if (adjustedGoesOn(series, at, move)) return 0;
  return Math.sign(move) * size;
}

/** Log return into a place, with the dividend of its day put back. */
function moveWithoutDividend(series: PriceSeries, at: number): number {
  const dividend = valueAt(series.frame.dividends, series.row(at));
  const before = series.close(at - 1);
  const move = series.returnAt(at);
  return dividend > 0 && dividend < before ? move - Math.log1p(-dividend / before) : move;
}

function adjustedGoesOn(series: PriceSeries, at: number, move: number): boolean {
  const { adjClose } = series.frame;
  if (adjClose === undefined) return false;
  const adjusted = Math.log(valueAt(adjClose, series.row(at)) / valueAt(adjClose, series.row(at - 1)));
  return Math.abs(adjusted) < Math.abs(move) / 2;
}

function unrecordedSplits(series: PriceSeries, events: readonly SplitEvent[]): readonly SplitStretch[] {
  if (!series.hasVolume) return [];
  const found: SplitStretch[] = [];
  for (let at = 1; at < series.length; at++) {
    const move = moveWithoutDividend(series, at);
    if (Math.abs(move) < Math.log(1.4) || !isDaily(series, at)) continue;
    if (events.some((event) => isNear(at, event)) || adjustedGoesOn(series, at, move)) continue;
    const ratio = splitRatio(series, at, move);
    if (ratio !== undefined && turnoverGoesOn(series, at) && lasts(series, at, move)) {
      found.push({ rule: SPLIT_MISSING.id, from: 0, to: at - 1, factor: move < 0 ? 1 / ratio : ratio });
    }
  }
  return found;
}

function isDaily(series: PriceSeries, at: number): boolean {
  const time = (place: number): bigint => series.frame.timeNs[series.row(place)] ?? 0n;
  const stepNs = time(at) - time(at - 1);
  return stepNs >= (DAY_NS * 3n) / 4n && stepNs <= DAY_NS * 7n;
}

function splitRatio(series: PriceSeries, at: number, move: number): number | undefined {
  const sigma = series.sigmaAround(at);
  if (Math.abs(move) < SIGMAS * sigma) return undefined;
  // The split comes between close and open, so open moves by it, too.
  const overnight = Math.log(series.open(at) / series.close(at - 1));
  const fits = (ratio: number): boolean =>
    Math.abs(Math.abs(move) - Math.log(ratio)) < Math.max(0.03, 2 * sigma) &&
    Math.abs(Math.abs(overnight) - Math.log(ratio)) < Math.max(0.03, 2 * sigma);
  return RATIOS.find(fits);
}

/** Whether the levels of several rows before and after differ by the move: a bad tick changes one row. */
function lasts(series: PriceSeries, at: number, move: number): boolean {
  const level = (from: number, to: number): number => {
    const closes: number[] = [];
    for (let place = Math.max(0, from); place < Math.min(to, series.length); place++)
      closes.push(series.close(place));
    return closes.length < MIN_LEVEL_ROWS ? NaN : Math.log(median(closes));
  };
  const change = level(at, at + LEVEL_ROWS) - level(at - LEVEL_ROWS, at);
  return Math.abs(change - move) < Math.abs(move) / 3;
}

/** Money traded on the day is at most a few times what is usual before, and the shares are more where the price is less. */
function turnoverGoesOn(series: PriceSeries, at: number): boolean {
  const volumeBefore = series.volumeBefore(at);
  const volume = series.volume(at);
  if (!(volume > 0) || !(volumeBefore > 0)) return false;
  return volume * series.close(at) <= MAX_VOLUME_TIMES * volumeBefore * series.close(at - 1);
}

import type { FrameContext, FrameRule, Sink } from '../frame-rule.ts';
import { median } from '../robust.ts';
import type { PriceSeries } from '../series.ts';
import { percent } from './bar-shape.ts';

const SIGMAS = 10;
const MIN_MOVE = 0.05;
const SIDE_ROWS = 5;
const MAX_ROWS = 3;
/** How much of the move is taken back: a crash takes back nothing. */
const RETURNED = 0.75;
const VOLUME_TIMES = 5;
const WICK_SIGMAS = 15;
/** Such moves are wrong units, which have a rule of their own. */
const UNIT_MOVE = Math.log(60);
const MIN_WICK = 0.25;

export const BAD_TICK: FrameRule = {
  id: 'bad-tick',
  severity: 'quarantine',
  description:
    'The price of at most maxRows rows is far from those before and from those after, which agree; or one of open, high and low is far from every other price around. Not where the volume rises with it, or where nothing was traded.',
  reason:
    'A crash stays down and is traded through; a wrong print is taken back at once, by a gap, and nobody traded the way there. Far is measured in the moves that are usual around it, so that a volatile market is not wrong for being volatile.',
  example:
    '`close 101.2, 101.4, 151.3, 101.1, 101.5`: the third. AAPL on 2000-09-29 (-52 %) is none: it stays there.',
  parameters: {
    sigmas: SIGMAS,
    minMove: MIN_MOVE,
    maxRows: MAX_ROWS,
    returned: RETURNED,
    volumeTimes: VOLUME_TIMES,
    wickSigmas: WICK_SIGMAS,
    minWick: MIN_WICK,
  },
};

/** Finds prices that were taken back; `skip` has the places that another rule explains. */
export function findBadTicks({ series }: FrameContext, skip: (at: number) => boolean, sink: Sink): void {
  for (let at = 1; at < series.length; at++) {
    if (skip(at) || series.isCarried(at)) continue;
    const move = spikeAt(series, at);
    if (move !== undefined) {
      sink.row(
        BAD_TICK,
        series.row(at),
        `close ${series.close(at)} is ${percent(Math.expm1(move))} from the rows before and after, which agree`,
      );
    } else {
      findWick(series, at, sink);
    }
  }
}

/** Log distance of a close that is taken back; undefined: none. */
function spikeAt(series: PriceSeries, at: number): number | undefined {
  if (Math.abs(series.returnAt(at)) < MIN_MOVE && Math.abs(series.returnAt(at + 1)) < MIN_MOVE)
    return undefined;
  const before = levelOf(series, at - 1, -1);
  const after = levelOf(series, at + 1, 1, before);
  if (before === undefined || after === undefined) return undefined;
  const move = Math.log(series.close(at) / before);
  const back = Math.log(after / before);
  const isBack =
    Math.sign(move) === Math.sign(move - back) && Math.abs(move - back) > RETURNED * Math.abs(move);
  if (!isBack || Math.abs(back) > (1 - RETURNED) * Math.abs(move)) return undefined;
  if (Math.abs(move) < Math.max(MIN_MOVE, SIGMAS * series.sigmaAround(at))) return undefined;
  if (Math.abs(move) > UNIT_MOVE && Math.abs(move) < UNIT_MOVE + 1.1) return undefined;
  if (isTraded(series, at) || !leavesByGap(series, at, move)) return undefined;
  return move;
}

/** Median close of the rows on one side; of those after, the first that are back where it was. */
function levelOf(series: PriceSeries, from: number, step: -1 | 1, target?: number): number | undefined {
  let start = from;
  if (target !== undefined) {
    const isBack = (at: number): boolean => Math.abs(Math.log(series.close(at) / target)) < MIN_MOVE;
    while (start < from + MAX_ROWS - 1 && start < series.length && !isBack(start)) start++;
  }
  const closes: number[] = [];
  for (let at = start; closes.length < SIDE_ROWS && at >= 0 && at < series.length; at += step) {
    closes.push(series.close(at));
  }
  return closes.length < 2 ? undefined : median(closes);
}

function isTraded(series: PriceSeries, at: number): boolean {
  if (!series.hasVolume) return false;
  return series.volume(at) > VOLUME_TIMES * series.volumeBefore(at);
}

/** Whether the way back is a jump between bars: a real move is traded through, so that the next bar opens where this one closed. */
function leavesByGap(series: PriceSeries, at: number, move: number): boolean {
  for (let next = at + 1; next <= at + MAX_ROWS && next < series.length; next++) {
    const gap = Math.log(series.open(next) / series.close(next - 1));
    if (Math.sign(gap) !== Math.sign(move) && Math.abs(gap) > Math.abs(move) / 2) return true;
  }
  return false;
}

/** Open, high or low alone far away from everything around. */
function findWick(series: PriceSeries, at: number, sink: Sink): void {
  if (series.frame.open === undefined || isTraded(series, at)) return;
  const [open, high, low, close] = series.prices(at);
  if (Math.log(high / low) < MIN_WICK && Math.abs(Math.log(open / close)) < MIN_WICK) return;
  const around = [close, series.close(at - 1), series.close(at + 1)].filter((price) => price > 0);
  const limit = Math.max(MIN_WICK, WICK_SIGMAS * series.sigmaAround(at));
  const names = ['open', 'high', 'low'] as const;
  const far = names.filter(
    (_name, cell) =>
      ([open, high, low][cell] ?? NaN) > 0 &&
      around.every((price) => Math.abs(Math.log(([open, high, low][cell] ?? NaN) / price)) > limit),
  );
  if (far.length === 0) return;
  const shown = far.map((name) => `${name} ${[open, high, low][names.indexOf(name)]}`).join(', ');
  sink.row(BAD_TICK, series.row(at), `${shown}: far from every close around (${close})`);
}

import type { BarSize } from './bar-sizes.ts';

/** Half-open, seconds since the epoch. */
export interface Span {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** One request of historical bars: bars that start within the span count, others of its answer do not. */
export interface BarPiece extends Span {
  /** The end to ask for; where it lies ahead, now is meant. */
  readonly endSeconds: number;
  readonly duration: string;
}

const DAY = 86_400;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY = 4 * DAY;

/**
 * The requests for a span, oldest first. Pieces lie on a grid that does not depend on the span, so that a resumed or repeated
 * backfill asks the same questions again.
 */
export function* barPieces(size: BarSize, span: Span): Generator<BarPiece> {
  let cell = gridCell(size, span.fromSeconds);
  while (cell.fromSeconds < span.toSeconds) {
    const fromSeconds = Math.max(cell.fromSeconds, span.fromSeconds);
    const toSeconds = Math.min(cell.toSeconds, span.toSeconds);
    yield { fromSeconds, toSeconds, endSeconds: endOf(size, cell, toSeconds), duration: size.piece.duration };
    cell = gridCell(size, cell.toSeconds);
  }
}

/**
 * No bar that starts within the piece may be cut by the end of the question: bars of hours need not end where a UTC day does, and
 * the bar around the end of the span is wanted whole.
 */
function endOf(size: BarSize, cell: Span, toSeconds: number): number {
  const { unit } = size.piece;
  if (unit === 'seconds') return Math.min(cell.toSeconds, Math.ceil(toSeconds / size.seconds) * size.seconds);
  if (size.seconds < DAY) return Math.min(cell.toSeconds, Math.ceil(toSeconds / DAY) * DAY) + size.seconds;
  if (size.seconds === DAY) return Math.min(cell.toSeconds, Math.ceil(toSeconds / DAY) * DAY);
  return cell.toSeconds;
}

function gridCell({ piece }: BarSize, seconds: number): Span {
  switch (piece.unit) {
    case 'seconds':
      return fixedCell(seconds, piece.seconds, 0);
    case 'days':
      return fixedCell(seconds, piece.days * DAY, FIRST_MONDAY);
    case 'year': {
      const year = new Date(seconds * 1000).getUTCFullYear();
      return { fromSeconds: Date.UTC(year, 0, 1) / 1000, toSeconds: Date.UTC(year + 1, 0, 1) / 1000 };
    }
  }
}

function fixedCell(seconds: number, length: number, anchor: number): Span {
  const fromSeconds = Math.floor((seconds - anchor) / length) * length + anchor;
  return { fromSeconds, toSeconds: fromSeconds + length };
}

/** Historical ticks come in pages of at most so many ("Historical time and sales" of IB's documentation). */
export const TICKS_PER_PAGE = 1000;

export interface TickPage<T> {
  /** All of whole seconds, in order. */
  readonly ticks: readonly T[];
  /** Where to go on; undefined: that was the end of the span. */
  readonly nextSeconds: number | undefined;
  /** A second that filled a page: IB cannot say what else it held. */
  readonly truncatedSecond: number | undefined;
}

/**
 * What a page is good for: its last second may go on in the next page, so it is left to that one, which starts with it. `time`s
 * are seconds since the epoch; the page answers a request that started at `fromSeconds`.
 */
export function readTickPage<T extends { readonly time: number }>(
  page: readonly T[],
  { fromSeconds, toSeconds }: Span,
): TickPage<T> {
  const wanted = page.filter(({ time }) => time >= fromSeconds && time < toSeconds);
  const last = page.at(-1);
  if (last === undefined || page.length < TICKS_PER_PAGE || last.time >= toSeconds)
    return { ticks: wanted, nextSeconds: undefined, truncatedSecond: undefined };
  const whole = wanted.filter(({ time }) => time < last.time);
  if (whole.length > 0) return { ticks: whole, nextSeconds: last.time, truncatedSecond: undefined };
  // One second fills the page: more than a page means that IB completed it.
  const nextSeconds = last.time + 1 < toSeconds ? last.time + 1 : undefined;
  const truncatedSecond = page.length > TICKS_PER_PAGE ? undefined : last.time;
  return { ticks: wanted, nextSeconds, truncatedSecond };
}

/** The next ordinal among events of equal time: the identity of events whose source numbers nothing. */
export class Ordinals {
  #seconds = Number.NaN;
  #next = 0;

  /** `seconds` must not go back. */
  next(seconds: number): number {
    if (seconds !== this.#seconds) {
      this.#seconds = seconds;
      this.#next = 0;
    }
    return this.#next++;
  }
}

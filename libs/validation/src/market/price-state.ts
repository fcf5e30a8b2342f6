import { type StateReader, type StateWriter } from '@tickwell/domain';
import type { ClassRules } from '../settings/class-rules.ts';

/** Prices accepted before a stream's own are trusted to say what is far: until then the first may have been the wrong one. */
const WARM_COUNT = 20;
/** While it is young an estimate moves in great steps. */
const YOUNG_STEP = 1.25;
const STEP = 1.05;
/** So many prices in a row that agree are a new level, wherever it is. */
const CONFIRMATIONS = 3;
/** So many in a row that agree with nothing are a market that moves that much. */
const MAX_AWAY = 10;
/** Prices this close (share) to one that was held say the same as it. */
const HELD_NEAR = 0.2;
/** How much of the way out is taken back by what makes a bad print of it. */
const RETURNED = 0.75;
const MAD_TO_SIGMA = 1.4826;
/** Steps of an estimate that 19 of 20 values lie below: one up is as long as 19 down. */
const LONG_DOWN = 1.01;
const LONG_UP = LONG_DOWN ** 19;
const NS_PER_SECOND = 1e9;

/** A price and how long (s) after the event before it came. */
export interface Move {
  readonly price: number;
  readonly gapS: number;
}

/**
 * What is usual of the prices of one stream, in a few numbers: running estimates that a single wrong value moves by 5 % at most, so
 * that no window has to be kept. Beside the last price there is the last one that is trusted: a price far from it counts only once
 * others have confirmed it, and where they go back instead, it was a bad print.
 */
export class PriceState {
  /** Prices taken, up to {@link WARM_COUNT}. */
  #count = 0;
  #trusted = NaN;
  #last = NaN;
  /** Median size of the moves between neighbours, as a share of the price; moves of 0 say nothing. 0: none yet. */
  #usualMove = 0;
  /** Median time (s) between neighbours, equal times left out. 0: none yet. */
  #usualGapS = 0;
  /** The time (s) that 19 of 20 pauses do not reach: trades come in clusters, and a median says nothing of the pauses between. */
  #longGapS = 0;
  /** Prices in a row, up to the last, that are far from the trusted one; and how many of them agree. */
  #away = 0;
  #agreeing = 0;
  #awayNs = 0n;
  /** The last price that was kept back, and how many in a row agree with it. */
  #held = NaN;
  #heldCount = 0;
  /** Whether it was told that the stream has fallen silent. */
  isSilent = false;

  get isWarm(): boolean {
    return this.#count >= WARM_COUNT;
  }

  get trusted(): number {
    return this.#trusted;
  }

  get last(): number {
    return this.#last;
  }

  /** How long a pause of the stream is at most, but for one in twenty; seconds. */
  get longGapS(): number {
    return this.#longGapS;
  }

  /** Prices in a row, up to the last, that nothing has confirmed. */
  get away(): number {
    return this.#away;
  }

  /** Event time of the first of them. */
  get awayNs(): bigint {
    return this.#awayNs;
  }

  /** From which distance (share of the price) on a move is far, after so long (s). */
  limit(gapS: number, rules: ClassRules): number {
    const times = this.#usualGapS > 0 && gapS > this.#usualGapS ? Math.sqrt(gapS / this.#usualGapS) : 1;
    const far = rules.outlierSigmas * MAD_TO_SIGMA * this.#usualMove * times;
    return far > rules.outlierMinMove ? far : rules.outlierMinMove;
  }

  /** Whether a price is far from the one that is trusted. */
  isFar({ price, gapS }: Move, rules: ClassRules): boolean {
    if (!this.isWarm) return false;
    const size = distance(price, this.#trusted);
    // Nearly every price is near: no root is drawn for it.
    return size > rules.outlierMinMove && size > this.limit(gapS, rules);
  }

  /** Whether a price says the same as unconfirmed ones before it. */
  confirms(move: Move, rules: ClassRules): boolean {
    return this.#away > 0 && distance(move.price, this.#last) <= this.limit(move.gapS, rules);
  }

  /** Whether a price goes back on the unconfirmed ones before it, most of the way. */
  takesBack({ price }: Move): boolean {
    const wayBack = distance(price, this.#trusted);
    return this.#away > 0 && wayBack <= (1 - RETURNED) * distance(this.#last, this.#trusted);
  }

  /** Whether a price repeats what was kept back often enough to be a new level and no error. */
  insists(price: number): boolean {
    return this.#heldCount >= CONFIRMATIONS - 1 && distance(price, this.#held) <= HELD_NEAR;
  }

  /** Takes an accepted price. */
  take(move: Move, timeNs: bigint, rules: ClassRules): void {
    const { price, gapS } = move;
    this.#place(move, timeNs, rules);
    const step = this.isWarm ? STEP : YOUNG_STEP;
    this.#usualMove = towards(this.#usualMove, distance(price, this.#last), step, step);
    this.#usualGapS = towards(this.#usualGapS, gapS, step, step);
    this.#longGapS = towards(this.#longGapS, gapS, LONG_UP, LONG_DOWN);
    this.#last = price;
    this.#heldCount = 0;
    this.isSilent = false;
    if (this.#count < WARM_COUNT) this.#count += 1;
  }

  /** Takes note of a price that does not go through. */
  hold(price: number): void {
    this.#heldCount = distance(price, this.#held) <= HELD_NEAR ? this.#heldCount + 1 : 1;
    this.#held = price;
  }

  /** Whether the price is trusted, and if not, how many now are not. */
  #place(move: Move, timeNs: bigint, rules: ClassRules): void {
    if (!this.isFar(move, rules)) {
      this.#trusted = move.price;
      this.#away = 0;
      this.#agreeing = 0;
      return;
    }
    this.#agreeing = this.confirms(move, rules) ? this.#agreeing + 1 : 1;
    if (this.#away === 0) this.#awayNs = timeNs;
    this.#away += 1;
    if (this.#agreeing < CONFIRMATIONS && this.#away < MAX_AWAY) return;
    this.#trusted = move.price;
    this.#away = 0;
    this.#agreeing = 0;
  }

  write(writer: StateWriter): void {
    writer.uint(this.#count).double(this.#trusted).double(this.#last);
    writer.double(this.#usualMove).double(this.#usualGapS).double(this.#longGapS);
    writer.uint(this.#away).uint(this.#agreeing).int64(this.#awayNs);
    writer.double(this.#held).uint(this.#heldCount).flag(this.isSilent);
  }

  static read(reader: StateReader): PriceState {
    const state = new PriceState();
    state.#count = reader.uint();
    state.#trusted = reader.double();
    state.#last = reader.double();
    state.#usualMove = reader.double();
    state.#usualGapS = reader.double();
    state.#longGapS = reader.double();
    state.#away = reader.uint();
    state.#agreeing = reader.uint();
    state.#awayNs = reader.int64();
    state.#held = reader.double();
    state.#heldCount = reader.uint();
    state.isSilent = reader.flag();
    return state;
  }
}

/** How far two prices are apart, as a share of the smaller one: half and double are equally far. */
export function distance(a: number, b: number): number {
  const apart = Math.abs(a - b);
  if (apart === 0) return 0;
  return apart / Math.min(Math.abs(a), Math.abs(b));
}

/** A running quantile of values above 0, others change nothing: the median where the steps up and down are equal. */
function towards(estimate: number, value: number, up: number, down: number): number {
  if (!(value > 0 && value < Infinity)) return estimate;
  if (estimate === 0) return value;
  return value > estimate ? estimate * up : estimate / down;
}

/** Seconds from one event to the next. */
export function secondsBetween(fromNs: bigint, toNs: bigint): number {
  return Number(toNs - fromNs) / NS_PER_SECOND;
}

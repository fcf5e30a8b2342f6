import { type StateReader, type StateWriter } from '@tickwell/domain';

/** Records, and seconds of the log, before the estimate says anything. */
const WARM_COUNT = 30;
const WARM_S = 30;
const MAX_COUNT = 1000;
/** How fast the estimate follows. */
const RATE = 0.1;
/** A lag is that of the stream where it lies this near to the first one: seconds, and a share of it. */
const NEAR_S = 1;
const NEAR_SHARE = 0.1;
/** One record in so many may be late or early; of more there is no steady lag (a file runs through its lags as it is read). */
const STRAYS_ONE_IN = 4;
const MIN_STRAYS = 5;
/** Longest lag (s) that is a clock, a time zone or a delayed feed; beyond it is history. */
const MAX_LAG_S = 15 * 3600;

/**
 * How far the event times of one stream lag behind the times at which the log took them, where that is steady. Robust: strays are
 * left out of the estimate. Of history there is none.
 */
export class ClockState {
  #count = 0;
  #strays = 0;
  /** Seconds; negative: events are ahead. The first one stays what others are compared with: what drifts away from it is no lag. */
  #firstLagS = 0;
  #lagS = 0;
  /** When the estimate began, seconds since the epoch by the log. */
  #sinceS = 0;
  /** How long it has been followed, seconds of the log. */
  #forS = 0;
  /** Whether it was told that the lag is too long. */
  isTold = false;

  get lagS(): number {
    return this.#lagS;
  }

  get isSteady(): boolean {
    return this.#count >= WARM_COUNT && this.#forS >= WARM_S;
  }

  /** Takes one record: its newest event time and when the log took it, both in seconds since the epoch. */
  take(eventS: number, loggedS: number): void {
    const lagS = loggedS - eventS;
    if (Math.abs(lagS) > MAX_LAG_S || this.#count === 0) {
      this.#begin(lagS, loggedS);
      return;
    }
    this.#forS = loggedS - this.#sinceS;
    if (Math.abs(lagS - this.#firstLagS) > NEAR_S + NEAR_SHARE * Math.abs(this.#firstLagS)) {
      this.#strays += 1;
      if (this.#strays > Math.max(MIN_STRAYS, this.#count / STRAYS_ONE_IN)) this.#begin(lagS, loggedS);
      return;
    }
    this.#lagS += RATE * (lagS - this.#lagS);
    this.#count += 1;
    if (this.#count < MAX_COUNT) return;
    // What was long ago says less and less.
    this.#count /= 2;
    this.#strays = Math.floor(this.#strays / 2);
  }

  write(writer: StateWriter): void {
    writer.uint(this.#count).uint(this.#strays).double(this.#firstLagS).double(this.#lagS);
    writer.double(this.#sinceS).double(this.#forS).flag(this.isTold);
  }

  static read(reader: StateReader): ClockState {
    const state = new ClockState();
    state.#count = reader.uint();
    state.#strays = reader.uint();
    state.#firstLagS = reader.double();
    state.#lagS = reader.double();
    state.#sinceS = reader.double();
    state.#forS = reader.double();
    state.isTold = reader.flag();
    return state;
  }

  #begin(lagS: number, loggedS: number): void {
    this.#count = Math.abs(lagS) > MAX_LAG_S ? 0 : 1;
    this.#strays = 0;
    this.#firstLagS = lagS;
    this.#lagS = lagS;
    this.#sinceS = loggedS;
    this.#forS = 0;
  }
}

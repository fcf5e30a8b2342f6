/** What all sessions of one simulated Gateway share. */
import type { AccountBook } from './account/book.ts';
import type { SimClock } from './clock.ts';
import type { Directory } from './directory.ts';
import type { Conditions } from './faults/conditions.ts';
import type { LiveHub } from './live/hub.ts';
import type { Market } from './market/market.ts';
import type { TimeZone } from '@tickwell/domain';
import type { PacingLimits } from './pacing/limits.ts';
import type { Stats } from './stats.ts';

export interface Gateway {
  readonly clock: SimClock;
  readonly market: Market;
  readonly directory: Directory;
  readonly hub: LiveHub;
  readonly book: AccountBook;
  readonly conditions: Conditions;
  readonly limits: PacingLimits;
  readonly stats: Stats;
  /** The zone of the Gateway's login, which times without a zone are in. */
  readonly zone: TimeZone;
  /** Market-data lines (streams and real-time bars) in use by all sessions together. */
  readonly lines: Lines;
  readonly tickByTickLines: Lines;
  /** After the time that a history server takes. */
  readonly answerLater: (answer: () => void) => void;
}

/** A number of equal things of which only so many may be in use. */
export class Lines {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get used(): number {
    return this.#used;
  }

  /** The answer gives it back (once); undefined: none is left. */
  take(): (() => void) | undefined {
    if (this.#used >= this.#max) return undefined;
    this.#used += 1;
    let taken = true;
    return () => {
      if (taken) this.#used -= 1;
      taken = false;
    };
  }
}

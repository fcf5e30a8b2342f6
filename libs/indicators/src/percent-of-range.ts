import { highest, lowest } from './window-math.ts';
import { Window } from './window.ts';

/** Where a value stands between the lowest low and the highest high of the last `size` inputs. */
export class PercentOfRange {
  readonly windows: readonly Window[];
  readonly #highs: Window;
  readonly #lows: Window;

  constructor(size: number) {
    this.#highs = new Window(size);
    this.#lows = new Window(size);
    this.windows = [this.#highs, this.#lows];
  }

  /** 0 at the lowest, 100 at the highest, 0 where both are equal; NaN until the window is full. */
  next(high: number, low: number, value: number): number {
    this.#highs.push(high);
    this.#lows.push(low);
    if (!this.#highs.full) return NaN;
    const least = lowest(this.#lows);
    const range = highest(this.#highs) - least;
    return range === 0 ? 0 : ((value - least) / range) * 100;
  }
}

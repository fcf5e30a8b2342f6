import type { CallSignal } from '../history.ts';
import type { Bounds } from './block-grid.ts';
import type { ReadMethod, RowsWanted } from './methods.ts';

const MAX_AGE_MS = 60_000;
const MAX_SERIES = 10_000;

interface Known {
  readonly bounds: Promise<Bounds | undefined>;
  readonly sinceMs: number;
}

/**
 * Where the rows of a series begin and end, so that a range without an end is not looked up block by block in years without rows. What is told may be a
 * minute old: before and after there is a block each, and what comes to be there is found in them.
 */
export class SeriesBounds<R extends RowsWanted, A> {
  readonly #method: ReadMethod<R, A>;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, Known>();

  constructor(method: ReadMethod<R, A>, nowMs: () => number) {
    this.#method = method;
    this.#nowMs = nowMs;
  }

  /** Undefined: there are no rows. */
  async of(name: string, all: R, call: CallSignal): Promise<Bounds | undefined> {
    const known = this.#known.get(name);
    if (known !== undefined && this.#nowMs() - known.sinceMs < MAX_AGE_MS) {
      // Whoever asked may have gone, and the answer with them.
      const bounds = await known.bounds.catch(() => undefined);
      if (bounds !== undefined) return bounds;
    }
    const asked = this.#ask(all, call);
    asked.catch(() => undefined);
    this.#known.delete(name);
    this.#known.set(name, { bounds: asked, sinceMs: this.#nowMs() });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_SERIES && oldest !== undefined) this.#known.delete(oldest);
    return asked;
  }

  async #ask(all: R, call: CallSignal): Promise<Bounds | undefined> {
    const [firstNs, lastNs] = await Promise.all([this.#time(all, false, call), this.#time(all, true, call)]);
    return firstNs === undefined || lastNs === undefined ? undefined : { firstNs, lastNs };
  }

  async #time(all: R, newest: boolean, call: CallSignal): Promise<bigint | undefined> {
    const request = { ...all, limit: 1n, newest, columns: [this.#method.timeColumn] };
    for await (const answer of this.#method.read(request, call)) return this.#method.timesNs(answer).at(0);
    return undefined;
  }
}

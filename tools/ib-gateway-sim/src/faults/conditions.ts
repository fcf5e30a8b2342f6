/** The state of the simulated world that faults change and requests look at. */
import type { Instrument, Span } from '../market/market.ts';
import type { RequestKind } from '../wire/requests.ts';

export type Farm = 'market' | 'history' | 'secdef';

/** Why an instrument has no live data. */
export interface Denial {
  readonly code: 354 | 10089 | 10090 | 10167 | 10197;
  /** Whether delayed data is shown to a client that asked for it. */
  readonly delayed: boolean;
}

export interface Slowness {
  /** Kinds of requests; empty: all. */
  readonly requests: ReadonlySet<RequestKind>;
  readonly delayMs: number;
}

export interface Hole {
  readonly conIds: ReadonlySet<number>;
  readonly span: Span;
}

/** Each change answers a function that takes it back. */
export class Conditions {
  readonly #farmsDown = new Map<Farm, number>();
  readonly #denials = new Map<number, Denial[]>();
  readonly #slow = new Set<Slowness>();
  readonly #holes = new Set<Hole>();
  #lost = 0;
  #refusing = 0;
  #storms = 0;

  /** Between 1100 and 1101/1102. */
  get connectivityLost(): boolean {
    return this.#lost > 0;
  }
  /** The Gateway restarts: no connection is accepted. */
  get refusing(): boolean {
    return this.#refusing > 0;
  }
  /** Every historical request is a pacing violation. */
  get pacingStorm(): boolean {
    return this.#storms > 0;
  }

  farmUp(farm: Farm): boolean {
    return !this.connectivityLost && (this.#farmsDown.get(farm) ?? 0) === 0;
  }

  denial(conId: number): Denial | undefined {
    return this.#denials.get(conId)?.at(-1);
  }

  /** Live data of an instrument reaches clients. */
  flows(conId: number): boolean {
    return this.farmUp('market') && this.denial(conId)?.code !== 10197;
  }

  delayMs(kind: RequestKind): number {
    let delayMs = 0;
    for (const slow of this.#slow)
      if (slow.requests.size === 0 || slow.requests.has(kind)) delayMs = Math.max(delayMs, slow.delayMs);
    return delayMs;
  }

  /** What history does not know of an instrument for now. */
  holes(conId: number): readonly Span[] {
    return [...this.#holes].filter(({ conIds }) => conIds.has(conId)).map(({ span }) => span);
  }

  loseConnectivity(): () => void {
    this.#lost += 1;
    return once(() => (this.#lost -= 1));
  }

  refuse(): () => void {
    this.#refusing += 1;
    return once(() => (this.#refusing -= 1));
  }

  storm(): () => void {
    this.#storms += 1;
    return once(() => (this.#storms -= 1));
  }

  breakFarm(farm: Farm): () => void {
    this.#farmsDown.set(farm, (this.#farmsDown.get(farm) ?? 0) + 1);
    return once(() => this.#farmsDown.set(farm, (this.#farmsDown.get(farm) ?? 1) - 1));
  }

  deny(instruments: readonly Instrument[], denial: Denial): () => void {
    for (const { conId } of instruments)
      this.#denials.set(conId, [...(this.#denials.get(conId) ?? []), denial]);
    return once(() => {
      for (const { conId } of instruments)
        this.#denials.set(
          conId,
          (this.#denials.get(conId) ?? []).filter((other) => other !== denial),
        );
    });
  }

  slow(slowness: Slowness): () => void {
    this.#slow.add(slowness);
    return () => this.#slow.delete(slowness);
  }

  hole(hole: Hole): () => void {
    this.#holes.add(hole);
    return () => this.#holes.delete(hole);
  }
}

function once(undo: () => unknown): () => void {
  let done = false;
  return () => {
    if (!done) undo();
    done = true;
  };
}

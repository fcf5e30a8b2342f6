/** What the vendors of a test know of a hole in a series of one-minute bars. */
export type HoleKind =
  /** Interactive Brokers' history has it. */
  | 'ib'
  /** The first source has it by now: the feed was cut. */
  | 'cut'
  /** The first source answers with a page instead of data once. */
  | 'flaky'
  /** Only the next source has it. */
  | 'fallback'
  /** Each has a half of it. */
  | 'shared'
  /** Somebody has a half of it, and nobody the rest. */
  | 'partly'
  | 'nowhere';

export interface ScriptedHole {
  readonly symbol: string;
  readonly kind: HoleKind;
  /** ms since the epoch, half-open. */
  readonly fromMs: number;
  readonly toMs: number;
}

export const MINUTE_MS = 60_000;
const STEP_MS = 100 * MINUTE_MS;

/** Holes of a symbol, of 5 minutes and more, with bars between them. */
export function scriptHoles(symbol: string, kinds: readonly HoleKind[], firstMs: number): ScriptedHole[] {
  return kinds.map((kind, at) => {
    const fromMs = firstMs + at * STEP_MS;
    return { symbol, kind, fromMs, toMs: fromMs + (6 + 2 * (at % 4)) * MINUTE_MS };
  });
}

/** Bars (their starts) of the holes of a symbol that a vendor has. */
export function hasBar(vendor: 'desk' | 'spare', holes: readonly ScriptedHole[], ms: number): boolean {
  const hole = holes.find(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
  if (hole === undefined) return true;
  const isFirstHalf = ms < (hole.fromMs + hole.toMs) / 2;
  switch (hole.kind) {
    case 'ib':
    case 'cut':
    case 'flaky':
      return vendor === 'desk';
    case 'fallback':
      return vendor === 'spare';
    case 'shared':
      return (vendor === 'desk') === isFirstHalf;
    case 'partly':
      return vendor === 'desk' && isFirstHalf;
    case 'nowhere':
      return false;
  }
}

/** Bars of a hole that are there in the end. */
export function barsRepaired({ kind, fromMs, toMs }: ScriptedHole): number {
  const bars = (toMs - fromMs) / MINUTE_MS;
  return kind === 'nowhere' ? 0 : kind === 'partly' ? bars / 2 : bars;
}

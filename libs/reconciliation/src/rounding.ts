import { PRICE_FIELDS, type BarValues } from './bar.ts';

const MAX_DECIMALS = 8;
/** Doubles that went through 32 bits differ by at most so much. */
const FLOAT_SHARE = 2 ** -22;
/** A unit that is more of the price explains nothing. */
const MAX_UNIT_SHARE = 0.005;
/** Two sources with the same decimals, which should round alike. */
const MAX_SAME_UNIT_SHARE = 0.001;
const VOLUME_UNITS = [1_000, 100, 10] as const;
const MAX_VOLUME_UNIT_SHARE = 0.05;
const SLACK = 1 + 1e-6;

/** What two numbers have in common as to how exactly they are written. */
export interface Precision {
  /** The smallest step that the values of each make. */
  readonly unitA: number;
  readonly unitB: number;
}

/** The smallest power of ten that all values are multiples of, from 1e-8 to 1. */
function unitOf(values: Iterable<number>): number {
  let decimals = 0;
  for (const value of values) {
    while (decimals < MAX_DECIMALS) {
      const scaled = Math.abs(value) * 10 ** decimals;
      if (!(scaled < 1e12) || Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled * 1e-6))
        break;
      decimals++;
    }
  }
  return 10 ** -decimals;
}

/** Step of the prices of some bars of one source. */
export function priceUnit(bars: readonly BarValues[]): number {
  return unitOf(bars.flatMap((bar) => PRICE_FIELDS.map((field) => bar[field])));
}

/** Step of volumes: those in lots are multiples of tens, hundreds or thousands. */
export function volumeUnit(bars: readonly BarValues[]): number {
  const volumes = bars.map(({ volume }) => volume).filter((volume) => volume > 0);
  if (volumes.length < 3) return volumes.length === 0 ? 1 : unitOf(volumes);
  const lots = VOLUME_UNITS.find((unit) => volumes.every((volume) => volume % unit === 0));
  return lots ?? unitOf(volumes);
}

/** Whether two prices are one, written with other decimals, or within what a policy calls the same. */
export function isRoundedPrice(
  a: number,
  b: number,
  { unitA, unitB }: Precision,
  rules: { readonly tick: number; readonly priceTolerance: number },
): boolean {
  const difference = Math.abs(a - b);
  const size = Math.max(Math.abs(a), Math.abs(b));
  if (difference <= rules.tick * SLACK) return true;
  if (difference <= Math.max(rules.priceTolerance, FLOAT_SHARE) * size) return true;
  const coarse = Math.max(unitA, unitB);
  const share = unitA === unitB ? MAX_SAME_UNIT_SHARE : MAX_UNIT_SHARE;
  return coarse <= share * size && difference <= coarse * SLACK;
}

/** Whether two volumes are one, in lots or rounded, or within what a policy calls the same. */
export function isRoundedVolume(
  a: number,
  b: number,
  { unitA, unitB }: Precision,
  volumeTolerance: number,
): boolean {
  const difference = Math.abs(a - b);
  const size = Math.max(a, b);
  if (difference <= Math.max(volumeTolerance, FLOAT_SHARE) * size) return true;
  const coarse = Math.max(unitA, unitB);
  return coarse <= MAX_VOLUME_UNIT_SHARE * size && difference <= coarse * SLACK;
}

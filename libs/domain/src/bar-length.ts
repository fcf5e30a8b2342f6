import { parseInterval, type Interval } from './interval.ts';
import { err, ok, type Result } from './result.ts';

/** What fills a bar that has no length in time: a number of ticks, a volume, or an amount of money (price × size). */
export type Measure = 'tick' | 'volume' | 'dollar';

/** A bar ends with the tick that fills it: "100tick", "5000volume", "1000000dollar" (of the instrument's currency). */
export interface ThresholdLength {
  readonly text: string;
  readonly kind: 'threshold';
  readonly measure: Measure;
  readonly size: number;
}

/** How long a bar is: a time, or what fills it. */
export type BarLength = Interval | ThresholdLength;

/** "5m" as {@link parseInterval} reads it, or "100tick", "0.5volume", "1000000dollar". */
export function parseBarLength(text: string): Result<BarLength, string> {
  const match = /^(\d{1,15}(?:\.\d{1,8})?)(tick|volume|dollar)$/.exec(text);
  const [, digits, unit] = match ?? [];
  if (digits === undefined) return parseInterval(text);
  const size = Number(digits);
  if (!(size > 0)) return err(`"${text}" is no bar: what fills it must be more than 0`);
  // One bar has one name, which is part of its identity.
  if (size.toString() !== digits) return err(`"${text}": write the number as ${size}`);
  const measure: Measure = unit === 'tick' ? 'tick' : unit === 'volume' ? 'volume' : 'dollar';
  if (measure === 'tick' && !Number.isInteger(size))
    return err(`"${text}": ticks are counted in whole numbers`);
  return ok({ text, kind: 'threshold', measure, size });
}

import type { queryV1 } from '@tickwell/contracts';
import { NS_PER_DAY } from '@tickwell/domain';
import type { AlignInput } from './align.ts';
import type { AlignPlan } from './align-arguments.ts';
import { barNumbers } from './bar-numbers.ts';
import { axisTimeNs, isOfDays } from './bar-times.ts';
import { nominalNs, type Window } from './windows.ts';

/** A bar of a date may start on the evening before, and a bar of a week or month with its first session. */
export function spanToRead({ interval }: AlignPlan, { startNs, endNs }: Window): Window {
  if (!isOfDays(interval)) return { startNs, endNs };
  const from = startNs - 2n * NS_PER_DAY;
  return { startNs: from > 0n ? from : 0n, endNs: endNs + nominalNs(interval) };
}

/** The bars of a window by their places on the axis; of two at one place the later one. */
export async function readInput(
  messages: AsyncIterable<queryV1.GetBarsResponse>,
  { interval, columns }: AlignPlan,
  window: Window,
): Promise<AlignInput> {
  const times: bigint[] = [];
  const values: number[][] = columns.map(() => []);
  for await (const { bars } of messages) {
    const read = columns.map((name) => barNumbers(bars, name));
    for (const [row, startNs] of (bars?.startNs ?? []).entries()) {
      const time = axisTimeNs(interval, startNs, bars?.sessionDate[row]);
      if (time < window.startNs || time >= window.endNs) continue;
      // What is out of order on the axis (sources that date otherwise) has no place.
      const last = times.at(-1);
      if (last !== undefined && time < last) continue;
      const place = time === last ? times.length - 1 : times.length;
      times[place] = time;
      for (const [at, column] of values.entries()) column[place] = read[at]?.[row] ?? Number.NaN;
    }
  }
  return {
    timeNs: BigInt64Array.from(times),
    columns: values.map((column) => Float64Array.from(column)),
  };
}

import type { AlignedChunk, AsOfChunk } from '@tickwell/client';
import type { DataChunk } from './rows.ts';

/** A column per symbol, with the name of the value where there are several of each. */
export function alignedChunk({ timeNs, columns }: AlignedChunk): DataChunk {
  const isOne = new Set(columns.map(({ name }) => name)).size === 1;
  return {
    rows: timeNs.length,
    columns: [
      { name: 'time', type: 'time', values: timeNs },
      ...columns.map(({ symbol, name, values }) => ({
        name: isOne ? symbol : `${symbol}.${name}`,
        type: 'double' as const,
        values,
      })),
    ],
  };
}

/** Left rows with what was found for them; its columns begin with "right_". */
export function asOfChunk(chunk: AsOfChunk): DataChunk {
  const { symbol, timeNs, rightTimeNs, rightKnownNs } = chunk;
  const orNone = (times: readonly bigint[]) =>
    times.map((time, row) => (rightKnownNs[row] === 0n ? null : time));
  return {
    rows: timeNs.length,
    columns: [
      { name: 'time', type: 'time', values: timeNs },
      { name: 'symbol', type: 'text', values: timeNs.map(() => symbol) },
      ...chunk.columns.map(({ name, values }) => ({ name, type: 'double' as const, values })),
      { name: 'right_time', type: 'time', values: orNone(rightTimeNs) },
      { name: 'right_known', type: 'time', values: orNone(rightKnownNs) },
      ...chunk.rightColumns.map(({ name, values }) => ({
        name: `right_${name}`,
        type: 'double' as const,
        values,
      })),
    ],
  };
}

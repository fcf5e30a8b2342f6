import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsOfCursor, type KnownRows } from './as-of.ts';

interface Row {
  readonly time: bigint;
  readonly known: bigint;
  readonly value: number;
}

/** What the words of docs/several-symbols.md say, looked up row by row. */
function model(
  rows: readonly Row[],
  atNs: readonly bigint[],
  { toleranceNs, strictlyBefore }: { readonly toleranceNs: bigint; readonly strictlyBefore: boolean },
): (Row | undefined)[] {
  return atNs.map((at) => {
    const known = rows.filter((row) => (strictlyBefore ? row.known < at : row.known <= at));
    const last = known.at(-1);
    return last !== undefined && toleranceNs > 0n && at - last.known > toleranceNs ? undefined : last;
  });
}

async function* chunked(rows: readonly Row[], sizes: readonly number[]): AsyncGenerator<KnownRows> {
  let from = 0;
  for (let chunk = 0; from < rows.length; chunk += 1) {
    const part = rows.slice(from, from + (sizes[chunk % sizes.length] ?? 1));
    from += Math.max(1, part.length);
    await Promise.resolve();
    yield {
      timeNs: part.map(({ time }) => time),
      knownNs: part.map(({ known }) => known),
      columns: [part.map(({ value }) => value)],
    };
  }
}

const sorted = (times: readonly number[]): bigint[] => times.toSorted((a, b) => a - b).map(BigInt);
const times = fc.array(fc.nat(60), { maxLength: 40 }).map(sorted);

describe('the latest row that was known by a time', () => {
  it('is that of a plain search, whatever the chunks, and never one that became known later', async () => {
    await fc.assert(
      fc.asyncProperty(
        times,
        fc.nat(5),
        times,
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.record({ toleranceNs: fc.nat(12).map(BigInt), strictlyBefore: fc.boolean() }),
        async (starts, length, atNs, sizes, leftSizes, rules) => {
          const rows = starts.map((time, value) => ({ time, known: time + BigInt(length), value }));
          const cursor = new AsOfCursor(chunked(rows, sizes), 1, rules);
          const found: { time: bigint; known: bigint; value: number }[] = [];
          for (let from = 0, part = 0; from < atNs.length; part += 1) {
            const to = from + (leftSizes[part % leftSizes.length] ?? 1);
            const { timeNs, knownNs, columns } = await cursor.find(atNs.slice(from, to));
            for (const [at, time] of timeNs.entries())
              found.push({ time, known: knownNs[at] ?? -1n, value: columns[0]?.[at] ?? -1 });
            from = to;
          }
          await cursor.close();
          const none = { time: 0n, known: 0n, value: Number.NaN };
          expect(found).toEqual(model(rows, atNs, rules).map((row) => row ?? none));
          for (const [at, { known }] of found.entries()) expect(known).toBeLessThanOrEqual(atNs[at] ?? 0n);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads no further than it has to', async () => {
    let read = 0;
    const endless = async function* (): AsyncGenerator<KnownRows> {
      for (let at = 0n; ; at += 1n) {
        await Promise.resolve();
        read += 1;
        yield { timeNs: [at], knownNs: [at], columns: [[Number(at)]] };
      }
    };
    const cursor = new AsOfCursor(endless(), 1, { toleranceNs: 0n, strictlyBefore: false });
    expect((await cursor.find([3n, 3n])).columns).toEqual([[3, 3]]);
    expect(read).toBe(5);
    await cursor.close();
  });
});

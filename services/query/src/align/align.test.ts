import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisOf, OnAxis, type AlignInput, type AxisJoin } from './align.ts';

type Series = ReadonlyMap<number, number>;

const JOINS: readonly AxisJoin[] = ['outer', 'inner', 'left'];
const series = fc
  .uniqueArray(fc.tuple(fc.nat(30), fc.oneof(fc.nat(99), fc.constant(Number.NaN))), {
    selector: ([time]) => time,
    maxLength: 20,
  })
  .map((rows): Series => new Map(rows.toSorted(([a], [b]) => a - b)));

function inputOf(values: Series, from: number, to: number): AlignInput {
  const rows = [...values].filter(([time]) => time >= from && time < to);
  return {
    timeNs: BigInt64Array.from(rows, ([time]) => BigInt(time)),
    columns: [Float64Array.from(rows, ([, value]) => value)],
  };
}

/** Every time and every value looked up one by one. */
function model(all: readonly Series[], join: AxisJoin, fillRows: number, sessionOf?: (t: number) => number) {
  const has = (time: number): boolean =>
    join === 'outer'
      ? all.some((one) => one.has(time))
      : join === 'inner'
        ? all.every((one) => one.has(time))
        : all[0]?.has(time) === true;
  const axis = Array.from({ length: 31 }, (_, time) => time).filter(has);
  const columns = all.map((one) =>
    axis.map((time, row) => {
      for (let back = 0; back <= fillRows && row - back >= 0; back += 1) {
        const earlier = axis[row - back] ?? 0;
        if (sessionOf !== undefined && sessionOf(earlier) !== sessionOf(time)) return Number.NaN;
        const value = one.get(earlier) ?? Number.NaN;
        if (!Number.isNaN(value)) return value;
      }
      return Number.NaN;
    }),
  );
  return { axis, columns };
}

describe('several series on one axis', () => {
  it('are those of a plain lookup, however they are cut into windows', () => {
    fc.assert(
      fc.property(
        fc.array(series, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...JOINS),
        fc.nat(4),
        fc.option(fc.integer({ min: 3, max: 9 }), { nil: undefined }),
        fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }),
        (all, join, rows, sessionLength, cuts) => {
          const sessionOf =
            sessionLength === undefined ? undefined : (time: number) => Math.floor(time / sessionLength);
          const fill =
            sessionOf === undefined
              ? { rows }
              : { rows, sessionOf: (timeNs: bigint) => sessionOf(Number(timeNs)) };
          const places = all.map(() => new OnAxis(1, fill));
          const edges = [0, ...cuts.toSorted((a, b) => a - b), 31];
          const axis: number[] = [];
          const columns: number[][] = all.map(() => []);
          for (const [at, from] of edges.entries()) {
            const inputs = all.map((one) => inputOf(one, from, edges[at + 1] ?? from));
            const part = axisOf(inputs, join);
            axis.push(...Array.from(part, Number));
            for (const [index, place] of places.entries())
              columns[index]?.push(...(place.put(part, inputs[index]!)[0] ?? []));
          }
          expect({ axis, columns }).toEqual(model(all, join, rows, sessionOf));
        },
      ),
      { numRuns: 500 },
    );
  });
});

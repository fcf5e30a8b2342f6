import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAR_SIZES, barSizeOf } from './bar-sizes.ts';
import { barPieces, Ordinals, readTickPage, TICKS_PER_PAGE } from './request-splitter.ts';

const anySize = fc.constantFrom(...BAR_SIZES);
const anySpan = fc
  .tuple(fc.integer({ min: 1_500_000_000, max: 1_700_000_000 }), fc.integer({ min: 1, max: 40_000_000 }))
  .map(([fromSeconds, length]) => ({ fromSeconds, toSeconds: fromSeconds + length }));

/** An answer's most bars, for an instrument that trades around the clock. */
function mostBars(duration: string, seconds: number): number {
  const [count = '', unit = ''] = duration.split(' ');
  const unitSeconds = { S: 1, D: 86_400, Y: 366 * 86_400 }[unit] ?? NaN;
  return Math.ceil((Number(count) * unitSeconds) / seconds);
}

describe('barPieces', () => {
  it('covers a span without gap or overlap, on a grid that does not depend on it', () => {
    fc.assert(
      fc.property(anySize, anySpan, (size, span) => {
        const pieces = [...barPieces(size, span)].slice(0, 2000);
        expect(pieces[0]?.fromSeconds).toBe(span.fromSeconds);
        pieces.slice(1).forEach((piece, index) => {
          expect(piece.fromSeconds).toBe(pieces[index]?.toSeconds);
        });
        if (pieces.length < 2000) expect(pieces.at(-1)?.toSeconds).toBe(span.toSeconds);
        // Started within the span, the questions after the first are the same.
        const second = pieces[1];
        if (second !== undefined)
          expect([...barPieces(size, { ...span, fromSeconds: second.fromSeconds })].slice(0, 1999)).toEqual(
            pieces.slice(1),
          );
      }),
    );
  });

  it('never asks for more than 2,000 bars', () => {
    for (const size of BAR_SIZES)
      expect([size.ib, mostBars(size.piece.duration, size.seconds) <= 2000]).toEqual([size.ib, true]);
  });

  it('asks for pieces as IB writes them', () => {
    const first = (interval: string, from: string, to: string): unknown => {
      const size = barSizeOf(interval);
      if (size === undefined) throw new Error(interval);
      const span = { fromSeconds: Date.parse(from) / 1000, toSeconds: Date.parse(to) / 1000 };
      return [...barPieces(size, span)].map(({ fromSeconds, endSeconds, duration }) =>
        [
          new Date(fromSeconds * 1000).toISOString(),
          new Date(endSeconds * 1000).toISOString(),
          duration,
        ].join(' '),
      );
    };
    expect(first('5s', '2024-01-08T14:30:00Z', '2024-01-08T15:10:03Z')).toEqual([
      '2024-01-08T14:30:00.000Z 2024-01-08T15:00:00.000Z 3600 S',
      '2024-01-08T15:00:00.000Z 2024-01-08T15:10:05.000Z 3600 S',
    ]);
    expect(first('1d', '2022-06-01T00:00:00Z', '2023-02-01T12:00:00Z')).toEqual([
      '2022-06-01T00:00:00.000Z 2023-01-01T00:00:00.000Z 1 Y',
      '2023-01-01T00:00:00.000Z 2023-02-02T00:00:00.000Z 1 Y',
    ]);
    expect(barSizeOf('6m')).toBeUndefined();
  });
});

describe('readTickPage', () => {
  it('reads every tick once, with the same ordinals, whatever second it starts at', () => {
    const perSecond = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(perSecond, fc.nat({ max: 11 }), (counts, start) => {
        const all = counts.flatMap((count, time) => Array.from({ length: count }, (_, id) => ({ time, id })));
        const read = (fromSeconds: number): string[] => {
          const got: string[] = [];
          const ordinals = new Ordinals();
          let next: number | undefined = fromSeconds;
          while (next !== undefined) {
            const from: number = next;
            const answer = all.filter(({ time }) => time >= from).slice(0, TICKS_PER_PAGE);
            const page = readTickPage(answer, { fromSeconds: from, toSeconds: counts.length });
            for (const { time, id } of page.ticks) got.push(`${time}/${ordinals.next(time)}=${id}`);
            expect(page.truncatedSecond).toBeUndefined();
            next = page.nextSeconds;
          }
          return got;
        };
        const whole = all.map(({ time, id }) => `${time}/${id}=${id}`);
        expect(read(0)).toEqual(whole);
        expect(read(start)).toEqual(
          all.filter(({ time }) => time >= start).map(({ time, id }) => `${time}/${id}=${id}`),
        );
      }),
    );
  });

  it('goes on after a second that fills a page, and says that it may hold more', () => {
    const full = Array.from({ length: TICKS_PER_PAGE }, () => ({ time: 7 }));
    const span = { fromSeconds: 7, toSeconds: 20 };
    expect(readTickPage(full, span)).toEqual({ ticks: full, nextSeconds: 8, truncatedSecond: 7 });
    const completed = [...full, { time: 7 }];
    expect(readTickPage(completed, span)).toEqual({
      ticks: completed,
      nextSeconds: 8,
      truncatedSecond: undefined,
    });
  });
});

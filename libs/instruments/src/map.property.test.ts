import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayNs, symbol } from './fixtures/build.ts';
import { InstrumentMap } from './map.ts';
import { dayText } from './span.ts';

const IDS = ['A', 'B', 'C', 'D'];
const NAMES = ['X', 'Y', 'Z'];
const DAYS = 12;

/** Documents over few names and days, so that they contradict each other often. */
const anyDocument = fc
  .record({
    cuts: fc.uniqueArray(fc.integer({ min: 0, max: DAYS }), { minLength: 2, maxLength: 4 }),
    names: fc.array(fc.constantFrom(...NAMES), { minLength: 3, maxLength: 3 }),
    listed: fc.option(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 6, max: DAYS })), {
      nil: undefined,
    }),
  })
  .map(({ cuts, names, listed }) => {
    const days = cuts.toSorted((a, b) => a - b);
    const vendors = days.slice(0, -1).map((day, index) => ({
      source: 'yahoo',
      symbol: names[index] ?? 'X',
      from: dayText(dayNs(day)),
      to: dayText(dayNs(days[index + 1] ?? DAYS)),
    }));
    const span =
      listed === undefined
        ? {}
        : { listed: { from: dayText(dayNs(listed[0])), to: dayText(dayNs(listed[1])) } };
    return { type: 'stock', vendors, ...span };
  });

const anyEdits = fc.array(
  fc.record({ id: fc.constantFrom(...IDS), document: fc.option(anyDocument, { nil: undefined }) }),
  { maxLength: 12 },
);

interface Edit {
  readonly id: string;
  readonly document: object | undefined;
}

function apply(map: InstrumentMap, edits: readonly (Edit & { readonly position: bigint })[]): InstrumentMap {
  for (const { id, document, position } of edits)
    map.apply({
      id,
      payloadJson: document === undefined ? '' : JSON.stringify(document),
      deleted: document === undefined,
      position,
    });
  return map;
}

const numbered = (edits: readonly Edit[]) =>
  edits.map((edit, position) => ({ ...edit, position: BigInt(position) }));

/** Who has which name on which day, in both directions. */
function picture(map: InstrumentMap): unknown {
  return Array.from({ length: DAYS }, (_, day) => ({
    owners: NAMES.map((name) => map.idOf('yahoo', symbol(name), dayNs(day))),
    names: IDS.map((id) => map.vendorSymbol(id, 'yahoo', dayNs(day))?.symbol),
  }));
}

describe('whatever documents there are', () => {
  it('a name is at most one instrument’s at a time, and both directions agree', () => {
    fc.assert(
      fc.property(anyEdits, (edits) => {
        const map = apply(new InstrumentMap(), numbered(edits));
        for (let day = 0; day < DAYS; day += 1) {
          const named = IDS.flatMap((id) => map.vendorSymbol(id, 'yahoo', dayNs(day))?.symbol ?? []);
          expect(new Set(named).size).toBe(named.length);
          for (const id of IDS) {
            const vendor = map.vendorSymbol(id, 'yahoo', dayNs(day));
            if (vendor !== undefined) expect(map.idOf('yahoo', vendor, dayNs(day))).toBe(id);
          }
        }
      }),
    );
  });

  it('segments are in order, apart, inside the range, and say what vendorSymbol says at every moment', () => {
    const day = fc.integer({ min: -1, max: DAYS + 1 });
    fc.assert(
      fc.property(anyEdits, day, day, (edits, from, length) => {
        const map = apply(new InstrumentMap(), numbered(edits));
        const [fromNs, toNs] = [dayNs(from), dayNs(from + Math.max(1, length))];
        for (const id of IDS) {
          const segments = map.segments(id, 'yahoo', fromNs, toNs) ?? [];
          for (const [index, segment] of segments.entries()) {
            expect(segment.fromNs < segment.toNs).toBe(true);
            expect(segment.fromNs >= (segments[index - 1]?.toNs ?? fromNs) && segment.toNs <= toNs).toBe(
              true,
            );
          }
          for (let timeNs = fromNs; timeNs < toNs; timeNs += dayNs(1) / 2n) {
            const piece = segments.find((segment) => segment.fromNs <= timeNs && timeNs < segment.toNs);
            expect(piece?.vendor).toEqual(map.vendorSymbol(id, 'yahoo', timeNs));
          }
        }
      }),
    );
  });

  it('the map follows from the newest documents, not from the way there', () => {
    fc.assert(
      fc.property(anyEdits, fc.func(fc.integer()), (edits, rank) => {
        const all = numbered(edits);
        const newest = all.filter(
          ({ id, position }) => !all.some((later) => later.id === id && later.position > position),
        );
        const shuffled = newest.toSorted((a, b) => rank(a.id) - rank(b.id));
        expect(picture(apply(new InstrumentMap(), shuffled))).toEqual(
          picture(apply(new InstrumentMap(), all)),
        );
      }),
    );
  });

  it('where every document was checked before it was written, no entry is lost', () => {
    fc.assert(
      fc.property(anyEdits, (edits) => {
        const map = new InstrumentMap();
        for (const edit of numbered(edits)) {
          if (map.conflicts(edit.id, edit.document).length === 0) apply(map, [edit]);
        }
        expect(map.problems()).toEqual([]);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitOf, FrameStore, type Row } from './fixtures/frame-store.ts';
import type { IndexRange } from './index.ts';

/** What a user asks for, before it is known what there is. */
type Step =
  | { readonly kind: 'write' | 'append'; readonly values: readonly number[]; readonly isSorted: boolean }
  | { readonly kind: 'update'; readonly values: readonly number[]; readonly around: number | undefined }
  | { readonly kind: 'delete-range'; readonly from: number; readonly length: number }
  | { readonly kind: 'delete' | 'write-metadata' }
  | { readonly kind: 'merge'; readonly a: number; readonly b: number }
  | { readonly kind: 'prune'; readonly which: number };

const value = fc.integer({ min: -12, max: 24 });
const values = fc.array(value, { maxLength: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('write' as const), values, isSorted: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('append' as const), values, isSorted: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      values: fc.array(value, { maxLength: 5 }),
      around: fc.option(fc.nat(3), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('delete-range' as const), from: value, length: fc.nat(12) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('delete' as const, 'write-metadata' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('merge' as const), a: fc.nat(40), b: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('prune' as const), which: fc.nat(40) }) },
);

/** Rows at every version as a list that is changed in place would have them. */
class Model {
  readonly versions: (readonly Row[])[] = [];
  exists = false;
  /** Whether rows of a range were replaced or taken out since the chain began. */
  isMasked = false;
  #id = 0;

  get rows(): readonly Row[] {
    return this.versions.at(-1) ?? [];
  }

  next(rows: readonly Row[], begins: boolean, exists = true): void {
    this.versions.push(rows);
    this.exists = exists;
    if (begins) this.isMasked = false;
  }

  mask(rows: readonly Row[]): void {
    this.next(rows, false);
    this.isMasked = true;
  }

  fresh(of: readonly number[]): readonly Row[] {
    return of.map((at) => ({ index: BigInt(at), id: this.#id++ }));
  }
}

function isSorted(rows: readonly Row[]): boolean {
  return rows.every(({ index }, at) => at === 0 || (rows[at - 1]?.index ?? index) <= index);
}

const within =
  ({ fromNs, toNs }: IndexRange) =>
  ({ index }: Row) =>
    index >= fromNs && index <= toNs;
const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

/** The rows with those of the range replaced at their place. */
function replaced(rows: readonly Row[], range: IndexRange, by: readonly Row[]): readonly Row[] {
  return [
    ...rows.filter(({ index }) => index < range.fromNs),
    ...by,
    ...rows.filter(({ index }) => index > range.toNs),
  ];
}

/** A store and its model, side by side. */
class Pair {
  readonly store = new FrameStore();
  readonly model = new Model();
  #writes = 0;

  apply(step: Step): void {
    const writeId = `w${this.#writes++}`;
    switch (step.kind) {
      case 'write':
      case 'append':
        this.#rows(step.kind, writeId, step.isSorted ? ascending(step.values) : step.values);
        break;
      case 'update':
        this.#update(writeId, ascending(step.values), step.around);
        break;
      case 'delete-range':
        this.#deleteRange(writeId, step.from, step.from + step.length);
        break;
      case 'delete':
      case 'write-metadata':
        this.#without(step.kind, writeId);
        break;
      case 'merge':
        this.#merge(writeId, step.a, step.b);
        break;
      case 'prune':
        this.#prune(writeId, step.which);
    }
  }

  /** Every version, with merges and without, and a part of it. */
  check(range: IndexRange): void {
    const plain = this.store.links.filter(({ operation }) => operation !== 'merge');
    this.model.versions.forEach((rows, index) => {
      expect(this.store.read(index + 1, plain)).toEqual(rows);
      expect(this.store.read(index + 1)).toEqual(rows);
      expect(this.store.read(index + 1, this.store.links, range)).toEqual(rows.filter(within(range)));
    });
    this.#checkState();
  }

  #checkState(): void {
    const { version, rows, sorted, firstNs = 99n, lastNs = -99n } = this.store.state;
    const { model } = this;
    expect(version).toBe(model.versions.length);
    if (rows !== undefined) expect(rows).toBe(model.rows.length);
    if (sorted) expect(isSorted(model.rows)).toBe(true);
    expect(model.rows.every(({ index }) => index >= firstNs && index <= lastNs)).toBe(true);
  }

  #rows(operation: 'write' | 'append', writeId: string, values: readonly number[]): void {
    const rows = this.model.fresh(values);
    const before = operation === 'append' ? this.model.rows : [];
    expect(this.store.put({ operation, writeId }, rows).kind).toBe('version');
    this.model.next([...before, ...rows], operation === 'write' || !this.model.exists);
  }

  #update(writeId: string, values: readonly number[], around: number | undefined): void {
    const { model } = this;
    const rows = model.fresh(values);
    const first = rows[0]?.index ?? 0n;
    const last = rows.at(-1)?.index ?? 0n;
    const more = BigInt(around ?? 0);
    const range = { fromNs: first - more, toNs: last + more };
    const mask = around === undefined ? {} : { maskFromNs: range.fromNs, maskToNs: range.toNs };
    const isOrdered = this.store.state.sorted;
    const decision = this.store.put({ operation: 'update', writeId, ...mask }, rows);
    if (!model.exists) {
      expect(decision).toMatchObject({ kind: 'refusal', refusal: { code: 'unknown-symbol' } });
    } else if (!isOrdered) {
      expect(decision).toMatchObject({ kind: 'refusal', refusal: { code: 'not-sorted' } });
      // Where rows were taken out of a range, only a read could tell that what is left is in order.
      expect(isSorted(model.rows) && !model.isMasked).toBe(false);
    } else {
      expect(decision.kind).toBe('version');
      const isNothing = around === undefined && rows.length === 0;
      model.mask(isNothing ? model.rows : replaced(model.rows, range, rows));
    }
  }

  #deleteRange(writeId: string, from: number, to: number): void {
    const range = { fromNs: BigInt(from), toNs: BigInt(to) };
    const commit = {
      operation: 'delete-range',
      writeId,
      maskFromNs: range.fromNs,
      maskToNs: range.toNs,
    } as const;
    const { indexColumn } = this.store.state;
    const decision = this.store.commit(commitOf(commit));
    const code = !this.model.exists ? 'unknown-symbol' : indexColumn === '' ? 'no-index' : undefined;
    if (code !== undefined) expect(decision).toMatchObject({ kind: 'refusal', refusal: { code } });
    else this.model.mask(this.model.rows.filter((row) => !within(range)(row)));
  }

  #without(operation: 'delete' | 'write-metadata', writeId: string): void {
    const decision = this.store.commit(commitOf({ operation, writeId, metadataJson: writeId }));
    if (operation === 'delete' && !this.model.exists) {
      expect(decision).toMatchObject({ kind: 'refusal', refusal: { code: 'unknown-symbol' } });
      return;
    }
    expect(decision.kind).toBe('version');
    if (operation === 'delete') this.model.next([], true, false);
    else this.model.next(this.model.rows, !this.model.exists);
  }

  /** Of any versions of the chain; one that a reader may not use must not be used. */
  #merge(writeId: string, a: number, b: number): void {
    const { base, version } = this.store.state;
    if (!this.model.exists) return;
    const [from = base, to = base] = ascending([a, b].map((at) => base + (at % (version - base + 1))));
    expect(this.store.merge(writeId, { from, to }).kind).toBe('version');
  }

  #prune(writeId: string, which: number): void {
    const { version } = this.store.state;
    if (version < 2) return;
    const pruned = [1 + (which % (version - 1))];
    expect(this.store.commit(commitOf({ operation: 'prune', writeId, pruned })).kind).toBe('version');
  }
}

describe('a symbol', () => {
  it('is at every version what a list would be, whatever was done and merged', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), value, fc.nat(12), (steps, from, length) => {
        const pair = new Pair();
        for (const step of steps) pair.apply(step);
        pair.check({ fromNs: BigInt(from), toNs: BigInt(from + length) });
      }),
      { numRuns: 500 },
    );
  });
});

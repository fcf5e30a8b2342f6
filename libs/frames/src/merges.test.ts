import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameStore, type Row } from './fixtures/frame-store.ts';
import {
  garbage,
  mergeDue,
  mergeSpans,
  SEGMENT_ROWS,
  segmentsOf,
  type ChainRow,
  type FrameSegment,
} from './index.ts';

const APPENDS = 10_000;
const ROWS = 100;

function segment(sha256: string, rows: number, minIndexNs: bigint, maxIndexNs: bigint): FrameSegment {
  return { sha256, rows, bytes: rows * 24, minIndexNs, maxIndexNs, sorted: true };
}

/** A version without a mask. */
function link(of: Partial<ChainRow> & Pick<ChainRow, 'operation' | 'version' | 'segments'>): ChainRow {
  return { maskFromNs: undefined, maskToNs: undefined, mergeFrom: 0, mergeTo: 0, ...of };
}

/** The merge that is due after the version, if any, with files of the size that files have. */
function merged(rows: readonly ChainRow[], version: number): ChainRow | undefined {
  const [widest] = mergeSpans(1, version);
  if (widest === undefined) return undefined;
  // Without updates nothing but the widest span needs to be read.
  const within = rows.filter((row) => row.version >= widest.from);
  const span = mergeDue(within, 1, version);
  if (span === undefined) return undefined;
  const reads = segmentsOf(within, span);
  const total = reads.reduce((sum, { segment }) => sum + segment.rows, 0);
  const from = reads[0]?.segment.minIndexNs ?? 0n;
  const segments = Array.from({ length: Math.ceil(total / SEGMENT_ROWS) }, (_, at) => {
    const first = from + BigInt(at * SEGMENT_ROWS);
    const rows = Math.min(SEGMENT_ROWS, total - at * SEGMENT_ROWS);
    return segment(`m${span.from}-${span.to}/${at}`, rows, first, first + BigInt(rows) - 1n);
  });
  return link({ operation: 'merge', version, mergeFrom: span.from, mergeTo: span.to, segments });
}

describe('many small appends', () => {
  const rows: ChainRow[] = [];
  let rewritten = 0;
  let mostFiles = 0;
  for (let version = 1; version <= APPENDS; version++) {
    const first = BigInt(version * ROWS);
    const segments = [segment(`a${version}`, ROWS, first, first + BigInt(ROWS) - 1n)];
    rows.push(link({ operation: version === 1 ? 'write' : 'append', version, segments }));
    const merge = merged(rows, version);
    if (merge !== undefined) rows.push(merge);
    rewritten += merge?.segments.reduce((sum, { rows: of }) => sum + of, 0) ?? 0;
    if (version % 500 === 0) {
      const files = segmentsOf(rows, { from: 1, to: version }).length;
      mostFiles = Math.max(mostFiles, files);
    }
  }

  it('are read as some sixty files, whole and in order', () => {
    const reads = segmentsOf(rows, { from: 1, to: APPENDS });
    expect(reads.length).toBeLessThanOrEqual(64);
    expect(mostFiles).toBeLessThanOrEqual(90);
    let next = BigInt(ROWS);
    for (const { segment, masks } of reads) {
      expect(masks).toEqual([]);
      expect(segment.minIndexNs).toBe(next);
      next = (segment.maxIndexNs ?? 0n) + 1n;
    }
    expect(next).toBe(BigInt((APPENDS + 1) * ROWS));
  });

  it('are written again twice at most', () => {
    expect(rewritten).toBeLessThanOrEqual(2 * APPENDS * ROWS);
  });

  it('of a range are read from the files that have some of it', () => {
    const reads = segmentsOf(rows, { from: 1, to: APPENDS }, { fromNs: 500_000n, toNs: 500_099n });
    expect(reads).toHaveLength(1);
    expect(reads[0]?.masks).toHaveLength(2);
  });

  it('leave nothing but what the newest version is read from when the others are pruned', () => {
    const gone = new Set(garbage([{ rows, base: 1, live: [APPENDS] }]));
    const left = rows.flatMap(({ segments }) => segments).filter(({ sha256 }) => !gone.has(sha256));
    const reads = segmentsOf(rows, { from: 1, to: APPENDS }).map(({ segment }) => segment.sha256);
    expect(left.map(({ sha256 }) => sha256).sort()).toEqual(reads.sort());
  });
});

describe('a merge', () => {
  it('is due of 32, of 1,024 and so on, the widest first, counted from the base', () => {
    expect(mergeSpans(5, 36)).toEqual([]);
    expect(mergeSpans(5, 37)).toEqual([{ from: 6, to: 37 }]);
    expect(mergeSpans(5, 5 + 1024)).toEqual([
      { from: 6, to: 1029 },
      { from: 998, to: 1029 },
    ]);
  });

  it('is not due of files that are as large as files are', () => {
    const rows = Array.from({ length: 33 }, (_, at) =>
      link({
        operation: at === 0 ? 'write' : 'append',
        version: at + 1,
        segments: [segment(`a${at}`, SEGMENT_ROWS, BigInt(at), BigInt(at))],
      }),
    );
    expect(mergeDue(rows, 1, 33)).toBeUndefined();
  });

  it.each([
    { reaching: 'into those below: the whole chain', below: 0n, due: { from: 1, to: 33 } },
    { reaching: 'above them: the newest alone', below: 1n, due: { from: 2, to: 33 } },
  ])('is due of versions whose updates reach $reaching', ({ below, due }) => {
    const rows = Array.from({ length: 33 }, (_, at) =>
      link({
        operation: at === 0 ? 'write' : at === 20 ? 'update' : 'append',
        version: at + 1,
        segments: [segment(`a${at}`, ROWS, BigInt(at), BigInt(at))],
        ...(at === 20 ? { maskFromNs: below, maskToNs: 20n } : {}),
      }),
    );
    expect(mergeDue(rows, 1, 33)).toEqual(due);
  });
});

describe('a chain', () => {
  it('with a hole is not read as another frame', () => {
    const rows = [1, 3].map((version) => link({ operation: 'append', version, segments: [] }));
    expect(() => segmentsOf(rows, { from: 1, to: 3 })).toThrow(
      'versions 1 to 3 of a frame have 2 rows, none for version 2: the store has lost some',
    );
  });

  it('without an index is read in the order in which it was written', () => {
    const file = (sha256: string): FrameSegment => ({ sha256, rows: 1, bytes: 1, sorted: true });
    const rows = [
      link({ operation: 'write', version: 1, segments: [file('a'), file('b')] }),
      link({ operation: 'append', version: 2, segments: [file('c')] }),
    ];
    expect(segmentsOf(rows, { from: 1, to: 2 }).map(({ segment, masks }) => [segment.sha256, masks])).toEqual(
      [
        ['a', []],
        ['b', []],
        ['c', []],
      ],
    );
  });
});

describe('garbage', () => {
  const step = fc.record({
    kind: fc.constantFrom('append', 'update', 'merge'),
    at: fc.nat(20),
    isLive: fc.boolean(),
  });

  it('is nothing that a live version needs, and of those all that none needs', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const store = new FrameStore();
        store.put({ operation: 'write', writeId: 'first' }, [0, 5, 10, 15].map(rowAt), 2);
        steps.forEach(({ kind, at }, write) => {
          const { version, sorted } = store.state;
          if (kind === 'merge') store.merge(`w${write}`, { from: 1 + (at % version), to: version });
          else if (kind === 'append' || !sorted)
            store.put({ operation: 'append', writeId: `w${write}` }, [rowAt(at)]);
          else store.put({ operation: 'update', writeId: `w${write}` }, [at, at + 4].map(rowAt));
        });
        const live = store.versions
          .filter(({ operation }, at) => operation !== 'merge' && steps[at]?.isLive !== false)
          .map(({ version }) => version);
        const before = live.map((version) => store.read(version));
        const gone = garbage([{ rows: store.links, base: 1, live }]);
        for (const sha256 of gone) store.files.delete(sha256);
        expect(live.map((version) => store.read(version))).toEqual(before);
        for (const sha256 of store.files.keys()) {
          const isRead = live.some((version) =>
            segmentsOf(store.links, { from: 1, to: version }).some(
              ({ segment }) => segment.sha256 === sha256,
            ),
          );
          expect(isRead).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is no file that another frame needs', () => {
    const rows = [link({ operation: 'write', version: 1, segments: [segment('shared', 1, 1n, 1n)] })];
    expect(garbage([{ rows, base: 1, live: [] }])).toEqual(['shared']);
    expect(
      garbage([
        { rows, base: 1, live: [] },
        { rows, base: 1, live: [1] },
      ]),
    ).toEqual([]);
  });
});

function rowAt(at: number): Row {
  return { index: BigInt(at), id: at };
}

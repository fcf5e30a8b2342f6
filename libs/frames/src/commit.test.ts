import { describe, expect, it } from 'vitest';
import { commitOf, FrameStore, type Row } from './fixtures/frame-store.ts';
import {
  MAX_OPEN_WRITES,
  MAX_OUTCOMES,
  MAX_SEGMENTS_OF_WRITE,
  type CommitDecision,
  type FrameCommit,
} from './index.ts';

const FRAME = 'symbol "AAPL" of library "research"';
const rowsAt = (...indexes: readonly number[]): readonly Row[] =>
  indexes.map((at) => ({ index: BigInt(at), id: at }));

/** Version 1 with rows at 10, 20 and 30. */
function stored(): FrameStore {
  const store = new FrameStore();
  store.put({ operation: 'write', writeId: 'first', metadataJson: '{"a":1}' }, rowsAt(10, 20, 30));
  return store;
}

function refusal(decision: CommitDecision): readonly string[] {
  return decision.kind === 'refusal' ? [decision.refusal.code, decision.refusal.message] : [decision.kind];
}

type Case = readonly [
  operation: FrameCommit['operation'],
  of: Partial<FrameCommit>,
  rows: readonly Row[],
  code: string,
  message: string,
];

const CASES: readonly Case[] = [
  [
    'append',
    { expectedVersion: 7 },
    rowsAt(40),
    'version-conflict',
    `${FRAME} is at version 1, and the write expected version 7: read it again and write on top of what is there`,
  ],
  [
    'write',
    { expectedVersion: 0 },
    rowsAt(40),
    'version-conflict',
    `${FRAME} is at version 1, and the write expected that there is none: read it again and write on top of what is there`,
  ],
  [
    'append',
    {
      columns: [
        { name: 'at', type: 'timestamp[ns, UTC]', nullable: false },
        { name: 'id', type: 'utf8', nullable: false },
      ],
    },
    rowsAt(40),
    'schema-conflict',
    `${FRAME}: column "id" is int64 and the rows have utf8, and no type holds both without loss: convert it to int64 before, or write the frame anew`,
  ],
  [
    'append',
    { columns: [{ name: 'id', type: 'int64', nullable: false }], indexColumn: '' },
    rowsAt(40),
    'index-conflict',
    `${FRAME} is indexed by "at", and the rows are not indexed: index them as the frame is, or write it anew`,
  ],
  [
    'append',
    { requireSorted: true },
    rowsAt(29),
    'not-sorted',
    `the rows appended to ${FRAME} begin at index 29, before its last one (30, ns since the epoch): use update, or append without asking for order`,
  ],
  [
    'append',
    { requireSorted: true },
    rowsAt(40, 39),
    'not-sorted',
    `the rows of ${FRAME} are not sorted by "at": sort them, or write without asking for order`,
  ],
  [
    'append',
    { rows: 2 },
    rowsAt(40),
    'incomplete-write',
    `of the write to ${FRAME} 1 rows arrived and its commit names 2: write again under a new write id`,
  ],
  [
    'append',
    { segments: 2 },
    rowsAt(40),
    'incomplete-write',
    `of the write to ${FRAME} 1 segments arrived and its commit names 2: write again under a new write id`,
  ],
  [
    'write',
    { indexColumn: 'id' },
    rowsAt(40),
    'invalid-schema',
    `the index "id" of ${FRAME} is int64: an index is a timestamp or a date; write it without an index, or convert it`,
  ],
  [
    'write',
    { indexColumn: 'when' },
    rowsAt(40),
    'invalid-schema',
    `the index "when" of ${FRAME} is none of its columns: name one of them`,
  ],
  [
    'write',
    { columns: [], indexColumn: '' },
    rowsAt(40),
    'invalid-schema',
    `1 rows of ${FRAME} have no column: give them at least one`,
  ],
  [
    'write',
    {
      columns: [
        { name: 'x', type: 'int8', nullable: false },
        { name: 'x', type: 'int8', nullable: false },
      ],
      indexColumn: '',
    },
    rowsAt(40),
    'invalid-schema',
    `column "x" of ${FRAME} is there twice: rename one`,
  ],
  [
    'update',
    {},
    rowsAt(20, 15),
    'not-sorted',
    `the rows that update ${FRAME} must be sorted by index for update, and are not: sort by "at" and write it again`,
  ],
  [
    'update',
    { maskFromNs: 15n, maskToNs: 19n },
    rowsAt(20),
    'invalid-range',
    `the rows that update ${FRAME} reach from 20 to 20, outside the range 15 to 19 (ns since the epoch) that they replace: leave them out, or widen the range`,
  ],
  [
    'update',
    { indexColumn: '', columns: [{ name: 'id', type: 'int64', nullable: false }] },
    rowsAt(20),
    'no-index',
    `the rows that update ${FRAME} have no index, so there is no range to replace: name an index column, or use write`,
  ],
  [
    'delete-range',
    { maskFromNs: 5n },
    [],
    'invalid-range',
    `a range of ${FRAME} needs both its ends: give from and to`,
  ],
  [
    'delete-range',
    { maskFromNs: 5n, maskToNs: 4n },
    [],
    'invalid-range',
    `a range of ${FRAME} ends (4) before it begins (5): swap them`,
  ],
  ['delete', {}, rowsAt(1), 'invalid-commit', `delete of ${FRAME} came with rows: send it without`],
  [
    'merge',
    { mergeFrom: 1, mergeTo: 2 },
    rowsAt(10, 20, 30),
    'invalid-merge',
    `the merge of versions 1 to 2 of ${FRAME} is not within versions 1 to 1, of which it is made now: merge those that are`,
  ],
  [
    'merge',
    { mergeFrom: 1, mergeTo: 1 },
    rowsAt(10, 20),
    'invalid-merge',
    `the merge of versions 1 to 1 of ${FRAME} has 2 rows, and the frame has 3: merge it again`,
  ],
  [
    'prune',
    { pruned: [1] },
    [],
    'invalid-prune',
    `version 1 of ${FRAME} cannot be forgotten: name versions before the newest, which is 1`,
  ],
];

describe('a commit', () => {
  it.each(CASES)('%s %o of %o is refused: %s', (operation, of, rows, code, message) => {
    const store = stored();
    const before = store.state;
    const decision = store.put({ operation, writeId: 'w', ...of }, rows);
    expect(refusal(decision)).toEqual([code, message]);
    expect(store.state).toEqual({ ...before, outcomes: store.state.outcomes });
    expect(store.read(1)).toEqual(rowsAt(10, 20, 30));
  });

  it.each(['update', 'delete-range', 'delete', 'merge', 'prune'] as const)(
    '%s needs a symbol',
    (operation) => {
      const store = new FrameStore();
      const of = { maskFromNs: 1n, maskToNs: 2n, mergeFrom: 1, mergeTo: 1, pruned: [1] };
      expect(refusal(store.commit(commitOf({ operation, writeId: 'w', ...of })))).toEqual([
        'unknown-symbol',
        `${FRAME} does not exist, so there is nothing for ${operation}: check the name, or write it first`,
      ]);
    },
  );

  it.each(['append', 'update'] as const)('%s writes a symbol that was deleted', (operation) => {
    const store = stored();
    store.commit(commitOf({ operation: 'delete', writeId: 'gone' }));
    const decision = store.put({ operation, writeId: 'w', upsert: true, expectedVersion: 0 }, rowsAt(1, 2));
    const version = {
      operation: 'write',
      version: 3,
      base: 3,
      rows: 2,
      metadataJson: undefined,
      maskFromNs: undefined,
    };
    expect(decision).toMatchObject({ kind: 'version', version });
    expect(store.read(1)).toEqual(rowsAt(10, 20, 30));
    expect(store.read(2)).toEqual([]);
    expect(store.read(3)).toEqual(rowsAt(1, 2));
  });

  it('keeps metadata until there is new, and a write has none of before', () => {
    const store = stored();
    const metadata = () => store.state.metadataJson;
    store.put({ operation: 'append', writeId: 'a' }, rowsAt(40));
    expect(metadata()).toBe('{"a":1}');
    store.commit(commitOf({ operation: 'write-metadata', writeId: 'b', metadataJson: '2' }));
    expect(metadata()).toBe('2');
    store.commit(commitOf({ operation: 'delete-range', writeId: 'c', maskFromNs: 10n, maskToNs: 10n }));
    expect(metadata()).toBe('2');
    store.put({ operation: 'write', writeId: 'd' }, rowsAt(1));
    expect(metadata()).toBeUndefined();
  });

  it('knows rows and range of the frame where they can be known', () => {
    const store = stored();
    const known = () => [store.state.rows, store.state.firstNs, store.state.lastNs, store.state.sorted];
    const deleted = (writeId: string, maskFromNs: bigint, maskToNs: bigint) =>
      store.commit(commitOf({ operation: 'delete-range', writeId, maskFromNs, maskToNs }));
    deleted('none', 31n, 99n);
    expect(known()).toEqual([3, 10n, 30n, true]);
    deleted('end', 25n, 99n);
    expect(known()).toEqual([undefined, 10n, 24n, true]);
    store.put({ operation: 'append', writeId: 'on', requireSorted: true }, rowsAt(24));
    expect(known()).toEqual([undefined, 10n, 24n, true]);
    store.put({ operation: 'append', writeId: 'back' }, rowsAt(5));
    expect(known()).toEqual([undefined, 5n, 24n, false]);
    deleted('all', 0n, 99n);
    expect(known()).toEqual([0, undefined, undefined, true]);
  });

  it('says the schema of whoever has all the columns', () => {
    const schema = (...bytes: number[]) => new Uint8Array(bytes);
    const [at, id] = [
      { name: 'at', type: 'timestamp[ns, UTC]', nullable: false },
      { name: 'id', type: 'int64', nullable: false },
    ];
    const store = new FrameStore();
    store.put({ operation: 'write', writeId: 'a', arrowSchema: schema(1) }, rowsAt(1));
    store.put({ operation: 'append', writeId: 'b', arrowSchema: schema(2) }, rowsAt(2));
    expect(store.state.arrowSchema).toEqual(schema(1));
    const columns = [at, id, { name: 'x', type: 'utf8', nullable: false }];
    store.put({ operation: 'append', writeId: 'c', arrowSchema: schema(3), columns }, rowsAt(3));
    expect(store.state.arrowSchema).toEqual(schema(3));
    expect(store.state.columns).toEqual([at, id, { name: 'x', type: 'utf8', nullable: true }]);
  });

  it('brings stored segments in front of those it sent, so that a rename moves nothing', () => {
    const store = stored();
    const reused = store.links[0]?.segments ?? [];
    const segments = store.send('w', rowsAt(40), 1);
    const decision = store.commitRows({ operation: 'write', writeId: 'w', reused }, segments, 4);
    expect(decision).toMatchObject({
      kind: 'version',
      version: { rows: 4, rowsWritten: 4, segments: 1, reused },
    });
    expect(store.read(2)).toEqual(rowsAt(10, 20, 30, 40));
  });

  it('takes the segments in their order, whatever order they came in', () => {
    const store = new FrameStore();
    expect(store.sendOne('w', 1, rowsAt(2))).toBe('taken');
    expect(store.sendOne('w', 0, rowsAt(1))).toBe('taken');
    expect(store.commitRows({ operation: 'write', writeId: 'w' }, 2, 2)).toMatchObject({
      kind: 'version',
      version: { sorted: true },
    });
  });
});

describe('a segment', () => {
  it('is taken once, and spoils its write when it comes again as another', () => {
    const store = new FrameStore();
    expect(store.sendOne('w', 0, rowsAt(1))).toBe('taken');
    expect(store.sendOne('w', 0, rowsAt(1))).toBe('repeated');
    expect(store.sendOne('w', 0, rowsAt(2), 'other')).toBe('broken');
    const decision = store.commitRows({ operation: 'write', writeId: 'w' }, 1, 1);
    expect(refusal(decision)).toEqual([
      'incomplete-write',
      `the write to ${FRAME} cannot be taken, since its segment 0 was sent twice with different contents: write again under a new write id`,
    ]);
    expect(store.sendOne('w', 0, rowsAt(1))).toBe('decided');
  });

  it('is missed by number', () => {
    const store = new FrameStore();
    store.sendOne('w', 0, rowsAt(1));
    store.sendOne('w', 2, rowsAt(3));
    expect(refusal(store.commitRows({ operation: 'write', writeId: 'w' }, 2, 2))[1]).toBe(
      `of the write to ${FRAME} 2 segments arrived and its commit names 2; segment 1 is missing: write again under a new write id`,
    );
  });

  it('is not one of more than a write may have', () => {
    const store = new FrameStore();
    for (let ordinal = 0; ordinal < MAX_SEGMENTS_OF_WRITE; ordinal++)
      expect(store.sendOne('w', ordinal, rowsAt(1))).toBe('taken');
    expect(store.sendOne('w', MAX_SEGMENTS_OF_WRITE, rowsAt(1))).toBe('broken');
    const decision = store.commitRows(
      { operation: 'write', writeId: 'w' },
      MAX_SEGMENTS_OF_WRITE,
      MAX_SEGMENTS_OF_WRITE,
    );
    expect(refusal(decision)[1]).toContain('it has more than 4096 segments');
  });
});

describe('what is remembered of a symbol', () => {
  it('is bounded: the write that was silent longest is given up', () => {
    const store = new FrameStore();
    for (let write = 0; write < MAX_OPEN_WRITES; write++) store.sendOne(`w${write}`, 0, rowsAt(1));
    store.sendOne('w0', 1, rowsAt(2));
    store.sendOne('new', 0, rowsAt(3));
    expect(store.state.openWrites.map(({ writeId }) => writeId)).toEqual([
      ...Array.from({ length: MAX_OPEN_WRITES - 2 }, (_, at) => `w${at + 2}`),
      'w0',
      'new',
    ]);
    expect(store.sendOne('w1', 1, rowsAt(2))).toBe('decided');
    expect(refusal(store.commitRows({ operation: 'write', writeId: 'w1' }, 2, 2))[0]).toBe(
      'incomplete-write',
    );
  });

  it('is bounded: the newest outcomes', () => {
    const store = stored();
    for (let write = 0; write < MAX_OUTCOMES; write++)
      store.put({ operation: 'append', writeId: `w${write}` }, rowsAt(40 + write));
    expect(store.state.outcomes).toHaveLength(MAX_OUTCOMES);
    expect(store.commit(commitOf({ operation: 'append', writeId: 'w0' }))).toEqual({
      kind: 'repeated',
      version: 2,
    });
  });
});

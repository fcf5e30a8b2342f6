import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitOf, FrameStore, type Row } from './fixtures/frame-store.ts';
import { MAX_OPEN_WRITES, type CommitDecision } from './index.ts';

const SEGMENT = 2;

/** A writer of one append, who may begin again at any time. */
interface Writer {
  readonly rows: readonly Row[];
  /** How many of its records are sent before it begins anew; the last time it sends them all, and its commit. */
  readonly attempts: readonly number[];
  readonly commitsTwice: boolean;
}

const writer = (id: number): fc.Arbitrary<Writer> =>
  fc.record({
    rows: fc
      .array(fc.integer({ min: 0, max: 9 }), { maxLength: 7 })
      .map((values) => values.map((value, at) => ({ index: BigInt(value), id: id * 100 + at }))),
    attempts: fc.array(fc.nat(5), { maxLength: 2 }),
    commitsTwice: fc.boolean(),
  });

/** Its records in the order in which they are in the log, each as what it does to a store. */
function recordsOf(
  { rows, attempts, commitsTwice }: Writer,
  writeId: string,
  told: (d: CommitDecision) => void,
) {
  const segments = Math.ceil(rows.length / SEGMENT);
  const send = (ordinal: number) => (store: FrameStore) => {
    store.sendOne(writeId, ordinal, rows.slice(ordinal * SEGMENT, (ordinal + 1) * SEGMENT));
  };
  const commit = (store: FrameStore) => {
    told(store.commitRows({ operation: 'append', writeId }, segments, rows.length));
  };
  const whole = Array.from({ length: segments }, (_, ordinal) => send(ordinal));
  const sent = [...attempts.flatMap((upTo) => whole.slice(0, upTo)), ...whole];
  return commitsTwice ? [...sent, commit, ...whole, commit] : [...sent, commit];
}

/** The records of all writers in one log: whose is next is drawn. */
function interleaved<T>(queues: readonly (readonly T[])[], draws: readonly number[]): readonly T[] {
  const left = queues.map((queue) => [...queue]);
  const log: T[] = [];
  for (let turn = 0; ; turn++) {
    const open = left.filter(({ length }) => length > 0);
    const next = open[(draws[turn % draws.length] ?? 0) % open.length]?.shift();
    if (next === undefined) return log;
    log.push(next);
  }
}

describe('several writers of one symbol', () => {
  it('are each there once and whole, or refused, however often they send', () => {
    const writers = fc
      .integer({ min: 1, max: MAX_OPEN_WRITES + 6 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, id) => writer(id))));
    fc.assert(
      fc.property(writers, fc.array(fc.nat(30), { minLength: 1, maxLength: 60 }), (all, draws) => {
        const store = new FrameStore();
        const told = all.map((): CommitDecision[] => []);
        const order: number[] = [];
        const queues = all.map((of, id) =>
          recordsOf(of, `w${id}`, (decision) => {
            told[id]?.push(decision);
            if (decision.kind === 'version') order.push(id);
          }),
        );
        for (const record of interleaved(queues, draws)) record(store);
        expect(store.read(store.state.version)).toEqual(order.flatMap((id) => all[id]?.rows ?? []));
        expect(store.state.openWrites).toEqual([]);
        told.forEach((decisions) => {
          const [first, again] = decisions;
          if (first?.kind === 'version' && again !== undefined)
            expect(again).toEqual({ kind: 'repeated', version: first.version.version });
          if (first?.kind === 'refusal') {
            expect(all.length).toBeGreaterThan(MAX_OPEN_WRITES);
            expect(first.refusal.code).toBe('incomplete-write');
            if (again !== undefined) expect(again).toEqual(first);
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('never overwrite what they have not read, when they say which version they read', () => {
    const turn = fc.record({ writer: fc.nat(1), isCommit: fc.boolean() });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 40 }), (turns) => {
        const store = new FrameStore();
        const seen: { version: number; rows: readonly Row[] }[] = [
          { version: 0, rows: [] },
          { version: 0, rows: [] },
        ];
        const added: number[] = [];
        turns.forEach(({ writer, isCommit }, id) => {
          const { version: expectedVersion, rows: before } = seen[writer] ?? { version: 0, rows: [] };
          const { version } = store.state;
          if (!isCommit) {
            seen[writer] = { version, rows: version === 0 ? [] : store.read(version) };
            return;
          }
          const rows = [...before, { index: BigInt(id), id }];
          const decision = store.put({ operation: 'write', writeId: `w${id}`, expectedVersion }, rows);
          if (expectedVersion === version) added.push(id);
          else
            expect(decision).toMatchObject({
              kind: 'refusal',
              version,
              refusal: { code: 'version-conflict' },
            });
        });
        const last = store.state.version === 0 ? [] : store.read(store.state.version);
        expect(last.map(({ id }) => id)).toEqual(added);
      }),
    );
  });
});

describe('a write that ends without a commit', () => {
  it('is nobody’s, and a commit that comes nevertheless is refused', () => {
    const store = new FrameStore();
    store.send('w', [{ index: 1n, id: 1 }], 1);
    store.abort('w');
    expect(store.state.openWrites).toEqual([]);
    const commit = commitOf({ operation: 'write', writeId: 'w' });
    expect(store.commit(commit)).toEqual({
      kind: 'refusal',
      version: 0,
      refusal: {
        code: 'aborted',
        message:
          'the write to symbol "AAPL" of library "research" was aborted by its writer: write again under a new write id',
      },
    });
  });

  it('does not undo what was committed before', () => {
    const store = new FrameStore();
    store.put({ operation: 'write', writeId: 'w' }, [{ index: 1n, id: 1 }]);
    store.abort('w');
    expect(store.read(1)).toEqual([{ index: 1n, id: 1 }]);
    expect(store.commit(commitOf({ operation: 'write', writeId: 'w' }))).toEqual({
      kind: 'repeated',
      version: 1,
    });
  });
});

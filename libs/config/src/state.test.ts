import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigState, type ConfigChange } from './state.ts';

function change(fields: Partial<ConfigChange>): ConfigChange {
  return {
    kind: 'job',
    id: 'a',
    expectedVersion: 0n,
    payloadJson: '{}',
    deleted: false,
    author: '',
    writtenAtNs: 0n,
    writeId: '',
    ...fields,
  };
}

/** Changes of few documents by writers who guess the version, so that most are stale. */
const anyChange = fc.record({
  kind: fc.constantFrom('job', 'source'),
  id: fc.constantFrom('a', 'b'),
  expectedVersion: fc.bigInt({ min: 0n, max: 4n }),
  deleted: fc.boolean(),
  payloadJson: fc.constantFrom('{"x":1}', '{"x":2}'),
  kindRevision: fc.option(fc.bigInt({ min: 0n, max: 4n }), { nil: undefined }),
});
const anyLog = fc
  .array(anyChange, { maxLength: 60 })
  .map((changes) => changes.map((each, n) => change({ ...each, writeId: `${n}` })));

function fold(log: readonly ConfigChange[]): ConfigState {
  const state = new ConfigState();
  for (const [position, each] of log.entries()) state.apply(each, BigInt(position));
  return state;
}

const everything = (state: ConfigState) =>
  state.changedAfter(-1n).map((entry) => ({ ...entry, position: 0n }));

describe('the fold of configuration records', () => {
  it('ignores what is stale, and what would delete nothing', () => {
    const state = new ConfigState();
    expect(state.apply(change({ deleted: true }), 0n)).toMatchObject({ applied: false, reason: 'stale' });
    expect(state.apply(change({}), 1n)).toMatchObject({ applied: true, entry: { version: 1n } });
    expect(state.apply(change({}), 2n)).toMatchObject({ applied: false, reason: 'stale' });
    expect(state.apply(change({ expectedVersion: 2n }), 3n)).toMatchObject({ reason: 'stale' });
    expect(state.apply(change({ expectedVersion: 1n, deleted: true }), 4n)).toMatchObject({ applied: true });
    expect(state.apply(change({}), 5n)).toMatchObject({ applied: true, entry: { version: 3n } });
    expect(state.versions('job', 'a').map(({ position }) => position)).toEqual([1n, 4n, 5n]);
  });

  it('ignores what was checked against an older state of its kind', () => {
    const state = new ConfigState();
    state.apply(change({ kindRevision: 0n }), 0n);
    expect(state.apply(change({ id: 'b', kindRevision: 0n }), 1n)).toMatchObject({ reason: 'superseded' });
    expect(state.apply(change({ id: 'b', kindRevision: 1n }), 2n)).toMatchObject({ applied: true });
    expect(state.apply(change({ kind: 'source', kindRevision: 0n }), 3n)).toMatchObject({ applied: true });
  });

  it('gives every document versions 1, 2, 3 ... and never one twice', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const state = fold(log);
        for (const kind of ['job', 'source'])
          for (const id of ['a', 'b'])
            expect(state.versions(kind, id).map(({ version }) => version)).toEqual(
              state.versions(kind, id).map((_, n) => BigInt(n + 1)),
            );
      }),
    );
  });

  it('is the same whichever records a writer repeated, at once or late', () => {
    fc.assert(
      fc.property(anyLog, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }), (log, repeats) => {
        const repeated = [...log];
        for (const [from, to] of repeats) {
          const copy = repeated[from % Math.max(1, repeated.length)];
          if (copy === undefined) continue;
          const first = repeated.indexOf(copy);
          repeated.splice(first + 1 + (to % (repeated.length - first)), 0, copy);
        }
        expect(everything(fold(repeated))).toEqual(everything(fold(log)));
      }),
    );
  });

  it('is at any moment what the log so far adds up to', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), (log, at) => {
        const cut = log.length === 0 ? 0 : at % log.length;
        const before = fold(log.slice(0, cut));
        const after = fold(log);
        const changed = new Set(after.changedAfter(BigInt(cut) - 1n).map(({ kind, id }) => `${kind}/${id}`));
        const same = everything(after).filter(({ kind, id }) => !changed.has(`${kind}/${id}`));
        expect(same).toEqual(everything(before).filter(({ kind, id }) => !changed.has(`${kind}/${id}`)));
      }),
    );
  });
});

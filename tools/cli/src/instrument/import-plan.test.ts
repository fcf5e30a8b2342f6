import { TickwellError } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import type { ImportedDocument } from './import-csv.ts';
import { planImport, type PlannedWrite, type StoredInstrument } from './import-plan.ts';
import { writeImport } from './import-write.ts';

const yahoo = (symbol: string): object => ({ type: 'stock', vendors: [{ source: 'yahoo', symbol }] });

function imported(documents: Readonly<Record<string, object>>): readonly ImportedDocument[] {
  return Object.entries(documents).map(([id, document], index) => ({
    id,
    where: `line ${index + 2} (${id})`,
    payloadJson: JSON.stringify(document),
  }));
}

function stored(documents: Readonly<Record<string, object>>): readonly StoredInstrument[] {
  return Object.entries(documents).map(([id, document], index) => ({
    id,
    payloadJson: JSON.stringify(document),
    deleted: false,
    position: BigInt(index),
    version: 7n,
  }));
}

const plan = (
  wanted: Readonly<Record<string, object>>,
  there: Readonly<Record<string, object>> = {},
  replace = false,
) => planImport(imported(wanted), stored(there), { replace });

describe('what an import has to write', () => {
  it('is what is not stored just so already, in whatever order its fields are', () => {
    const same = { vendors: [{ symbol: 'B', source: 'yahoo' }], type: 'stock' };
    expect(plan({ A: yahoo('A'), B: yahoo('B') }, { B: same })).toMatchObject({
      ok: true,
      value: { unchanged: 1, writes: [{ id: 'A', expectedVersion: 0n }] },
    });
  });

  it('is nothing where one line contradicts what is stored', () => {
    const problems = plan(
      { A: yahoo('A'), B: yahoo('X'), C: yahoo('C') },
      { OTHER: yahoo('X'), C: yahoo('D') },
    );
    expect(problems).toEqual({
      ok: false,
      error: [
        'line 4 (C): it is stored already (version 7) and says otherwise: --replace replaces it, "tickwell instrument show C" shows it',
      ],
    });
    expect(plan({ A: yahoo('A'), B: yahoo('X') }, { OTHER: yahoo('X') })).toMatchObject({
      ok: false,
      error: [expect.stringMatching(/^line 3 \(B\): yahoo "X" is claimed always, but it is OTHER's always/)],
    });
  });

  it('with --replace names the version that is replaced, and gives a name up before it is taken', () => {
    const moved = plan({ NEW: yahoo('X'), OLD: yahoo('Y') }, { OLD: yahoo('X') }, true);
    expect(moved.ok && moved.value.writes.map(({ id, expectedVersion }) => [id, expectedVersion])).toEqual([
      ['OLD', 7n],
      ['NEW', 0n],
    ]);
    const swapped = plan({ A: yahoo('B'), B: yahoo('A') }, { A: yahoo('A'), B: yahoo('B') }, true);
    expect(swapped).toMatchObject({
      ok: false,
      error: [
        expect.stringMatching(
          /^line 2 \(A\): yahoo "B" is claimed .* take the name out of one of them first$/,
        ),
        expect.stringMatching(/^line 3 \(B\): /),
      ],
    });
  });
});

describe('writing an import', () => {
  const writes: readonly PlannedWrite[] = imported({ A: yahoo('A'), B: yahoo('B'), C: yahoo('C') }).map(
    (one) => ({
      ...one,
      expectedVersion: 0n,
    }),
  );

  it('goes on after a document that somebody else changed meanwhile, and tells its lines', async () => {
    const asked: string[] = [];
    const put = ({ id }: PlannedWrite): Promise<void> => {
      asked.push(id);
      if (id !== 'B') return Promise.resolve();
      return Promise.reject(new TickwellError('version-conflict', 'instrument B is at version 1'));
    };
    const counts: number[] = [];
    const outcome = await writeImport(writes, put, (done) => counts.push(done));
    expect(outcome).toEqual({ written: 2, refused: ['line 3 (B): instrument B is at version 1'] });
    expect([asked, counts]).toEqual([
      ['A', 'B', 'C'],
      [1, 2],
    ]);
  });

  it('stops where nobody answers, and says how far it got', async () => {
    const put = ({ id }: PlannedWrite): Promise<void> =>
      id === 'A'
        ? Promise.resolve()
        : Promise.reject(new TickwellError('unavailable', 'no answer', { retryable: true }));
    await expect(writeImport(writes, put, () => undefined)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'no answer; 1 of 3 are written: the same command again writes the rest',
      retryable: true,
    });
  });
});

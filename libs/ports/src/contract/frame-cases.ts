import type { FrameId } from '@tickwell/domain';
import { expect, it } from 'vitest';
import type { RowColumn, TableRows } from '../store.ts';
import type { Cases } from './store-cases.ts';
import { T0 } from './store-fixtures.ts';

interface FrameRow {
  readonly version: number;
  readonly operation?: string;
  readonly base?: number;
  readonly writeId?: string;
  readonly more?: readonly RowColumn[];
}

function frameColumns({ generation, kind, name }: FrameId, writeId: string): RowColumn[] {
  return [
    { type: 'symbol', name: 'generation', values: generation },
    { type: 'symbol', name: 'library', values: 'research' },
    { type: 'symbol', name: 'kind', values: kind },
    { type: 'varchar', name: 'name', values: name },
    { type: 'varchar', name: 'write_id', values: writeId },
    { type: 'symbol', name: 'source', values: 'flight:ann' },
    { type: 'symbol', name: 'epoch', values: 'e1' },
    { type: 'long', name: 'record_offset', values: 7n },
  ];
}

/** Known a second after the version before. */
function versionRow(frame: FrameId, of: FrameRow): TableRows {
  const { version, operation = 'append', base = 1, writeId = `w${version}` } = of;
  return {
    table: 'frame_versions',
    timestampNs: [timeOf(version)],
    columns: [
      ...frameColumns(frame, writeId),
      { type: 'symbol', name: 'operation', values: operation },
      { type: 'long', name: 'version', values: BigInt(version) },
      { type: 'long', name: 'base', values: BigInt(base) },
      { type: 'long', name: 'rows_written', values: 10n },
      { type: 'long', name: 'segments', values: 2n },
      { type: 'varchar', name: 'index_column', values: 'time' },
      { type: 'boolean', name: 'sorted', values: true },
      ...(of.more ?? []),
    ],
  };
}

function timeOf(version: number): bigint {
  return T0 + BigInt(version) * 1_000_000_000n;
}

function segmentRow(frame: FrameId, writeId: string, ordinal: number, sha256: string): TableRows {
  return {
    table: 'frame_segments',
    timestampNs: [T0 + BigInt(ordinal)],
    columns: [
      ...frameColumns(frame, writeId),
      { type: 'long', name: 'ordinal', values: BigInt(ordinal) },
      { type: 'varchar', name: 'sha256', values: sha256 },
      { type: 'long', name: 'rows', values: 5n },
      { type: 'long', name: 'bytes', values: 100n },
      { type: 'long', name: 'min_index', values: -5n },
      { type: 'long', name: 'max_index', values: [null] },
      { type: 'boolean', name: 'sorted', values: true },
    ],
  };
}

function refusalRow(frame: FrameId, writeId: string): TableRows {
  return {
    table: 'frame_refusals',
    timestampNs: [T0],
    columns: [
      ...frameColumns(frame, writeId),
      { type: 'symbol', name: 'code', values: 'version-conflict' },
      { type: 'varchar', name: 'message', values: 'it is at "3"' },
      { type: 'long', name: 'version', values: 3n },
    ],
  };
}

const CONTENT: readonly RowColumn[] = [
  { type: 'long', name: 'total_rows', values: 30n },
  { type: 'long', name: 'min_index', values: -(10n ** 18n) },
  { type: 'long', name: 'max_index', values: 0n },
  {
    type: 'varchar',
    name: 'schema',
    values: '[["time","timestamp[ns, UTC]",false],["it\'s \\"価格\\"","float64",true]]',
  },
  { type: 'varchar', name: 'arrow_schema', values: 'AQID' },
  { type: 'varchar', name: 'metadata', values: '{"a":1}' },
];

/** Frames: their versions, and what these are made of. */
export function frameCases(cases: Cases): void {
  listCases(cases);
  versionCases(cases);
  chainCases(cases);
}

function listCases({ store, fresh }: Cases): void {
  it('lists the newest version of each name of a library, by name and prefix, page by page, without what is deleted', async () => {
    const generation = fresh();
    const { writer, reader } = store();
    const of = (name: string): FrameId => ({ generation, kind: 'symbol', name });
    const names = ['a', 'b', "b'é", 'b%', 'b_', 'c', 'B', '🚀', '\uffee'];
    await writer.write(names.map((name) => versionRow(of(name), { version: 1, operation: 'write' })));
    await writer.write([
      versionRow(of('b'), { version: 2 }),
      versionRow(of('b'), { version: 2, operation: 'merge', writeId: 'm' }),
      versionRow(of('c'), { version: 2, operation: 'delete' }),
      versionRow({ ...of('s'), kind: 'snapshot' }, { version: 1 }),
      versionRow({ ...of('d'), generation: fresh() }, { version: 1 }),
    ]);
    const listed = (prefix: string, after: string, limit: number): Promise<unknown> =>
      reader.frames
        .list({ generation, kind: 'symbol', prefix, after, limit })
        .then((found) => found.map(({ name, version }) => [name, version]));
    const sorted = [
      ['B', 1],
      ['a', 1],
      ['b', 2],
      ['b%', 1],
      ["b'é", 1],
      ['b_', 1],
      ['\uffee', 1],
      ['🚀', 1],
    ];
    expect(await listed('', '', 100)).toEqual(sorted);
    expect(await listed('', 'b', 2)).toEqual(sorted.slice(3, 5));
    expect(await listed('b', '', 100)).toEqual(sorted.slice(2, 6));
    expect(await listed('b_', '', 100)).toEqual([['b_', 1]]);
    expect(await listed("' or 1=1 --", '', 100)).toEqual([]);
  });
}

function versionCases({ store, fresh }: Cases): void {
  it('answers versions the newest first, without those that were pruned, and one as of a number or a time', async () => {
    const frame: FrameId = { generation: fresh(), kind: 'symbol', name: 'AAPL' };
    const { writer, reader } = store();
    await writer.write([
      ...[1, 2, 4, 5].map((version) => versionRow(frame, { version })),
      versionRow(frame, { version: 3, more: CONTENT }),
      versionRow(frame, {
        ...{ version: 5, operation: 'prune', writeId: 'p' },
        more: [{ type: 'varchar', name: 'pruned', values: '[2,4]' }],
      }),
    ]);
    const { frames } = reader;
    const numbers = async (before?: number): Promise<number[]> =>
      (await frames.versions({ ...frame, ...(before === undefined ? {} : { before }), limit: 2 })).map(
        ({ version }) => version,
      );
    expect(await numbers()).toEqual([5, 3]);
    expect(await numbers(5)).toEqual([3, 1]);
    expect(await frames.describe(frame, { version: 4 })).toBeUndefined();
    expect(await frames.describe({ ...frame, name: 'X' }, 'newest')).toBeUndefined();
    expect(await frames.describe(frame, 'newest')).toMatchObject({
      version: 5,
      rows: undefined,
      columns: [],
    });
    expect(await frames.describe(frame, { timeNs: timeOf(3) - 1n })).toMatchObject({ version: 1 });
    expect(await frames.describe(frame, { timeNs: timeOf(4) })).toEqual({
      ...frame,
      ...{
        library: 'research',
        writeId: 'w3',
        source: 'flight:ann',
        knownAtNs: timeOf(3),
        operation: 'append',
      },
      ...{ version: 3, base: 1, rowsWritten: 10, rows: 30, segments: 2, indexColumn: 'time', sorted: true },
      ...{ minIndexNs: -(10n ** 18n), maxIndexNs: 0n, metadataJson: '{"a":1}' },
      arrowSchema: new Uint8Array([1, 2, 3]),
      columns: [
        { name: 'time', type: 'timestamp[ns, UTC]', nullable: false },
        { name: 'it\'s "価格"', type: 'float64', nullable: true },
      ],
    });
  });
}

function chainCases({ store, fresh }: Cases): void {
  it('answers what a chain is made of in order, with the merges that lie within', async () => {
    const frame: FrameId = { generation: fresh(), kind: 'symbol', name: 'AAPL' };
    const { writer, reader } = store();
    const merge = (from: bigint, to: bigint): readonly RowColumn[] => [
      { type: 'long', name: 'merge_from', values: from },
      { type: 'long', name: 'merge_to', values: to },
    ];
    const reused = `[["hr",3,30,"-7",null,true]]`;
    await writer.write([
      ...[1, 2, 4].map((version) => versionRow(frame, { version })),
      versionRow(frame, { version: 3, more: [{ type: 'varchar', name: 'reused', values: reused }] }),
      versionRow(frame, { version: 4, operation: 'merge', writeId: 'm1', more: merge(2n, 3n) }),
      versionRow(frame, { version: 4, operation: 'merge', writeId: 'm2', more: merge(1n, 4n) }),
      segmentRow(frame, 'w3', 1, 'h31'),
      segmentRow(frame, 'w3', 0, 'h30'),
      segmentRow(frame, 'w2', 0, 'h20'),
      segmentRow(frame, 'm1', 0, 'hm'),
      segmentRow({ ...frame, name: 'B' }, 'w2', 0, 'hb'),
    ]);
    const links = await reader.frames.chain(frame, 2, 3);
    expect(links.map(({ writeId, segments }) => [writeId, segments.map(({ sha256 }) => sha256)])).toEqual([
      ['w2', ['h20']],
      ['w3', ['hr', 'h30', 'h31']],
      ['m1', ['hm']],
    ]);
    expect(links[1]?.segments.slice(0, 2)).toEqual([
      { sha256: 'hr', rows: 3, bytes: 30, minIndexNs: -7n, maxIndexNs: undefined, sorted: true },
      { sha256: 'h30', rows: 5, bytes: 100, minIndexNs: -5n, maxIndexNs: undefined, sorted: true },
    ]);
    expect(links[2]).toMatchObject({ operation: 'merge', mergeFrom: 2, mergeTo: 3 });
  });

  it('answers what became of writes, each of its own frame', async () => {
    const frame: FrameId = { generation: fresh(), kind: 'symbol', name: 'AAPL' };
    const { writer, reader } = store();
    await writer.write([
      versionRow(frame, { version: 1, writeId: 'same' }),
      refusalRow({ ...frame, name: 'B' }, 'same'),
    ]);
    const asked = ['AAPL', 'B', 'C'].map((name) => ({ ...frame, name, writeId: 'same' }));
    expect(await reader.frames.outcomes([...asked, { ...frame, writeId: 'other' }])).toMatchObject([
      { kind: 'version', version: { version: 1, name: 'AAPL' } },
      { kind: 'refusal', code: 'version-conflict', message: 'it is at "3"', version: 3 },
      undefined,
      undefined,
    ]);
    expect(await reader.frames.outcomes([])).toEqual([]);
  });
}

import { TABLES, columnsFromText, segmentsFromText, versionsFromText } from '@tickwell/contracts';
import { frameKey, type FrameId, type FrameOperation } from '@tickwell/domain';
import type {
  ChainLink,
  FrameAsOf,
  FrameCatalog,
  FrameListQuery,
  FrameOutcome,
  FrameSummary,
  FrameWriteRef,
  StoredFrame,
  StoredSegment,
} from '@tickwell/ports';
import { compare, long, text, type MemoryRow } from './memory-table.ts';

type RowsOf = (table: string) => readonly MemoryRow[];

/** The frames of a store in memory. */
export function memoryFrames(rowsOf: RowsOf): FrameCatalog {
  const kept = (frame: FrameId): MemoryRow[] => {
    const rows = rowsOf(TABLES.frameVersions.name).filter((row) => frameKey(idOf(row)) === frameKey(frame));
    const pruned = new Set(rows.flatMap((row) => versionsFromText(optionalText(row, 'pruned') ?? null)));
    return rows
      .filter((row) => isVersion(row) && !pruned.has(versionOf(row)))
      .sort((a, b) => versionOf(b) - versionOf(a));
  };
  return {
    list: (query) => Promise.resolve(listOf(rowsOf, query)),
    versions: ({ before = Infinity, limit, ...frame }) => {
      const older = kept(frame).filter((row) => versionOf(row) < before);
      return Promise.resolve(older.slice(0, limit).map(summaryOf));
    },
    describe: (frame, asOf) => {
      const row = kept(frame).find((one) => isOf(one, asOf));
      return Promise.resolve(row === undefined ? undefined : storedOf(row));
    },
    chain: (frame, base, version) => Promise.resolve(chainOf(rowsOf, frame, base, version)),
    outcomes: (writes) => Promise.resolve(writes.map((write) => outcomeOf(rowsOf, write))),
  };
}

function listOf(rowsOf: RowsOf, { generation, kind, prefix, after, limit }: FrameListQuery): FrameSummary[] {
  const newest = new Map<string, FrameSummary>();
  for (const one of rowsOf(TABLES.frameVersions.name).filter(isVersion).map(summaryOf)) {
    const isOfLibrary = one.generation === generation && one.kind === kind;
    if (isOfLibrary && (newest.get(one.name)?.version ?? 0) < one.version) newest.set(one.name, one);
  }
  return [...newest.values()]
    .filter(({ operation }) => operation !== 'delete')
    .filter(({ name }) => name.startsWith(prefix) && (after === '' || byUtf8(name, after) > 0))
    .sort((a, b) => byUtf8(a.name, b.name))
    .slice(0, limit);
}

/** As the store compares texts: by code points, where JavaScript compares UTF-16. */
function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isVersion(row: MemoryRow): boolean {
  return text(row, 'operation') !== 'merge' && text(row, 'operation') !== 'prune';
}

function versionOf(row: MemoryRow): number {
  return Number(long(row, 'version'));
}

function isOf(row: MemoryRow, asOf: FrameAsOf): boolean {
  if (asOf === 'newest') return true;
  return 'version' in asOf ? versionOf(row) === asOf.version : long(row, 'ts') <= asOf.timeNs;
}

function chainOf(rowsOf: RowsOf, frame: FrameId, base: number, version: number): ChainLink[] {
  const files = rowsOf(TABLES.frameSegments.name).filter((row) => frameKey(idOf(row)) === frameKey(frame));
  const links = rowsOf(TABLES.frameVersions.name)
    .filter((row) => frameKey(idOf(row)) === frameKey(frame))
    .map((row) => linkOf(row, files))
    .filter((link) =>
      link.operation === 'merge'
        ? link.mergeFrom >= base && link.mergeTo <= version
        : link.operation !== 'prune' && link.version >= base && link.version <= version,
    );
  const place = (link: ChainLink): number => (link.operation === 'merge' ? link.mergeTo : link.version);
  const width = (link: ChainLink): number =>
    link.operation === 'merge' ? 1 + link.mergeTo - link.mergeFrom : 0;
  return links.sort((a, b) => place(a) - place(b) || width(a) - width(b));
}

function linkOf(row: MemoryRow, files: readonly MemoryRow[]): ChainLink {
  const writeId = text(row, 'write_id');
  const sent = files
    .filter((file) => text(file, 'write_id') === writeId)
    .sort((a, b) => compare(long(a, 'ordinal'), long(b, 'ordinal')));
  return {
    writeId,
    operation: operationOf(row),
    version: Number(long(row, 'version')),
    maskFromNs: optionalLong(row, 'mask_from'),
    maskToNs: optionalLong(row, 'mask_to'),
    mergeFrom: Number(long(row, 'merge_from')),
    mergeTo: Number(long(row, 'merge_to')),
    segments: [...segmentsFromText(optionalText(row, 'reused') ?? null), ...sent.map(segmentOf)],
  };
}

function outcomeOf(rowsOf: RowsOf, write: FrameWriteRef): FrameOutcome | undefined {
  const isIt = (row: MemoryRow): boolean =>
    text(row, 'write_id') === write.writeId && frameKey(idOf(row)) === frameKey(write);
  const version = rowsOf(TABLES.frameVersions.name).find(isIt);
  if (version !== undefined) return { kind: 'version', version: summaryOf(version) };
  const refusal = rowsOf(TABLES.frameRefusals.name).find(isIt);
  if (refusal === undefined) return undefined;
  const [code, message] = [text(refusal, 'code'), text(refusal, 'message')];
  return { kind: 'refusal', code, message, version: Number(long(refusal, 'version')) };
}

function idOf(row: MemoryRow): FrameId {
  const kind = text(row, 'kind') === 'snapshot' ? 'snapshot' : 'symbol';
  return { generation: text(row, 'generation'), kind, name: text(row, 'name') };
}

function segmentOf(row: MemoryRow): StoredSegment {
  return {
    sha256: text(row, 'sha256'),
    rows: Number(long(row, 'rows')),
    bytes: Number(long(row, 'bytes')),
    minIndexNs: optionalLong(row, 'min_index'),
    maxIndexNs: optionalLong(row, 'max_index'),
    sorted: row.get('sorted') === true,
  };
}

function summaryOf(row: MemoryRow): FrameSummary {
  const rows = optionalLong(row, 'total_rows');
  return {
    ...idOf(row),
    library: text(row, 'library'),
    writeId: text(row, 'write_id'),
    source: text(row, 'source'),
    knownAtNs: long(row, 'ts'),
    operation: operationOf(row),
    version: Number(long(row, 'version')),
    base: Number(long(row, 'base')),
    rowsWritten: Number(long(row, 'rows_written')),
    rows: rows === undefined ? undefined : Number(rows),
    segments: Number(long(row, 'segments')),
    indexColumn: text(row, 'index_column'),
    minIndexNs: optionalLong(row, 'min_index'),
    maxIndexNs: optionalLong(row, 'max_index'),
    sorted: row.get('sorted') === true,
  };
}

function storedOf(row: MemoryRow): StoredFrame {
  return {
    ...summaryOf(row),
    columns: columnsFromText(text(row, 'schema')),
    arrowSchema: new Uint8Array(Buffer.from(text(row, 'arrow_schema'), 'base64')),
    metadataJson: optionalText(row, 'metadata'),
  };
}

function operationOf(row: MemoryRow): FrameOperation {
  const operations: readonly FrameOperation[] = [
    'write',
    'append',
    'update',
    'delete-range',
    'delete',
    'write-metadata',
    'merge',
    'prune',
  ];
  const operation = operations.find((one) => one === text(row, 'operation'));
  if (operation === undefined) throw new Error(`no operation: ${text(row, 'operation')}`);
  return operation;
}

function optionalLong(row: MemoryRow, column: string): bigint | undefined {
  const value = row.get(column);
  return typeof value === 'bigint' ? value : undefined;
}

function optionalText(row: MemoryRow, column: string): string | undefined {
  const value = row.get(column);
  return typeof value === 'string' ? value : undefined;
}

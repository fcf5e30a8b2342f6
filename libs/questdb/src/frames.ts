import { TABLES, columnsFromText, segmentsFromText, versionsFromText } from '@tickwell/contracts';
import { frameKey, type FrameId, type FrameOperation } from '@tickwell/domain';
import type {
  ChainLink,
  FrameAsOf,
  FrameCatalog,
  FrameListQuery,
  FrameOutcome,
  FrameSummary,
  FrameVersionsQuery,
  FrameWriteRef,
  StoredFrame,
  StoredSegment,
} from '@tickwell/ports';
import { queryRefused } from './errors.ts';
import type { TextRow } from './pg-client.ts';
import { Binds, clampNs, type BoundSql } from './series-select.ts';

type RunSql = (sql: BoundSql) => Promise<TextRow[]>;

const MAX_WRITES = 1_000;
const VERSIONS = TABLES.frameVersions.name;
const SEGMENTS = TABLES.frameSegments.name;
const SUMMARY =
  'generation, kind, name, library, write_id, source, ts::long t, operation, version, base, rows_written, total_rows, segments, index_column, min_index, max_index, sorted';
const CONTENT = 'schema, arrow_schema, metadata';
const IS_VERSION = `operation not in ('merge', 'prune')`;
const OPERATIONS: readonly FrameOperation[] = [
  'write',
  'append',
  'update',
  'delete-range',
  'delete',
  'write-metadata',
  'merge',
  'prune',
];

/** Reads frames' versions and segments over the pg wire. */
export function frameCatalog(query: RunSql): FrameCatalog {
  const pruned = async (frame: FrameId): Promise<ReadonlySet<number>> => {
    const rows = await query(prunedSql(frame));
    return new Set(rows.flatMap(([text]) => versionsFromText(text ?? null)));
  };
  return {
    list: async (of) => (await query(listSql(of))).map(summaryOf),
    versions: async (of) => {
      const forgotten = await pruned(of);
      return (await query(versionsSql(of, forgotten, SUMMARY))).map(summaryOf);
    },
    describe: async (frame, asOf) => {
      const forgotten = await pruned(frame);
      const [row] = await query(
        versionsSql({ ...frame, limit: 1, asOf }, forgotten, `${SUMMARY}, ${CONTENT}`),
      );
      return row === undefined ? undefined : storedOf(row);
    },
    chain: async (frame, base, version) => linksOf(await query(chainSql(frame, base, version))),
    outcomes: (writes) => outcomes(query, writes),
  };
}

function isFrame({ generation, kind, name }: FrameId, binds: Binds): string {
  return `generation = ${binds.add(generation)} and kind = ${binds.add(kind)} and name = ${binds.add(name)}`;
}

function whole(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw queryRefused(`${what} ${value} is not a whole number from 0`);
}

/** Names in code points, as UTF-8 is compared. */
function listSql({ generation, kind, prefix, after, limit }: FrameListQuery): BoundSql {
  const binds = new Binds();
  const conditions = [
    `generation = ${binds.add(generation)}`,
    `kind = ${binds.add(kind)}`,
    IS_VERSION,
    ...(prefix === '' ? [] : [`starts_with(name, ${binds.add(prefix)})`]),
    ...(after === '' ? [] : [`name > ${binds.add(after)}`]),
  ];
  const newest = `select ${SUMMARY.replace('ts::long t', 'ts')} from ${VERSIONS} where ${conditions.join(' and ')} latest on ts partition by name`;
  return {
    text: `select ${SUMMARY} from (${newest}) where operation != 'delete' order by name limit ${whole(limit, 'limit')}`,
    values: binds.values,
  };
}

function prunedSql(frame: FrameId): BoundSql {
  const binds = new Binds();
  return {
    text: `select pruned from ${VERSIONS} where ${isFrame(frame, binds)} and operation = 'prune'`,
    values: binds.values,
  };
}

function versionsSql(
  of: FrameVersionsQuery & { readonly asOf?: FrameAsOf },
  forgotten: ReadonlySet<number>,
  columns: string,
): BoundSql {
  const binds = new Binds();
  const conditions = [isFrame(of, binds), IS_VERSION];
  if (of.before !== undefined) conditions.push(`version < ${whole(of.before, 'version')}`);
  if (forgotten.size > 0)
    conditions.push(`not (version in (${[...forgotten].map((one) => whole(one, 'version')).join(', ')}))`);
  const { asOf = 'newest' } = of;
  if (asOf !== 'newest')
    conditions.push(
      'version' in asOf ? `version = ${whole(asOf.version, 'version')}` : `ts <= ${clampNs(asOf.timeNs)}`,
    );
  return {
    text: `select ${columns} from ${VERSIONS} where ${conditions.join(' and ')} order by version desc limit ${whole(of.limit, 'limit')}`,
    values: binds.values,
  };
}

/** One statement, so that it is of one moment. */
function chainSql(frame: FrameId, base: number, version: number): BoundSql {
  const binds = new Binds();
  const [from, to] = [whole(base, 'version'), whole(version, 'version')];
  const inChain = `(${IS_VERSION} and version >= ${from} and version <= ${to})`;
  const merges = `(operation = 'merge' and merge_from >= ${from} and merge_to <= ${to})`;
  const links = `select write_id, operation, version, mask_from, mask_to, merge_from, merge_to, reused from ${VERSIONS} where ${isFrame(frame, binds)} and (${inChain} or ${merges})`;
  const files = `select write_id, ordinal, sha256, rows, bytes, min_index, max_index, sorted from ${SEGMENTS} where ${isFrame(frame, binds)}`;
  const columns =
    'l.write_id, l.operation, l.version, l.mask_from, l.mask_to, l.merge_from, l.merge_to, l.reused, f.ordinal, f.sha256, f.rows, f.bytes, f.min_index, f.max_index, f.sorted';
  return {
    text: `select ${columns} from (${links}) l left join (${files}) f on l.write_id = f.write_id`,
    values: binds.values,
  };
}

async function outcomes(
  query: RunSql,
  writes: readonly FrameWriteRef[],
): Promise<readonly (FrameOutcome | undefined)[]> {
  if (writes.length === 0) return [];
  if (writes.length > MAX_WRITES)
    throw queryRefused(`${writes.length} writes at once, at most ${MAX_WRITES}`);
  const [versions, refusals] = await Promise.all([
    query(ofWrites(writes, SUMMARY, VERSIONS)),
    query(
      ofWrites(writes, 'generation, kind, name, write_id, code, message, version', TABLES.frameRefusals.name),
    ),
  ]);
  const found = new Map<string, FrameOutcome>();
  for (const [generation, kind, name, writeId, code, message, version] of refusals) {
    const refused = { code: code ?? '', message: message ?? '', version: Number(version ?? 0) };
    found.set(writeKey({ ...idOf(generation, kind, name), writeId: writeId ?? '' }), {
      kind: 'refusal',
      ...refused,
    });
  }
  for (const row of versions) {
    const version = summaryOf(row);
    found.set(writeKey(version), { kind: 'version', version });
  }
  return writes.map((write) => found.get(writeKey(write)));
}

function ofWrites(writes: readonly FrameWriteRef[], columns: string, table: string): BoundSql {
  const binds = new Binds();
  const generations = [...new Set(writes.map(({ generation }) => generation))].map(binds.add);
  const ids = [...new Set(writes.map(({ writeId }) => writeId))].map(binds.add);
  return {
    text: `select ${columns} from ${table} where generation in (${generations.join(', ')}) and write_id in (${ids.join(', ')})`,
    values: binds.values,
  };
}

function writeKey(write: FrameWriteRef): string {
  return `${write.writeId}/${frameKey(write)}`;
}

function idOf(generation: Text, kind: Text, name: Text): FrameId {
  return { generation: generation ?? '', kind: kind === 'snapshot' ? kind : 'symbol', name: name ?? '' };
}

type Text = string | null | undefined;

function summaryOf(row: TextRow): FrameSummary {
  const [generation, kind, name, library, writeId, source, known, operation, version, base, ...counts] = row;
  const [written, total, segments, indexColumn, min, max, sorted] = counts;
  return {
    ...idOf(generation, kind, name),
    library: library ?? '',
    writeId: writeId ?? '',
    source: source ?? '',
    knownAtNs: BigInt(known ?? 0),
    operation: operationOf(operation),
    version: Number(version ?? 0),
    base: Number(base ?? 0),
    rowsWritten: Number(written ?? 0),
    rows: isNull(total) ? undefined : Number(total),
    segments: Number(segments ?? 0),
    indexColumn: indexColumn ?? '',
    minIndexNs: longOf(min),
    maxIndexNs: longOf(max),
    sorted: flag(sorted),
  };
}

function storedOf(row: TextRow): StoredFrame {
  const [schema, arrowSchema, metadata] = row.slice(-3);
  return {
    ...summaryOf(row),
    columns: columnsFromText(schema ?? null),
    arrowSchema: new Uint8Array(Buffer.from(arrowSchema ?? '', 'base64')),
    metadataJson: metadata ?? undefined,
  };
}

interface Link extends Omit<ChainLink, 'segments'> {
  readonly reused: readonly StoredSegment[];
  readonly sent: { readonly ordinal: number; readonly segment: StoredSegment }[];
}

function linksOf(rows: readonly TextRow[]): readonly ChainLink[] {
  const links = new Map<string, Link>();
  for (const row of rows) {
    const writeId = row[0] ?? '';
    const link = links.get(writeId) ?? linkOf(row);
    links.set(writeId, link);
    const [ordinal, sha256, count, bytes, min, max, sorted] = row.slice(8);
    if (isNull(ordinal) || isNull(sha256)) continue;
    const index = { minIndexNs: longOf(min), maxIndexNs: longOf(max), sorted: flag(sorted) };
    link.sent.push({
      ordinal: Number(ordinal),
      segment: { sha256, rows: Number(count ?? 0), bytes: Number(bytes ?? 0), ...index },
    });
  }
  return [...links.values()].sort(byPlace).map(({ reused, sent, ...link }) => ({
    ...link,
    segments: [...reused, ...sent.sort((a, b) => a.ordinal - b.ordinal).map(({ segment }) => segment)],
  }));
}

function linkOf(row: TextRow): Link {
  const [writeId, operation, version, maskFrom, maskTo, mergeFrom, mergeTo, reused] = row;
  return {
    writeId: writeId ?? '',
    operation: operationOf(operation),
    version: Number(version ?? 0),
    maskFromNs: longOf(maskFrom),
    maskToNs: longOf(maskTo),
    mergeFrom: Number(mergeFrom ?? 0),
    mergeTo: Number(mergeTo ?? 0),
    reused: segmentsFromText(reused ?? null),
    sent: [],
  };
}

/** A merge stands behind the version up to which it goes, narrow ones first. */
function byPlace(a: Link, b: Link): number {
  const place = ({ operation, mergeTo, version }: Link): number =>
    operation === 'merge' ? mergeTo : version;
  const width = ({ operation, mergeFrom, mergeTo }: Link): number =>
    operation === 'merge' ? 1 + mergeTo - mergeFrom : 0;
  return place(a) - place(b) || width(a) - width(b);
}

function operationOf(text: Text): FrameOperation {
  const operation = OPERATIONS.find((one) => one === text);
  if (operation === undefined)
    throw queryRefused(`the store names an operation "${text}" that is not known here`);
  return operation;
}

function isNull(text: Text): text is null | undefined {
  return text === null || text === undefined;
}

function longOf(text: Text): bigint | undefined {
  return isNull(text) ? undefined : BigInt(text);
}

function flag(text: Text): boolean {
  return text === 't' || text === 'true';
}

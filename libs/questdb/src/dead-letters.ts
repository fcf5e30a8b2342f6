import { TABLES } from '@tickwell/contracts';
import type {
  DeadLetterReader,
  LetterCursor,
  LetterFilter,
  LetterGroup,
  LetterPlace,
  LetterSeverity,
  LetterState,
  StoredLetter,
} from '@tickwell/ports';
import { letterName } from '@tickwell/ports';
import type { TextRow } from './pg-client.ts';
import { Binds, clampNs, type BoundSql } from './series-select.ts';

const PLACE = ['topic', 'topic_partition', 'topic_offset', 'event_index'];
/** As `letterName` writes it. */
const NAME =
  "concat(d.topic, '/', d.topic_partition, '/', d.topic_offset, case when d.event_index < 0 then '' else concat('/', d.event_index) end)";
/** What a letter without a resolution is. */
const STATE = "coalesce(r.action, 'open')";
/** Letters of before there was any were rejected. */
const SEVERITY = "coalesce(d.severity, 'reject')";
const COLUMNS = [
  'd.ts::long',
  'd.epoch',
  'd.record_offset',
  ...PLACE.map((column) => `d.${column}`),
  ...['rule', 'reason', 'symbol', 'source', 'stream', 'stream_position', 'content_type'].map((c) => `d.${c}`),
  ...['truncated', 'original_size', 'original_sha256', 'replay_of'].map((c) => `d.${c}`),
  SEVERITY,
  STATE,
  'r.ts::long',
  'r.author',
  'r.note',
];

/** Letters, each with the newest thing that was done about it. */
const FROM = `${TABLES.deadLetters.name} d left join (select * from ${TABLES.deadLetterResolutions.name} latest on ts partition by letter_epoch, ${PLACE.join(', ')}) r on d.epoch = r.letter_epoch and ${PLACE.map((column) => `d.${column} = r.${column}`).join(' and ')}`;

/** Reads dead letters over the pg wire. */
export function deadLetterReader(query: (sql: BoundSql) => Promise<TextRow[]>): DeadLetterReader {
  return {
    letters: async (filter, page) => (await query(listSql(filter, page))).map(letterOf),
    find: async (places) => {
      if (places.length === 0) return [];
      return newestOf((await query(findSql(places))).map(withOriginal));
    },
    groups: async (filter, limit) => (await query(groupsSql(filter, limit))).map(groupOf),
  };
}

function listSql(
  filter: LetterFilter,
  { limit, after }: { readonly limit: number; readonly after?: LetterCursor },
): BoundSql {
  const binds = new Binds();
  const conditions = conditionsOf(filter, binds);
  if (after !== undefined) {
    const ns = clampNs(after.knownAtNs);
    conditions.push(`(d.ts < ${ns} or (d.ts = ${ns} and ${NAME} > ${binds.add(after.name)}))`);
  }
  const text = `select ${COLUMNS.join(', ')} from ${FROM}${where(conditions)} order by d.ts desc, ${NAME} limit ${limit}`;
  return { text, values: binds.values };
}

function findSql(places: readonly LetterPlace[]): BoundSql {
  const binds = new Binds();
  const offsets = [...new Set(places.map(({ offset }) => clampNs(offset)))].join(', ');
  const names = places.map((place) => binds.add(letterName(place))).join(', ');
  const text = `select ${COLUMNS.join(', ')}, d.original_base64 from ${FROM} where d.topic_offset in (${offsets}) and ${NAME} in (${names})`;
  return { text, values: binds.values };
}

function groupsSql(filter: LetterFilter, limit: number): BoundSql {
  const binds = new Binds();
  const from = `${FROM}${where(conditionsOf(filter, binds))}`;
  const text = `select d.source, d.rule, ${SEVERITY} severity, ${STATE} state, count() letters, min(d.ts)::long, max(d.ts)::long, last(d.reason) from ${from} order by letters desc, d.source, d.rule limit ${limit}`;
  return { text, values: binds.values };
}

function conditionsOf(filter: LetterFilter, binds: Binds): string[] {
  const equal = (['source', 'symbol', 'rule', 'topic'] as const).flatMap((column) => {
    const value = filter[column];
    return value === undefined ? [] : [`d.${column} = ${binds.add(value)}`];
  });
  const { startNs, endNs, states, severity } = filter;
  return [
    ...equal,
    ...(startNs === undefined ? [] : [`d.ts >= ${clampNs(startNs)}`]),
    ...(endNs === undefined ? [] : [`d.ts < ${clampNs(endNs)}`]),
    ...(severity === undefined ? [] : [`${SEVERITY} = ${binds.add(severity)}`]),
    ...(states === undefined ? [] : [`${STATE} in (${states.map((state) => binds.add(state)).join(', ')})`]),
  ];
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
}

function letterOf(row: TextRow): StoredLetter {
  const [knownAt, epoch, recordOffset, topic, partition, offset, index, ...rest] = row;
  const [rule, reason, symbol, source, stream, position, contentType, ...more] = rest;
  const [truncated, originalSize, originalSha256, replayOf, severity, ...resolution] = more;
  const [state, resolvedAt, author, note] = resolution;
  const eventIndex = Number(index ?? 0);
  return {
    topic: topic ?? '',
    partition: Number(partition ?? 0),
    offset: long(offset),
    index: eventIndex < 0 ? undefined : eventIndex,
    rule: rule ?? '',
    severity: severityOf(severity),
    reason: reason ?? '',
    source: source ?? '',
    symbol: symbol ?? '',
    knownAtNs: long(knownAt),
    stream: stream ?? '',
    position: long(position),
    contentType: contentType ?? '',
    originalSize: long(originalSize),
    originalSha256: originalSha256 ?? '',
    truncated: truncated === 't' || truncated === 'true',
    replayOf: replayOf ?? '',
    epoch: epoch ?? '',
    recordOffset: long(recordOffset),
    state: stateOf(state),
    resolvedBy: author ?? '',
    resolvedAtNs: long(resolvedAt),
    note: note ?? '',
  };
}

type FoundLetter = Awaited<ReturnType<DeadLetterReader['find']>>[number];

function withOriginal(row: TextRow): FoundLetter {
  return { letter: letterOf(row), original: Buffer.from(row.at(-1) ?? '', 'base64') };
}

/** A topic that was made anew counts from 0 again: of letters of one name the one that became known last is meant. */
function newestOf(found: readonly FoundLetter[]): readonly FoundLetter[] {
  const newest = new Map<string, FoundLetter>();
  for (const one of found) {
    const name = letterName(one.letter);
    const known = newest.get(name);
    if (known === undefined || one.letter.knownAtNs > known.letter.knownAtNs) newest.set(name, one);
  }
  return [...newest.values()];
}

function groupOf(row: TextRow): LetterGroup {
  const [source, rule, severity, state, letters, first, last, example] = row;
  return {
    source: source ?? '',
    rule: rule ?? '',
    severity: severityOf(severity),
    state: stateOf(state),
    letters: Number(letters ?? 0),
    firstNs: long(first),
    lastNs: long(last),
    example: example ?? '',
  };
}

function stateOf(text: string | null | undefined): LetterState {
  return text === 'replayed' || text === 'purged' ? text : 'open';
}

function severityOf(text: string | null | undefined): LetterSeverity {
  return text === 'quarantine' ? text : 'reject';
}

function long(text: string | null | undefined): bigint {
  return BigInt(text ?? 0);
}

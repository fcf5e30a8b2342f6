import { TABLES } from '@tickwell/contracts';
import type { HoleFilter, HoleReader, StoredHole, StoredHoleState } from '@tickwell/ports';
import type { TextRow } from './pg-client.ts';
import { Binds, clampNs, type BoundSql } from './series-select.ts';

const STATES: Readonly<Record<StoredHoleState, string>> = {
  missing: 'missing',
  repaired: 'present',
  'given-up': 'given-up',
};
const IDENTITY = ['ts', 'symbol', 'source', 'kind', 'interval', 'price_type', 'end_ts'];
const SPAN = ['symbol', 'source', 'kind', 'interval', 'price_type', 'ts::long', 'end_ts::long'];
const WHY = ['state', 'reason', 'since::long', 'missing', 'events', 'step'];
const ASKED = ['attempts', 'asked_source', 'source_attempts', 'request_id', 'asked_at::long'];
const ANSWER = ['answered_at::long', 'answer', 'answer_final', 'answer_stream'];
const REPAIR = ['repaired_at::long', 'repaired_source', 'repaired_stream', 'repair_request_id'];

/** Reads the ledger of holes over the pg wire. */
export function holeReader(query: (sql: BoundSql) => Promise<TextRow[]>): HoleReader {
  return {
    holes: async (filter, limit) => (await query(listSql(filter, limit))).map(holeOf),
  };
}

/** The state is of the newest step, so it is looked at last. */
function listSql(filter: HoleFilter, limit: number): BoundSql {
  const binds = new Binds();
  const conditions = conditionsOf(filter, binds);
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const newest = `row_number() over (partition by ${IDENTITY.join(', ')} order by step desc, known_at desc)`;
  const states = filter.states?.map((state) => binds.add(STATES[state]));
  const stateIs = states === undefined ? '' : ` and state in (${states.join(', ')})`;
  const columns = [...SPAN, ...WHY, ...ASKED, ...ANSWER, ...REPAIR].join(', ');
  const order = 'ts desc, symbol, source, kind, interval, end_ts';
  const versions = `select *, ${newest} nth from ${TABLES.coverage.name}${where}`;
  return {
    text: `select ${columns} from (${versions}) where nth = 1${stateIs} order by ${order} limit ${limit}`,
    values: binds.values,
  };
}

function conditionsOf({ symbols, startNs, endNs, ...filter }: HoleFilter, binds: Binds): string[] {
  const equal = (['source', 'kind', 'interval'] as const).flatMap((column) => {
    const value = filter[column];
    return value === undefined ? [] : [`${column} = ${binds.add(value)}`];
  });
  return [
    ...equal,
    ...(symbols === undefined
      ? []
      : [`symbol in (${symbols.map((symbol) => binds.add(symbol)).join(', ')})`]),
    ...(startNs === undefined ? [] : [`end_ts > ${clampNs(startNs)}`]),
    ...(endNs === undefined ? [] : [`ts < ${clampNs(endNs)}`]),
  ];
}

function holeOf(row: TextRow): StoredHole {
  const [symbol, source, kind, interval, priceType, start, end, ...why] = row;
  const [state, reason, since, missing, events, step, ...asked] = why;
  const [attempts, askedSource, sourceAttempts, requestId, askedAt, ...answers] = asked;
  const [answeredAt, answer, isFinal, answerStream, ...repair] = answers;
  const [repairedAt, repairedSource, repairedStream, repairRequestId] = repair;
  return {
    symbol: symbol ?? '',
    source: source ?? '',
    kind: kind ?? '',
    interval: interval ?? '',
    priceType: priceTypeOf(priceType),
    startNs: long(start),
    endNs: long(end),
    state: stateOf(state),
    reason: reason ?? '',
    sinceNs: long(since),
    missing: long(missing),
    events: long(events),
    step: Number(step ?? 0),
    attempts: Number(attempts ?? 0),
    askedSource: askedSource ?? '',
    sourceAttempts: Number(sourceAttempts ?? 0),
    requestId: requestId ?? '',
    askedAtNs: long(askedAt),
    answeredAtNs: long(answeredAt),
    answer: answer ?? '',
    isAnswerFinal: isFinal === 't' || isFinal === 'true',
    answerStream: answerStream ?? '',
    repairedAtNs: long(repairedAt),
    repairedSource: repairedSource ?? '',
    repairedStream: repairedStream ?? '',
    repairRequestId: repairRequestId ?? '',
  };
}

function stateOf(text: string | null | undefined): StoredHoleState {
  return text === 'given-up' ? text : text === 'missing' ? 'missing' : 'repaired';
}

function priceTypeOf(text: string | null | undefined): StoredHole['priceType'] {
  return text === 'trade' || text === 'bid' || text === 'ask' || text === 'mid' ? text : undefined;
}

function long(text: string | null | undefined): bigint {
  return BigInt(text ?? 0);
}

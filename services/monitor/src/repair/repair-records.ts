import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import {
  contentType,
  encodeMessage,
  events,
  HEADER_CONTENT_TYPE,
  HEADER_SOURCE,
  HEADER_STREAM_NAME,
  headerToProto,
  priceTypeToProto,
  TOPICS,
  type TopicSpec,
} from '@tickwell/contracts';
import type { PriceType } from '@tickwell/domain';
import type { NewRecord } from '@tickwell/ports';
import { BEST_SOURCE } from '@tickwell/source-policy';
import type { Gap, LedgerHole } from './ledger-hole.ts';

/** A series of bars that is watched: what all sources of a policy have together. */
export interface WatchedSeries {
  readonly policy: string;
  readonly symbol: string;
  readonly interval: string;
  readonly priceType: PriceType;
}

const STATES: Readonly<Record<LedgerHole['state'], events.CoverageState>> = {
  missing: events.CoverageState.MISSING,
  repaired: events.CoverageState.PRESENT,
  'given-up': events.CoverageState.GIVEN_UP,
};

/** The same for the same series, span, source and attempt, whoever finds it how often. */
export function requestIdOf(
  series: WatchedSeries,
  hole: Pick<Gap, 'startNs' | 'endNs'>,
  asked: { readonly source: string; readonly attempts: number },
): string {
  return hashOf([...seriesKey(series), hole.startNs, hole.endNs, asked.source, asked.attempts]);
}

/** One step of a hole; its number is the position in the hole's own stream, so that a step that is written twice counts once. */
export function holeRecord(series: WatchedSeries, hole: LedgerHole, nowNs: bigint): NewRecord {
  const value = encodeMessage(events.HoleSchema, holeMessage(series, hole, nowNs));
  return recordOf(TOPICS.rawHoles, series.symbol, value);
}

/** Asks a source for what is missing of a hole, which is as it is once this is asked. */
export function requestRecord(
  series: WatchedSeries,
  { hole, gap }: { readonly hole: LedgerHole; readonly gap: Gap },
  nowNs: bigint,
): NewRecord {
  const { policy, symbol, interval } = series;
  const { requestId, askedSource: source, reason } = hole;
  const { startNs, endNs } = gap;
  const value = encodeMessage(events.IngestRequestSchema, {
    ...{ requestId, policy, source, symbol, kind: 'bars', interval, startNs, endNs, reason },
    hole: holeMessage(series, hole, nowNs),
  });
  return recordOf(TOPICS.ingestRequests, `${source} ${symbol}`, value);
}

function holeMessage(series: WatchedSeries, hole: LedgerHole, nowNs: bigint): events.Hole {
  const { interval, priceType, symbol } = series;
  const { startNs, endNs, state, reason, step, sinceNs = nowNs } = hole;
  const origin = `repair:${hashOf([...seriesKey(series), startNs, endNs])}`;
  const cause = { origin, n: BigInt(step), k: 0 };
  const of = { source: BEST_SOURCE, symbol, cause, knownAtNs: nowNs, watermarkNs: 0n, replayOf: '' };
  return create(events.HoleSchema, {
    header: headerToProto({ ...of, priceBasis: 'unspecified' }),
    ...{ kind: 'bars', interval, priceType: priceTypeToProto(priceType) },
    ...{ startNs, endNs, state: STATES[state], step, reason, sinceNs },
    missing: BigInt(hole.missing),
    events: BigInt(hole.events),
    ...(hole.attempts === 0 ? {} : { request: requestMessage(hole) }),
    ...(isRepaired(hole) ? { repair: repairMessage(hole) } : {}),
  });
}

function requestMessage(hole: LedgerHole): events.HoleRequest {
  const { requestId, askedSource, attempts, sourceAttempts, askedAtNs = 0n, answeredAtNs = 0n } = hole;
  const { answer, isAnswerFinal, answerStream } = hole;
  return create(events.HoleRequestSchema, {
    ...{ requestId, source: askedSource, attempts, sourceAttempts, askedAtNs, answeredAtNs },
    ...{ answer, final: isAnswerFinal, stream: answerStream },
  });
}

/** Some of it, or all. */
function isRepaired({ repairedAtNs, repairedSource }: LedgerHole): boolean {
  return repairedAtNs !== undefined || repairedSource !== '';
}

function repairMessage(hole: LedgerHole): events.HoleRepair {
  const { repairedSource, repairedStream, repairRequestId, repairedAtNs = 0n } = hole;
  const of = { source: repairedSource, stream: repairedStream, requestId: repairRequestId };
  return create(events.HoleRepairSchema, { ...of, repairedAtNs });
}

function recordOf(topic: TopicSpec, key: string, value: Uint8Array): NewRecord {
  return {
    topic: topic.name,
    key,
    value,
    headers: {
      [HEADER_CONTENT_TYPE]: contentType(topic.type),
      [HEADER_SOURCE]: BEST_SOURCE,
      [HEADER_STREAM_NAME]: 'repair',
    },
  };
}

function seriesKey({ symbol, interval, priceType }: WatchedSeries): readonly string[] {
  return [symbol, 'bars', interval, priceType];
}

const ID_CHARS = 24;

function hashOf(parts: readonly (string | number | bigint)[]): string {
  const text = JSON.stringify(parts.map(String));
  return createHash('sha256').update(text).digest('hex').slice(0, ID_CHARS);
}

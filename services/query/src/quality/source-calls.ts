import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { err, ok, TickwellError, type Result } from '@tickwell/domain';
import type { QualityReader, SourceCounts, StoredSourceState, StoredStatus } from '@tickwell/ports';
import { limitArgument, orRefuse, rangeArgument, textArgument } from '../arguments.ts';
import type { CallSignal } from '../history.ts';
import type { CompletenessReader } from './completeness.ts';
import { countStates, type FreshnessCalls, type JudgedSeries } from './freshness-calls.ts';
import { pageToken, parsePageToken } from './page.ts';
import type { SourceStates } from './source-states.ts';
import { availabilityOf, sourceNow, streamNow } from './source-timeline.ts';

const DAY_NS = 86_400_000_000_000n;
const MAX_RANGE_NS = 366n * DAY_NS;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** Reports of one call; a stream makes 1,440 a day. */
const MAX_STATUSES = 500_000;
const MAX_STREAMS = 1_000;

export const SOURCE_STATES: Readonly<Record<StoredSourceState, events.SourceState>> = {
  up: events.SourceState.UP,
  degraded: events.SourceState.DEGRADED,
  down: events.SourceState.DOWN,
  paced: events.SourceState.PACED,
  finished: events.SourceState.FINISHED,
  stopped: events.SourceState.STOPPED,
};

export interface SourceCallsParts {
  readonly reader: Pick<QualityReader, 'statuses' | 'counts'>;
  readonly states: Pick<SourceStates, 'newest'>;
  readonly freshness: Pick<FreshnessCalls, 'judge'>;
  readonly completeness: Pick<CompletenessReader, 'read'>;
  readonly nowNs: () => bigint;
}

interface Range {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** What is known of all sources, by name. */
interface Known {
  readonly nowNs: bigint;
  readonly range: Range;
  readonly newest: ReadonlyMap<string, readonly StoredStatus[]>;
  readonly history: ReadonlyMap<string, readonly StoredStatus[]>;
  readonly counts: ReadonlyMap<string, readonly SourceCounts[]>;
  readonly judged: ReadonlyMap<string, readonly JudgedSeries[]>;
  readonly completeness: ReadonlyMap<string, queryV1.Completeness>;
}

/** GetSourceStatus: how sources are, and how they were over a range. */
export class SourceCalls {
  readonly #parts: SourceCallsParts;

  constructor(parts: SourceCallsParts) {
    this.#parts = parts;
  }

  async getSourceStatus(
    request: queryV1.GetSourceStatusRequest,
    { signal }: CallSignal,
  ): Promise<queryV1.GetSourceStatusResponse> {
    orRefuse(textArgument('source', request.source));
    const limit = orRefuse(limitArgument(request.limit, { fallback: DEFAULT_LIMIT, max: MAX_LIMIT }));
    const after = orRefuse(parsePageToken(request.pageToken, 1))?.[0] ?? '';
    const nowNs = this.#parts.nowNs();
    const range = orRefuse(statusRange(request.range, nowNs));
    const known = await this.#read(request, range, nowNs, signal);
    const names = new Set([...known.newest.keys(), ...known.counts.keys(), ...known.judged.keys()]);
    const sources = [...names].filter((name) => name > after).sort();
    const page = sources.slice(0, limit);
    const last = page.at(-1);
    return create(queryV1.GetSourceStatusResponseSchema, {
      sources: page.map((source) => reportOf(source, known, request.withStreams)),
      nextPageToken: sources.length > limit && last !== undefined ? pageToken([last]) : '',
      range: create(queryV1.TimeRangeSchema, range),
    });
  }

  async #read(
    { source, withCompleteness }: queryV1.GetSourceStatusRequest,
    range: Range,
    nowNs: bigint,
    signal: AbortSignal,
  ): Promise<Known> {
    const { reader, states, freshness, completeness } = this.#parts;
    const own = source === '' ? {} : { source };
    const isOwn = (one: { readonly source: string }): boolean => source === '' || one.source === source;
    const [newest, history, counts, judged] = await Promise.all([
      states.newest(),
      reader.statuses({ ...own, ...range, limit: MAX_STATUSES + 1 }),
      reader.counts({ ...own, ...range }),
      freshness.judge({ source }, nowNs, signal),
    ]);
    if (history.length > MAX_STATUSES)
      throw new TickwellError(
        'limit-exceeded',
        `more than ${MAX_STATUSES} reports were filed in the range: ask for one source, or a shorter range`,
      );
    const expected = judged.filter((one) => one.freshness.state !== 'ended').map(({ entry }) => entry);
    return {
      nowNs,
      range,
      newest: Map.groupBy(newest.filter(isOwn), (one) => one.source),
      history: Map.groupBy(history, (one) => one.source),
      counts: Map.groupBy(counts, (one) => one.source),
      judged: Map.groupBy(judged, ({ entry }) => entry.source),
      completeness: withCompleteness
        ? await completeness.read(expected, { ...range, nowNs, source })
        : new Map<string, queryV1.Completeness>(),
    };
  }
}

function reportOf(source: string, known: Known, withStreams: boolean): queryV1.SourceReport {
  const { nowNs, range } = known;
  const newest = known.newest.get(source) ?? [];
  const now = sourceNow(newest, nowNs);
  const { upNs, downNs, outages, sinceNs } = availabilityOf(known.history.get(source) ?? [], range);
  const watchedNs = upNs + downNs;
  const completeness = known.completeness.get(source);
  return create(queryV1.SourceReportSchema, {
    source,
    state: now.state === undefined ? events.SourceState.UNSPECIFIED : SOURCE_STATES[now.state],
    reason: now.reason,
    sinceNs: sinceNs ?? newest[0]?.timeNs ?? 0n,
    reportedAtNs: now.reportedAtNs,
    silent: now.isSilent,
    ...(watchedNs === 0n ? {} : { availability: ratio(upNs, watchedNs) }),
    upNs,
    downNs,
    outages,
    ...countsOf(known.counts.get(source) ?? []),
    freshness: countStates(known.judged.get(source) ?? []),
    ...(completeness === undefined ? {} : { completeness }),
    streams: withStreams ? newest.slice(0, MAX_STREAMS).map((one) => streamMessage(one, nowNs)) : [],
  });
}

type CountFields = Pick<
  queryV1.SourceReport,
  'received' | 'accepted' | 'deadLettered' | 'duplicates' | 'kinds' | 'errorRate'
>;

function countsOf(counts: readonly SourceCounts[]): CountFields {
  const sum = (name: 'received' | 'accepted' | 'deadLettered' | 'duplicates'): bigint =>
    counts.reduce((all, one) => all + one[name], 0n);
  const received = sum('received');
  const deadLettered = sum('deadLettered');
  return {
    received,
    accepted: sum('accepted'),
    deadLettered,
    duplicates: sum('duplicates'),
    kinds: counts.map(({ kind, ...one }) =>
      create(queryV1.KindCountsSchema, {
        kind,
        received: one.received,
        accepted: one.accepted,
        deadLettered: one.deadLettered,
        duplicates: one.duplicates,
      }),
    ),
    ...(received === 0n ? {} : { errorRate: ratio(deadLettered, received) }),
  };
}

function streamMessage(status: StoredStatus, nowNs: bigint): queryV1.StreamReport {
  const { state, isSilent } = streamNow(status, nowNs);
  const { stream, reason, timeNs, events: sent, refused } = status;
  return create(queryV1.StreamReportSchema, {
    stream,
    state: SOURCE_STATES[state],
    reason,
    reportedAtNs: timeNs,
    silent: isSilent,
    events: sent,
    refused,
  });
}

/** Exact enough for a share, of numbers beyond 2^53 too. */
function ratio(part: bigint, whole: bigint): number {
  return Number(part) / Number(whole);
}

function statusRange(range: queryV1.TimeRange | undefined, nowNs: bigint): Result<Range, string> {
  const span = rangeArgument(range);
  if (!span.ok) return span;
  const endNs = span.value.endNs === undefined || span.value.endNs > nowNs ? nowNs : span.value.endNs;
  const startNs = span.value.startNs ?? endNs - DAY_NS;
  if (startNs >= endNs) return err('range.start_ns is not before now: nothing has happened there yet');
  if (endNs - startNs > MAX_RANGE_NS)
    return err('the range is longer than 366 days: ask for several shorter ones');
  return ok({ startNs: startNs < 0n ? 0n : startNs, endNs });
}

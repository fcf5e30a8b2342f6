import { create, toBinary } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError, err, ok, type Result } from '@tickwell/domain';
import type { EventLog, QualityReader, StoredFinding } from '@tickwell/ports';
import { orRefuse, symbolsArgument, textArgument } from '../arguments.ts';
import type { CommitTracker } from '../commit-tracker.ts';
import type { CallSignal } from '../history.ts';
import { partitionKey } from '../live-hub.ts';
import type { Position } from '../response.ts';
import { startAfter, startAtCommits } from '../start-positions.ts';
import { SubscriberQueue, type QueueLimits } from '../subscriber-queue.ts';
import { findingFilter, findingMessage } from './finding-calls.ts';
import type { FreshnessCalls, JudgedSeries } from './freshness-calls.ts';
import { parseWatched, WATCHED_TOPICS, type QualityHub } from './quality-hub.ts';
import type { QualityChange, QualityState } from './quality-state.ts';
import { SOURCE_STATES } from './source-calls.ts';
import type { SourceNow } from './source-timeline.ts';

const MAX_HISTORY = 1_000;
/** Series that are not fresh, told before the marker: the worst ones. */
const MAX_SERIES = 1_000;

export interface WatchCallsParts {
  readonly log: Pick<EventLog, 'describeTopic' | 'readRange'>;
  readonly commits: CommitTracker;
  readonly hub: Pick<QualityHub, 'positions'>;
  readonly state: QualityState;
  readonly reader: Pick<QualityReader, 'findings'>;
  readonly freshness: Pick<FreshnessCalls, 'message'>;
  readonly nowNs: () => bigint;
  readonly heartbeatMs: number;
  readonly queue: QueueLimits;
}

type Response = queryV1.QualityServiceWatchResponse;
type Topic = 'findings' | 'sources' | 'freshness';

interface Wanted {
  readonly topics: ReadonlySet<Topic>;
  readonly symbols: ReadonlySet<string> | undefined;
  readonly source: string;
  readonly filter: Pick<Parameters<QualityReader['findings']>[0], 'source' | 'severities'>;
  readonly history: number;
  readonly after: readonly Position[] | undefined;
}

/** Watch: what there is, a marker, then every change. Who watches has one bounded queue; who is too slow for it is cut. */
export class WatchCalls {
  readonly #parts: WatchCallsParts;

  constructor(parts: WatchCallsParts) {
    this.#parts = parts;
  }

  async *watch(
    request: queryV1.QualityServiceWatchRequest,
    { signal }: CallSignal,
  ): AsyncGenerator<Response | Uint8Array> {
    const { hub, state, queue: limits, nowNs } = this.#parts;
    const wanted = orRefuse(wantedArgument(request));
    const start = await this.#start(wanted);
    const queue = new SubscriberQueue(limits);
    const told = new Set<string>();
    const positions = hub.positions();
    const leave = state.listen((change) => {
      if (isWanted(wanted, change) && !(change.kind === 'finding' && told.has(change.finding.name)))
        queue.push(toBinary(queryV1.QualityServiceWatchResponseSchema, this.#changeMessage(change)));
    });
    try {
      yield* this.#snapshot(wanted);
      yield* this.#history(wanted, told);
      yield* this.#catchUp(wanted, start, positions, told, signal);
      yield message(
        { case: 'current', value: create(queryV1.QualityCurrentSchema, { timeNs: nowNs() }) },
        positions,
      );
      yield* this.#live(queue, signal);
    } finally {
      leave();
    }
  }

  /** Where the log takes over from the position of the client, or from the store. */
  async #start({ after, history, topics }: Wanted): Promise<readonly Position[]> {
    if (after === undefined && (history === 0 || !topics.has('findings'))) return [];
    const { log, commits } = this.#parts;
    const descriptions = await Promise.all(WATCHED_TOPICS.map((topic) => log.describeTopic(topic)));
    const places = descriptions.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition }) => ({ topic, partition })),
    );
    if (after === undefined) return startAtCommits(commits, descriptions, places);
    try {
      return startAfter(after, descriptions, places);
    } catch (error) {
      if (!(error instanceof TickwellError)) throw error;
      const text = error.message.replace('from.after', 'after');
      throw new TickwellError(
        error.code,
        text.replace('subscribe again with since_ns', 'watch again without it'),
      );
    }
  }

  async *#snapshot(wanted: Wanted): AsyncGenerator<Response> {
    const { sources, series } = await this.#parts.state.now();
    for (const [source, now] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const change = { kind: 'source' as const, source, now };
      if (isWanted(wanted, change)) yield this.#changeMessage(change);
    }
    const late = series.filter(
      (one) =>
        (one.freshness.state === 'stale' || one.freshness.state === 'late') &&
        isWanted(wanted, { kind: 'freshness', series: one }),
    );
    late.sort((a, b) => (a.freshness.overdueNs > b.freshness.overdueNs ? -1 : 1));
    for (const one of late.slice(0, MAX_SERIES))
      yield this.#changeMessage({ kind: 'freshness', series: one });
  }

  /** The newest findings of the store, the oldest of them first. */
  async *#history(wanted: Wanted, told: Set<string>): AsyncGenerator<Response> {
    if (wanted.after !== undefined || wanted.history === 0 || !wanted.topics.has('findings')) return;
    const found: StoredFinding[] = [];
    for (let after: StoredFinding | undefined; found.length < wanted.history;) {
      const page = await this.#parts.reader.findings(wanted.filter, {
        limit: MAX_HISTORY,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.filter(({ symbol }) => wanted.symbols?.has(symbol) !== false));
      after = page.at(-1);
      if (page.length < MAX_HISTORY || wanted.symbols === undefined) break;
    }
    for (const finding of found.slice(0, wanted.history).toReversed()) {
      told.add(finding.name);
      yield message({ case: 'finding', value: findingMessage(finding) });
    }
  }

  /** Findings of the log from a position to where this one began to listen. */
  async *#catchUp(
    wanted: Wanted,
    start: readonly Position[],
    targets: readonly Position[],
    told: Set<string>,
    signal: AbortSignal,
  ): AsyncGenerator<Response> {
    for (const { topic, partition, epoch, nextOffset: fromOffset } of start) {
      const toOffset = targets.find(
        (one) => partitionKey(one) === partitionKey({ topic, partition }),
      )?.nextOffset;
      if (toOffset === undefined || toOffset <= fromOffset) continue;
      for await (const records of this.#parts.log.readRange({
        topic,
        partition,
        fromOffset,
        toOffset,
        signal,
      }))
        for (const record of records) {
          const parsed = parseWatched(record, epoch);
          const event = parsed.ok ? parsed.value?.event : undefined;
          if (event?.kind !== 'finding' || !isWanted(wanted, event) || told.has(event.finding.name)) continue;
          told.add(event.finding.name);
          yield this.#changeMessage(event);
        }
    }
  }

  async *#live(queue: SubscriberQueue, signal: AbortSignal): AsyncGenerator<Response | Uint8Array> {
    const { hub, heartbeatMs, nowNs } = this.#parts;
    let dueMs = performance.now() + heartbeatMs;
    while (!signal.aborted) {
      const next = queue.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) {
        await queue.wait(leftMs, signal);
        continue;
      }
      // The queue is empty: everything below the hub's positions has been sent.
      const value = create(queryV1.QualityHeartbeatSchema, { timeNs: nowNs() });
      yield message({ case: 'heartbeat', value }, hub.positions());
      dueMs = performance.now() + heartbeatMs;
    }
  }

  #changeMessage(change: QualityChange): Response {
    switch (change.kind) {
      case 'finding':
        return message({ case: 'finding', value: findingMessage(change.finding) }, [change.position]);
      case 'source':
        return message({ case: 'source', value: sourceMessage(change.source, change.now) });
      case 'freshness':
        return message({ case: 'freshness', value: this.#parts.freshness.message(change.series) });
    }
  }
}

function message(content: Response['message'], partitions: readonly Position[] = []): Response {
  return create(queryV1.QualityServiceWatchResponseSchema, {
    ...(partitions.length === 0 ? {} : { position: { partitions: [...partitions] } }),
    message: content,
  });
}

function sourceMessage(source: string, now: SourceNow): queryV1.SourceChange {
  const { state, reason, reportedAtNs, isSilent } = now;
  return create(queryV1.SourceChangeSchema, {
    source,
    ...(state === undefined ? {} : { state: SOURCE_STATES[state] }),
    reason,
    reportedAtNs,
    silent: isSilent,
  });
}

function isWanted({ topics, symbols, source, filter }: Wanted, change: QualityChange): boolean {
  if (change.kind === 'source') return topics.has('sources') && (source === '' || source === change.source);
  const of: Pick<JudgedSeries['entry'], 'symbol' | 'source'> =
    change.kind === 'finding' ? change.finding : change.series.entry;
  if (symbols?.has(of.symbol) === false || (source !== '' && source !== of.source)) return false;
  if (change.kind === 'freshness') return topics.has('freshness');
  return topics.has('findings') && filter.severities?.includes(change.finding.severity) !== false;
}

const TOPICS_OF: ReadonlyMap<queryV1.QualityTopic, Topic> = new Map([
  [queryV1.QualityTopic.FINDINGS, 'findings'],
  [queryV1.QualityTopic.SOURCES, 'sources'],
  [queryV1.QualityTopic.FRESHNESS, 'freshness'],
]);

function wantedArgument(request: queryV1.QualityServiceWatchRequest): Result<Wanted, string> {
  const symbols = symbolsArgument(request.symbols);
  if (!symbols.ok) return symbols;
  const source = textArgument('source', request.source);
  if (!source.ok) return source;
  if (request.history > MAX_HISTORY)
    return err(`history ${request.history} is more than ${MAX_HISTORY}: ListFindings has more, page by page`);
  const filter = findingFilter(
    create(queryV1.FindingFilterSchema, { source: source.value, severities: request.severities }),
  );
  if (!filter.ok) return err(filter.error.replace('filter.', ''));
  const topics = new Set<Topic>();
  for (const number of request.topics) {
    const topic = TOPICS_OF.get(number);
    if (topic === undefined)
      return err(`topics: ${number} is not one of QUALITY_TOPIC_FINDINGS, _SOURCES, _FRESHNESS`);
    topics.add(topic);
  }
  return ok({
    topics: topics.size === 0 ? new Set(TOPICS_OF.values()) : topics,
    symbols: symbols.value.length === 0 ? undefined : new Set(symbols.value),
    source: source.value,
    filter: filter.value,
    history: request.history,
    after: request.after?.partitions.map(({ topic, partition, epoch, nextOffset }) => ({
      topic,
      partition,
      epoch,
      nextOffset,
    })),
  });
}

import { encodeQuotesResponse, encodeTicksResponse, type queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { InstrumentMap } from '@tickwell/instruments';
import type {
  ArrowFormat,
  CompileSchema,
  EventLog,
  Logger,
  StoreReader,
  TopicPartition,
} from '@tickwell/ports';
import { AlertCalls } from './alerts/alert-calls.ts';
import { SeveralCalls } from './align/several-calls.ts';
import { getCorporateActions } from './action-calls.ts';
import {
  fingerprintedBars,
  wantsFingerprint,
  type FingerprintParts,
} from './fingerprint/fingerprint-calls.ts';
import { getFundamentals } from './fundamental-calls.ts';
import { cacheDescriptions } from './cached-topics.ts';
import { AdminCalls } from './cache/admin-calls.ts';
import type { CachedHistory } from './cache/cached-history.ts';
import { QueryCache, type CacheLevels } from './cache/query-cache.ts';
import { CoverageCalls } from './quality/coverage-calls.ts';
import { CoverageReader } from './quality/coverage-reader.ts';
import { FlightCalls } from './flight/flight-calls.ts';
import type { FlowCalls } from './flight/flow-table.ts';
import { encoded } from './response.ts';
import { listReconciliations } from './quality/reconciliation-calls.ts';
import { InstrumentCalendars } from './quality/instrument-calendars.ts';
import { Monitoring } from './quality/monitoring.ts';
import { ConfigCalls } from './config-calls.ts';
import { configKinds } from './config-kinds.ts';
import { CommitTracker } from './commit-tracker.ts';
import { DeadLetterCalls } from './dead-letters/dead-letter-calls.ts';
import { HistoryCalls, type CallSignal } from './history.ts';
import { IndicatorCalls } from './indicators/indicator-calls.ts';
import { IndicatorBudget } from './indicators/indicator-budget.ts';
import { LiveValues } from './indicators/live-values.ts';
import { LatestCalls } from './latest-calls.ts';
import { LiveHub } from './live-hub.ts';
import { SourcePolicies } from './source-policies.ts';
import { LIVE_TOPICS, TOPIC_OF_KIND } from './market-record.ts';
import type { SubscriberQueue } from './subscriber-queue.ts';
import { Subscriptions } from './subscriptions.ts';

/** Whoever serves the calls: a gRPC server, in tests perhaps none. */
export interface QueryServer {
  start(): Promise<void>;
  setServing(serving: boolean): void;
  stop(graceMs: number): Promise<void>;
}

export interface QueryParts {
  readonly log: EventLog;
  readonly reader: StoreReader;
  readonly logger: Logger;
  readonly partitionOf: (key: string, partitions: number) => number;
  readonly nowNs: () => bigint;
  /** For the checks of configuration documents. */
  readonly compileSchema: CompileSchema;
  readonly heartbeatMs: number;
  readonly queue: ConstructorParameters<typeof SubscriberQueue>[0];
  /** Left out: every answer comes from the store. */
  readonly cache?: CacheLevels;
  /** How often Watch looks at all series; 5,000 unless given. */
  readonly lookMs?: number;
}

const DESCRIPTION_MAX_AGE_MS = 500;
const LATEST_MAX_SYMBOLS = 20_000;
/** Indicators that are computed at a time, for all calls and subscriptions. */
const MAX_INDICATORS = 4_096;
const STOP_GRACE_MS = 5_000;
const STORED_TOPICS = LIVE_TOPICS.filter((topic) => topic !== TOPIC_OF_KIND['forming-bars']);
const EVENT_TOPICS = new Set([TOPIC_OF_KIND.trades, TOPIC_OF_KIND.bars]);

type CachedCalls = 'getBars' | 'getTicks' | 'getQuotes';
type ServedCalls = Omit<QueryService['calls'], CachedCalls> & Pick<CachedHistory, CachedCalls>;

/** The read side of the platform: history from the store, the live tail of the log, and the seam between them. */
export class QueryService {
  readonly #parts: QueryParts;
  readonly #commits: CommitTracker;
  readonly #hub: LiveHub;
  readonly #history: HistoryCalls;
  readonly #cache: QueryCache | undefined;
  readonly #cached: CachedHistory | undefined;
  readonly #fingerprints: FingerprintParts;
  #admin: AdminCalls | undefined;
  readonly #indicators: IndicatorCalls;
  readonly #several: SeveralCalls;
  readonly #severalOf: (history: ConstructorParameters<typeof SeveralCalls>[0]) => SeveralCalls;
  readonly #latest: LatestCalls;
  readonly #subscriptions: Subscriptions;
  readonly #config: ConfigCalls;
  readonly #deadLetters: DeadLetterCalls;
  readonly #quality: CoverageCalls;
  readonly #alerts: AlertCalls;
  readonly #monitoring: Monitoring;
  readonly #stopped = Promise.withResolvers<undefined>();
  #ready = false;
  #server: QueryServer | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: QueryParts) {
    const sharedLog = cacheDescriptions(parts.log, DESCRIPTION_MAX_AGE_MS, () => performance.now());
    const { log, logger, reader, nowNs } = parts;
    this.#parts = parts;
    this.#commits = new CommitTracker(log, logger);
    if (parts.cache !== undefined)
      this.#cache = new QueryCache({ ...parts, levels: parts.cache, commits: this.#commits });
    const budget = new IndicatorBudget(MAX_INDICATORS);
    const values = new LiveValues(budget);
    this.#hub = new LiveHub({
      log,
      watcher: this.#cache?.followed,
      commits: this.#commits,
      logger,
      values,
      observe: (record) => {
        this.#latest.observe(record);
        this.#monitoring.observe(record);
      },
    });
    this.#latest = new LatestCalls({
      reader,
      maxSymbols: LATEST_MAX_SYMBOLS,
      coverage: (symbol) => this.#storedBy(this.#placesOf(symbol)),
    });
    this.#config = new ConfigCalls({ log, logger, nowNs, kinds: configKinds(parts.compileSchema) });
    const policies = new SourcePolicies();
    const instruments = new InstrumentMap();
    const calendars = new InstrumentCalendars();
    this.#config.reader.onChange((entry) => {
      policies.apply(entry);
      calendars.apply(entry);
      if (entry.kind === 'instrument') instruments.apply(entry);
    });
    this.#deadLetters = new DeadLetterCalls({ log, reader: reader.deadLetters, nowNs });
    const coverage = new CoverageReader({ reader, policies, calendars, nowNs });
    this.#quality = new CoverageCalls(coverage, reader);
    this.#alerts = new AlertCalls(log, logger);
    this.#monitoring = new Monitoring({
      ...parts,
      calendars,
      coverage: () => this.#storedBy(this.#hub.positions(EVENT_TOPICS)),
      storedAt: ({ kind, symbol, epoch, offset }) => {
        const topic = TOPIC_OF_KIND[kind];
        const partitions = this.#hub.positions(new Set([topic])).length;
        const place = { topic, partition: parts.partitionOf(symbol, partitions) };
        return this.#commits.storedAt(place, epoch, offset);
      },
      commits: this.#commits,
    });
    const history = { reader, policies, coverage, instruments, calendars, nowNs };
    this.#history = new HistoryCalls(history);
    const { partitionOf } = parts;
    this.#fingerprints = { history, log: sharedLog, commits: this.#commits, partitionOf };
    this.#cached = this.#cache?.over({
      history: this.#history,
      isContinuous: (symbol) => instruments.get(symbol)?.continuous !== undefined,
      configPosition: () => this.#config.reader.lastPosition ?? -1n,
    });
    this.#indicators = new IndicatorCalls({
      reader,
      readBars: (query, wish) => this.#history.readBars(query, wish),
      calendars,
      budget,
    });
    this.#severalOf = (calls) => new SeveralCalls(calls, this.#indicators, calendars);
    this.#several = this.#severalOf(this.#history);
    const [commits, hub] = [this.#commits, this.#hub];
    this.#subscriptions = new Subscriptions({ ...parts, sharedLog, commits, hub, values, budget });
  }

  /** The calls of tickwell.query.v1.MarketDataService, ready to be bound to a server. */
  readonly calls = {
    listInstruments: (request: queryV1.ListInstrumentsRequest) => this.#history.listInstruments(request),
    getLatest: (request: queryV1.GetLatestRequest) => this.#latest.getLatest(request),
    getCorporateActions: (request: queryV1.GetCorporateActionsRequest, call: CallSignal) =>
      getCorporateActions(this.#parts.reader, request, call),
    getFundamentals: (request: queryV1.GetFundamentalsRequest, call: CallSignal) =>
      getFundamentals(this.#parts.reader, request, call),
    getBars: (request: queryV1.GetBarsRequest, call: CallSignal) =>
      wantsFingerprint(request)
        ? fingerprintedBars(this.#fingerprints, request, call)
        : this.#several.getBars(request, call),
    getAligned: (request: queryV1.GetAlignedRequest, call: CallSignal) =>
      this.#several.getAligned(request, call),
    joinAsOf: (request: queryV1.JoinAsOfRequest, call: CallSignal) => this.#several.joinAsOf(request, call),
    getTicks: (request: queryV1.GetTicksRequest, call: CallSignal) =>
      encoded(this.#history.getTicks(request, call), encodeTicksResponse),
    getQuotes: (request: queryV1.GetQuotesRequest, call: CallSignal) =>
      encoded(this.#history.getQuotes(request, call), encodeQuotesResponse),
    getIndicators: (request: queryV1.GetIndicatorsRequest, call: CallSignal) =>
      this.#indicators.getIndicators(request, call),
    subscribe: (request: queryV1.SubscribeRequest, call: CallSignal) =>
      this.#subscriptions.subscribe(request, call),
  };

  /** The calls of arrow.flight.protocol.FlightService. */
  flightCalls(arrow: ArrowFormat): FlightCalls {
    const cached = this.#cached;
    const calls: FlowCalls =
      cached === undefined
        ? this.#history
        : {
            getBars: (request, call) => cached.forOneCall().getBars(request, call),
            getTicks: (request, call) => cached.forOneCall().getTicks(request, call),
            getQuotes: (request, call) => cached.forOneCall().getQuotes(request, call),
          };
    return new FlightCalls({ calls, arrow, reader: this.#parts.reader });
  }

  /** The calls of tickwell.query.v1.AdminService. */
  get adminCalls(): Pick<AdminCalls, 'getCacheStats'> {
    this.#admin ??= new AdminCalls(this.#cached);
    return this.#admin;
  }

  /** {@link calls} as clients get them: history from the cache, where there is one. */
  get servedCalls(): ServedCalls {
    const cached = this.#cached;
    if (cached === undefined) return this.calls;
    const several = (): SeveralCalls => this.#severalOf(cached.forOneCall());
    return {
      ...this.calls,
      getBars: (request: queryV1.GetBarsRequest, call: CallSignal) =>
        wantsFingerprint(request)
          ? this.calls.getBars(request, call)
          : request.symbols.length > 0
            ? cached.manyBars(request, call)
            : cached.getBars(request, call),
      getAligned: (request: queryV1.GetAlignedRequest, call: CallSignal) =>
        several().getAligned(request, call),
      joinAsOf: (request: queryV1.JoinAsOfRequest, call: CallSignal) => several().joinAsOf(request, call),
      getTicks: (request: queryV1.GetTicksRequest, call: CallSignal) => cached.getTicks(request, call),
      getQuotes: (request: queryV1.GetQuotesRequest, call: CallSignal) => cached.getQuotes(request, call),
    };
  }

  /** The calls of tickwell.query.v1.ConfigService. */
  readonly configCalls = {
    put: (request: queryV1.ConfigServicePutRequest) => this.#config.put(request),
    get: (request: queryV1.ConfigServiceGetRequest) => this.#config.get(request),
    list: (request: queryV1.ConfigServiceListRequest) => this.#config.list(request),
    getSchema: (request: queryV1.ConfigServiceGetSchemaRequest) => this.#config.getSchema(request),
    delete: (request: queryV1.ConfigServiceDeleteRequest) => this.#config.delete(request),
    history: (request: queryV1.ConfigServiceHistoryRequest) => this.#config.history(request),
    watch: (request: queryV1.ConfigServiceWatchRequest, call: CallSignal) =>
      this.#config.watch(request, call),
  };

  /** The calls of tickwell.query.v1.DeadLetterService. */
  readonly deadLetterCalls = {
    list: (request: queryV1.DeadLetterServiceListRequest) => this.#deadLetters.list(request),
    summarize: (request: queryV1.DeadLetterServiceSummarizeRequest) => this.#deadLetters.summarize(request),
    get: (request: queryV1.DeadLetterServiceGetRequest) => this.#deadLetters.get(request),
    replay: (request: queryV1.DeadLetterServiceReplayRequest, call: CallSignal) =>
      this.#deadLetters.replay(request, call),
    purge: (request: queryV1.DeadLetterServicePurgeRequest, call: CallSignal) =>
      this.#deadLetters.purge(request, call),
  };

  /** The calls of tickwell.query.v1.QualityService. */
  readonly qualityCalls = {
    getCoverage: (request: queryV1.GetCoverageRequest, call: CallSignal) =>
      this.#quality.getCoverage(request, call),
    listHoles: (request: queryV1.ListHolesRequest) => this.#quality.listHoles(request),
    getFreshness: (request: queryV1.GetFreshnessRequest, call: CallSignal) =>
      this.#monitoring.getFreshness(request, call),
    listFindings: (request: queryV1.ListFindingsRequest) => this.#monitoring.listFindings(request),
    getSourceStatus: (request: queryV1.GetSourceStatusRequest, call: CallSignal) =>
      this.#monitoring.getSourceStatus(request, call),
    watch: (request: queryV1.QualityServiceWatchRequest, call: CallSignal) =>
      this.#monitoring.watch(request, call),
    listAlerts: (request: queryV1.ListAlertsRequest) => this.#alerts.listAlerts(request),
    listReconciliations: (request: queryV1.ListReconciliationsRequest) =>
      listReconciliations(this.#parts.reader.reconciliations, request),
  };

  /** Follows the log and serves until {@link stop}; rejects when the log or the server fails for good. */
  async run(server: QueryServer): Promise<void> {
    this.#server = server;
    const failed = Promise.all([
      this.#commits.done,
      this.#hub.done,
      this.#monitoring.done,
      this.#config.reader.done,
      this.#alerts.done,
      ...(this.#cache === undefined ? [] : [this.#cache.followed.done]),
    ]).then(() => this.#stopped.promise);
    await Promise.race([this.#start(server), failed]);
    await Promise.race([this.#stopped.promise, failed]);
  }

  async #start(server: QueryServer): Promise<void> {
    await this.#commits.start();
    await this.#hub.start();
    await this.#cache?.followed.start();
    await this.#monitoring.start();
    await this.#config.reader.start();
    await this.#alerts.start();
    if (this.#stopping !== undefined) return;
    await server.start();
    server.setServing(true);
    this.#ready = true;
  }

  /** Ends the streams with UNAVAILABLE, lets calls in flight finish, then closes what it reads from. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  notReady(): string | undefined {
    return this.#ready ? undefined : 'the live tail is not positioned yet';
  }

  async #close(): Promise<void> {
    this.#ready = false;
    await this.#server?.stop(STOP_GRACE_MS);
    await Promise.all([
      this.#hub.stop(),
      this.#cache?.followed.stop(),
      this.#monitoring.stop(),
      this.#commits.stop(),
      this.#config.close(),
      this.#alerts.stop(),
      this.#deadLetters.close(),
    ]);
    await Promise.all([this.#parts.reader.close(), this.#parts.log.close(), this.#cached?.close()]);
    this.#stopped.resolve(undefined);
  }

  /** Where events of a symbol are that are stored. */
  #placesOf(symbol: string): TopicPartition[] {
    return STORED_TOPICS.map((topic) => {
      const partitions = this.#hub.positions(new Set([topic])).length;
      if (partitions === 0)
        throw new TickwellError('unavailable', 'the live tail is not positioned yet', { retryable: true });
      return { topic, partition: this.#parts.partitionOf(symbol, partitions) };
    });
  }

  /** Remembers where the tail stands in some partitions; later tells whether the store holds everything up to there. */
  #storedBy(places: readonly TopicPartition[]): () => boolean {
    const positions = places.map((place) => {
      const position = this.#hub.partition(place);
      if (position === undefined) throw new Error(`${place.topic}/${place.partition} is not followed`);
      return { ...position };
    });
    return () =>
      positions.every(({ topic, partition, epoch, nextOffset, beginOffset }) => {
        if (nextOffset === beginOffset) return true;
        return (this.#commits.newest(topic, partition, epoch)?.nextOffset ?? 0n) >= nextOffset;
      });
  }
}

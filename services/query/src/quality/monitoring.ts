import type { queryV1 } from '@tickwell/contracts';
import type { DeadLetterReader, EventLog, Logger, QualityReader } from '@tickwell/ports';
import type { CommitTracker } from '../commit-tracker.ts';
import type { CallSignal } from '../history.ts';
import type { MarketRecord } from '../market-record.ts';
import { CompletenessReader } from './completeness.ts';
import { FindingCalls } from './finding-calls.ts';
import { FreshnessBook } from './freshness-book.ts';
import { FreshnessCalls, type StoredAt } from './freshness-calls.ts';
import type { InstrumentCalendars } from './instrument-calendars.ts';
import { observeSources } from './quality-metrics.ts';
import { QualityHub } from './quality-hub.ts';
import { QualityState } from './quality-state.ts';
import { SourceCalls } from './source-calls.ts';
import { SourceStates } from './source-states.ts';
import { WatchCalls } from './watch-calls.ts';
import type { QueueLimits } from '../subscriber-queue.ts';

/** Series whose newest event is remembered: some 300 bytes each. */
const MAX_SERIES = 400_000;

export interface MonitoringParts {
  readonly reader: { readonly quality: QualityReader; readonly deadLetters: DeadLetterReader };
  readonly calendars: Pick<InstrumentCalendars, 'of'>;
  /** For this moment: tells later whether the store has caught up with what the tail had not seen. */
  readonly coverage: () => () => boolean;
  readonly storedAt: StoredAt;
  readonly nowNs: () => bigint;
  readonly log: EventLog;
  readonly commits: CommitTracker;
  readonly logger: Logger;
  readonly heartbeatMs: number;
  readonly queue: QueueLimits;
  /** How often series are looked at for Watch; for tests. */
  readonly lookMs?: number;
}

/** The calls of tickwell.query.v1.QualityService that say how sources and series are. */
export class Monitoring {
  readonly #book: FreshnessBook;
  readonly #freshness: FreshnessCalls;
  readonly #findings: FindingCalls;
  readonly #sources: SourceCalls;
  readonly #hub: QualityHub;
  readonly #watch: WatchCalls;
  readonly #parts: MonitoringParts;
  #unobserve: (() => void) | undefined;

  constructor(parts: MonitoringParts) {
    const { reader, calendars, coverage, storedAt, nowNs } = parts;
    this.#parts = parts;
    const { quality, deadLetters } = reader;
    const nowMs = (): number => performance.now();
    this.#book = new FreshnessBook({ reader: quality, coverage, nowMs, maxSeries: MAX_SERIES });
    const states = new SourceStates(quality, nowMs);
    this.#freshness = new FreshnessCalls({ book: this.#book, states, calendars, storedAt, nowNs });
    this.#findings = new FindingCalls({ findings: quality, letters: deadLetters });
    const completeness = new CompletenessReader(quality, calendars);
    this.#sources = new SourceCalls({
      reader: quality,
      states,
      freshness: this.#freshness,
      completeness,
      nowNs,
    });
    this.#hub = new QualityHub(parts);
    const watched = { hub: this.#hub, reader: quality, freshness: this.#freshness };
    const state = new QualityState({ ...parts, ...watched });
    this.#watch = new WatchCalls({ ...parts, ...watched, state });
  }

  /** Follows the log; resolves once it is positioned. From then on metrics tell of sources. */
  async start(): Promise<void> {
    await this.#hub.start();
    this.#unobserve = observeSources({ ...this.#parts, sources: this.#sources });
  }

  /** Rejects when following fails for good; resolves after {@link stop}. */
  get done(): Promise<void> {
    return this.#hub.done;
  }

  stop(): Promise<void> {
    this.#unobserve?.();
    return this.#hub.stop();
  }

  /** Every new record of the tail. */
  observe(record: MarketRecord): void {
    this.#book.observe(record);
  }

  getFreshness(
    request: queryV1.GetFreshnessRequest,
    call: CallSignal,
  ): Promise<queryV1.GetFreshnessResponse> {
    return this.#freshness.getFreshness(request, call);
  }

  listFindings(request: queryV1.ListFindingsRequest): Promise<queryV1.ListFindingsResponse> {
    return this.#findings.listFindings(request);
  }

  getSourceStatus(
    request: queryV1.GetSourceStatusRequest,
    call: CallSignal,
  ): Promise<queryV1.GetSourceStatusResponse> {
    return this.#sources.getSourceStatus(request, call);
  }

  watch(
    request: queryV1.QualityServiceWatchRequest,
    call: CallSignal,
  ): AsyncGenerator<queryV1.QualityServiceWatchResponse | Uint8Array> {
    return this.#watch.watch(request, call);
  }
}

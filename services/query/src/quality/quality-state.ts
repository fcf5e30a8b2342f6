import type { Logger, QualityReader, StoredStatus } from '@tickwell/ports';
import { errorMessage } from '@tickwell/domain';
import type { FreshnessState } from './freshness.ts';
import type { FreshnessCalls, JudgedSeries } from './freshness-calls.ts';
import type { QualityHub, WatchedEvent } from './quality-hub.ts';
import { sourceNow, type SourceNow } from './source-timeline.ts';

/** Looks at all series this often, and for at most a tenth of the time. */
const LOOK_MS = 5_000;
const LOOK_SHARE = 10;
const MAX_STREAMS = 100_000;

export type QualityChange =
  | Extract<WatchedEvent, { readonly kind: 'finding' }>
  | { readonly kind: 'source'; readonly source: string; readonly now: SourceNow }
  | { readonly kind: 'freshness'; readonly series: JudgedSeries };

export interface QualityStateParts {
  readonly hub: Pick<QualityHub, 'listen'>;
  readonly reader: Pick<QualityReader, 'newestStatuses'>;
  readonly freshness: Pick<FreshnessCalls, 'judge'>;
  readonly logger: Logger;
  readonly nowNs: () => bigint;
  /** For tests; 5 seconds unless given. */
  readonly lookMs?: number;
}

type Listener = (change: QualityChange) => void;

/** What sources and series are, compared with what they were: computed once for all who watch, and not at all while nobody does. */
export class QualityState {
  readonly #parts: QualityStateParts;
  readonly #listeners = new Set<Listener>();
  #running: Running | undefined;

  constructor(parts: QualityStateParts) {
    this.#parts = parts;
  }

  /** From now on the listener hears of changes; the returned function ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#running ??= new Running(this.#parts, (change) => {
      for (const one of this.#listeners) one(change);
    });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#running?.stop();
      this.#running = undefined;
    };
  }

  /** What there is, once it is known; only while somebody listens. */
  async now(): Promise<{
    readonly sources: ReadonlyMap<string, SourceNow>;
    readonly series: readonly JudgedSeries[];
  }> {
    const running = this.#running;
    if (running === undefined) return { sources: new Map(), series: [] };
    await running.ready;
    return { sources: running.sources, series: running.series };
  }
}

class Running {
  readonly ready: Promise<void>;
  sources: ReadonlyMap<string, SourceNow> = new Map();
  series: readonly JudgedSeries[] = [];
  readonly #parts: QualityStateParts;
  readonly #tell: Listener;
  readonly #unlisten: () => void;
  readonly #statuses = new Map<string, Map<string, StoredStatus>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: QualityStateParts, tell: Listener) {
    this.#parts = parts;
    this.#tell = tell;
    this.#unlisten = parts.hub.listen((event) => {
      this.#take(event);
    });
    this.ready = this.#start();
    // Whoever asks what there is gets the error.
    this.ready.catch(() => undefined);
  }

  stop(): void {
    this.#unlisten();
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #start(): Promise<void> {
    for (const status of await this.#parts.reader.newestStatuses({ limit: MAX_STREAMS })) this.#keep(status);
    await this.#look(false);
    this.#schedule(0);
  }

  #schedule(afterMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(
      () => {
        const startMs = performance.now();
        this.#look(true)
          .catch((error: unknown) => {
            if (!this.#stop.signal.aborted)
              this.#parts.logger.warn({ err: error }, `series are not judged: ${errorMessage(error)}`);
          })
          .finally(() => {
            this.#schedule((performance.now() - startMs) * LOOK_SHARE);
          });
      },
      Math.max(this.#parts.lookMs ?? LOOK_MS, afterMs),
    );
  }

  #take(event: WatchedEvent): void {
    if (event.kind === 'finding') {
      this.#tell(event);
      return;
    }
    this.#keep(event.status);
    this.#judgeSources([event.status.source], true);
  }

  #keep(status: StoredStatus): void {
    const streams = this.#statuses.get(status.source) ?? new Map<string, StoredStatus>();
    const known = streams.get(status.stream);
    if (known !== undefined && known.timeNs > status.timeNs) return;
    this.#statuses.set(status.source, streams.set(status.stream, status));
  }

  async #look(tell: boolean): Promise<void> {
    const { freshness, nowNs } = this.#parts;
    const before = new Map<string, FreshnessState>(
      this.series.map(({ entry, freshness: was }) => [entry.key, was.state]),
    );
    const series = await freshness.judge({}, nowNs(), this.#stop.signal);
    this.series = series;
    if (tell)
      for (const one of series)
        if (before.get(one.entry.key) !== one.freshness.state) this.#tell({ kind: 'freshness', series: one });
    // A source that is silent tells by nothing but the clock.
    this.#judgeSources([...this.#statuses.keys()], tell);
  }

  #judgeSources(names: readonly string[], tell: boolean): void {
    const nowNs = this.#parts.nowNs();
    const sources = new Map(this.sources);
    for (const source of names) {
      const statuses = [...(this.#statuses.get(source)?.values() ?? [])];
      statuses.sort((a, b) => (a.timeNs < b.timeNs ? 1 : -1));
      const now = sourceNow(statuses, nowNs);
      const was = sources.get(source);
      sources.set(source, now);
      if (tell && (was?.state !== now.state || was?.reason !== now.reason))
        this.#tell({ kind: 'source', source, now });
    }
    this.sources = sources;
  }
}

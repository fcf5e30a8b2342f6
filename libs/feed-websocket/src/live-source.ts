import { createHash } from 'node:crypto';
import { TickwellError } from '@tickwell/domain';
import {
  LiveQueue,
  logLiveReport,
  type Clock,
  type EventSource,
  type FeedItem,
  type LiveReport,
  type Logger,
} from '@tickwell/ports';
import type { Channel, Series, WebsocketDefinition } from './definition.ts';
import { FeedSession, type SessionParts } from './feed-session.ts';
import { topicText } from './outgoing.ts';
import type { Topic } from './requests.ts';
import type { Secrets } from './secrets.ts';
import type { OpenSocket } from './socket.ts';

/** An instrument of a feed. */
export interface FeedInstrument {
  readonly symbol: string;
  /** As the feed calls it in its messages. */
  readonly ticker: string;
}

/** Time (ns since the epoch) of the last event of a series that is stored, the start of a bar; undefined: there is none. */
export type LastStored = (
  source: string,
  of: { readonly symbol: string; readonly series: Series; readonly interval: string },
) => Promise<bigint | undefined>;

/** What a live session of a source tells beside its events. */
export type OnReport = (source: string, report: LiveReport) => void;

export interface WebsocketSourceOptions {
  readonly definition: WebsocketDefinition;
  readonly secrets: Secrets;
  readonly instruments: readonly FeedInstrument[];
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly open: OpenSocket;
  readonly random: () => number;
  readonly lastStored?: LastStored | undefined;
  readonly onReport?: OnReport | undefined;
  /** Events that wait for the reader before the feed is slowed down. */
  readonly maxQueued: number;
}

/** Questions to the store at a time. */
const PARALLEL_QUESTIONS = 16;

/**
 * A live session of many instruments of a feed as one stream. Its identity is its start; positions count its events. A feed has no history:
 * what is missed stays a hole, told with its time.
 */
export class WebsocketSource implements EventSource {
  readonly streamId: string;
  readonly source: string;
  readonly description: string;
  readonly isLive = true;
  readonly #options: WebsocketSourceOptions;
  readonly #end = new AbortController();

  constructor(options: WebsocketSourceOptions) {
    const { definition, instruments, channels, clock } = options;
    const what = JSON.stringify([instruments, channels]);
    const hash = createHash('sha256').update(what).digest('hex').slice(0, 8);
    this.source = definition.name;
    this.streamId = `${this.source}:live:${clock.nowNs() / 1_000_000n}:${hash}`;
    const symbols = instruments.map(({ symbol }) => symbol).join(', ');
    this.description = `${this.source} live ${symbols}`.slice(0, 200);
    this.#options = options;
  }

  async *read(options: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const { definition, clock, logger, onReport, secrets } = this.#options;
    const over = new AbortController();
    const signal = AbortSignal.any([options.signal, this.#end.signal, over.signal]);
    let failure: TickwellError | undefined;
    const topics = topicsOf(definition, this.#options);
    const stored = await this.#storedUntil(topics);
    const queue = new LiveQueue({
      high: this.#options.maxQueued,
      position: options.afterPosition,
      signal,
      onFull: () => {
        session.pause();
      },
      onRoom: () => {
        session.resume();
      },
    });
    const parts: SessionParts = {
      ...this.#options,
      topics,
      queue,
      stored,
      report: (report) => {
        onReport?.(this.source, hidden(report, secrets));
        logLiveReport(logger, this.source, hidden(report, secrets));
      },
      onFailed: (error) => {
        failure ??= new TickwellError(error.code, secrets.hide(error.message), {
          retryable: error.retryable,
        });
        over.abort();
      },
      nowNs: () => clock.nowNs(),
    };
    const session = new FeedSession(parts);
    const running = session.run(signal);
    // A fault of the program ends the session, and is thrown where it is waited for.
    running.catch(() => {
      over.abort();
    });
    try {
      while (!signal.aborted) {
        await queue.filled();
        yield* queue.take();
      }
      await running;
      yield* queue.take();
    } finally {
      over.abort();
      await running;
    }
    if (failure !== undefined) throw failure;
  }

  close(): Promise<void> {
    this.#end.abort();
    return Promise.resolve();
  }

  /** Where each series went on to be stored before this session. */
  async #storedUntil(topics: readonly Topic[]): Promise<ReadonlyMap<Topic, bigint>> {
    const { lastStored } = this.#options;
    const stored = new Map<Topic, bigint>();
    if (lastStored === undefined) return stored;
    const waiting = [...topics];
    const ask = async (): Promise<void> => {
      for (let topic = waiting.shift(); topic !== undefined; topic = waiting.shift()) {
        const timeNs = await lastStored(this.source, topic);
        if (timeNs !== undefined) stored.set(topic, timeNs);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_QUESTIONS }, ask));
    return stored;
  }
}

function hidden(report: LiveReport, secrets: Secrets): LiveReport {
  switch (report.kind) {
    case 'hole':
    case 'refused':
      return { ...report, reason: secrets.hide(report.reason) };
    case 'connection':
      return { ...report, state: secrets.hide(report.state) };
  }
}

/** Every channel of every instrument. */
function topicsOf(
  definition: WebsocketDefinition,
  { instruments, channels }: Pick<WebsocketSourceOptions, 'instruments' | 'channels'>,
): readonly Topic[] {
  return channels.flatMap(({ series, name, interval }) =>
    instruments.map(({ symbol, ticker }) => ({
      text: topicText(definition.subscribe.topic, ticker, name),
      channel: name,
      ticker,
      symbol,
      series,
      interval,
    })),
  );
}

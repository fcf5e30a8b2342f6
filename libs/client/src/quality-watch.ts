import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import type { Channel } from '@tickwell/grpc';
import { callConfig } from './call-options.ts';
import { SEVERITIES, findingOf, type Finding, type FindingSeverity } from './finding.ts';
import { seriesFreshness, type SeriesFreshness } from './freshness.ts';
import { backOff, mayRetry, type RetryOptions } from './retry.ts';
import { sourceState, type SourceState } from './source-report.ts';

export type QualityTopic = 'findings' | 'sources' | 'freshness';

export interface QualityWatchOptions {
  /** Left out: all. */
  readonly topics?: readonly QualityTopic[];
  /** Of findings and freshness; at most 10,000. Left out: all. */
  readonly symbols?: readonly string[];
  readonly source?: string;
  /** Of findings. Left out: all. */
  readonly severities?: readonly FindingSeverity[];
  /** So many of the newest findings are told first; at most 1,000. */
  readonly history?: number;
  /** `position` of an earlier watch: the findings after it. */
  readonly after?: QualityPosition;
  readonly signal?: AbortSignal;
}

/** The next offset of each partition by "topic/partition", with the id of the topic. */
export type QualityPosition = ReadonlyMap<string, PartitionPlace>;

export interface PartitionPlace {
  readonly topic: string;
  readonly epoch: string;
  readonly partition: number;
  readonly nextOffset: bigint;
}

export interface SourceChange {
  readonly source: string;
  readonly state: SourceState;
  readonly reason: string;
  readonly reportedAtNs: bigint;
  /** It says up, but has said nothing for too long. */
  readonly silent: boolean;
}

/** `current` comes once: what there was has been told. */
export type QualityEvent =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'source'; readonly source: SourceChange }
  | { readonly kind: 'freshness'; readonly series: SeriesFreshness }
  | { readonly kind: 'current' };

const TOPICS: Readonly<Record<QualityTopic, queryV1.QualityTopic>> = {
  findings: queryV1.QualityTopic.FINDINGS,
  sources: queryV1.QualityTopic.SOURCES,
  freshness: queryV1.QualityTopic.FRESHNESS,
};

/** Changes of quality, over broken connections. */
export class QualityWatch implements AsyncIterable<QualityEvent> {
  readonly #channel: Channel;
  readonly #retry: RetryOptions;
  readonly #options: QualityWatchOptions;
  #position: Map<string, PartitionPlace>;
  #toldCurrent = false;

  /** @internal */
  constructor(channel: Channel, retry: RetryOptions, options: QualityWatchOptions) {
    this.#channel = channel;
    this.#retry = retry;
    this.#options = options;
    this.#position = new Map(options.after);
  }

  /** After the last event that was handed out; empty before `current`. */
  get position(): QualityPosition {
    return new Map(this.#position);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<QualityEvent> {
    const { signal } = this.#options;
    for (let attempt = 0; signal?.aborted !== true; attempt += 1) {
      try {
        for await (const event of this.#once()) {
          attempt = 0;
          yield event;
        }
      } catch (error) {
        if (this.#isAborted()) return;
        if (!mayRetry(error, signal) || attempt + 1 >= this.#retry.maxAttempts) throw error;
      }
      await backOff(this.#retry, attempt, signal);
    }
  }

  async *#once(): AsyncGenerator<QualityEvent> {
    const { signal } = this.#options;
    const messages = this.#channel.stream(
      queryV1.QualityService.method.watch,
      this.#request(),
      callConfig(signal === undefined ? {} : { signal }),
    );
    for await (const { position, message } of messages) {
      const event = eventOf(message);
      // Complete from the marker on; before it a broken connection begins anew.
      if (this.#position.size > 0 || event?.kind === 'current')
        for (const one of position?.partitions ?? [])
          this.#position.set(`${one.topic}/${one.partition}`, one);
      if (event === undefined || (event.kind === 'current' && this.#toldCurrent)) continue;
      if (event.kind === 'current') this.#toldCurrent = true;
      yield event;
    }
  }

  #request(): queryV1.QualityServiceWatchRequest {
    const { topics = [], symbols = [], source = '', severities = [], history = 0 } = this.#options;
    return create(queryV1.QualityServiceWatchRequestSchema, {
      topics: topics.map((topic) => TOPICS[topic]),
      symbols: [...symbols],
      source,
      severities: severities.map((severity) => SEVERITIES[severity]),
      history: this.#position.size === 0 ? history : 0,
      ...(this.#position.size === 0 ? {} : { after: { partitions: [...this.#position.values()] } }),
    });
  }

  /** Asked anew: after one look the compiler takes a property for settled. */
  #isAborted(): boolean {
    return this.#options.signal?.aborted === true;
  }
}

/** Undefined: a heartbeat. */
function eventOf(message: queryV1.QualityServiceWatchResponse['message']): QualityEvent | undefined {
  switch (message.case) {
    case 'finding':
      return { kind: 'finding', finding: findingOf(message.value) };
    case 'freshness':
      return { kind: 'freshness', series: seriesFreshness(message.value) };
    case 'source': {
      const { source, state, reason, reportedAtNs, silent } = message.value;
      return { kind: 'source', source: { source, state: sourceState(state), reason, reportedAtNs, silent } };
    }
    case 'current':
      return { kind: 'current' };
    case 'heartbeat':
    case undefined:
      return undefined;
  }
}

import { TickwellError, errorMessage } from '@tickwell/domain';
import type { LogTail, TailOptions, TopicDescription, TopicPartition } from '@tickwell/ports';
import { ClusterConnection } from './connection.ts';
import { describeTopics } from './describe.ts';
import { isTransient, unreachable } from './errors.ts';
import { FetchLoop } from './fetch-loop.ts';
import type { KafkaSettings } from './options.ts';
import { pause } from './pause.ts';

const RETRY_MS = 200;

/**
 * A reader of whole topics. It takes its positions from the log itself and fetches from there: there is no group, so nothing is shared,
 * committed, rebalanced or left behind, and it is positioned as soon as the offsets are known.
 */
export class KafkaTail implements LogTail {
  readonly done: Promise<void>;
  readonly #settings: KafkaSettings;
  readonly #options: TailOptions;
  readonly #connection: ClusterConnection;
  readonly #stopping = new AbortController();
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
  #positions: readonly (TopicPartition & { readonly nextOffset: bigint })[] = [];
  #loop: FetchLoop | undefined;

  constructor(settings: KafkaSettings, options: TailOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#connection = new ClusterConnection(settings);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.done = promise;
    // A failure also reaches whoever looks at `done` only later.
    this.done.catch(() => undefined);
    this.#settle = {
      resolve: () => {
        resolve(undefined);
      },
      reject,
    };
  }

  async start(): Promise<void> {
    if (this.#loop !== undefined || this.#stopping.signal.aborted) {
      throw new TickwellError('tail-used', 'A tail starts once; create another');
    }
    const descriptions = await this.#describe();
    const { from, onRecords } = this.#options;
    const sources = descriptions.flatMap(({ topic, epoch, partitions }) =>
      partitions.map(({ partition, beginOffset, endOffset }) => ({
        topic,
        partition,
        epoch,
        fromOffset: from === 'earliest' ? beginOffset : endOffset,
        handler: onRecords,
      })),
    );
    this.#positions = sources.map(({ topic, partition, fromOffset }) => ({
      topic,
      partition,
      nextOffset: fromOffset,
    }));
    const loop = new FetchLoop(this.#settings, this.#connection, sources);
    this.#loop = loop;
    loop.failed.catch((error: unknown) =>
      this.#end(() => {
        this.#settle.reject(error);
      }),
    );
    loop.start();
  }

  startPositions(): readonly (TopicPartition & { readonly nextOffset: bigint })[] {
    return this.#positions;
  }

  async stop(): Promise<void> {
    await this.#end(this.#settle.resolve);
  }

  async #end(settle: () => void): Promise<void> {
    this.#stopping.abort();
    await this.#loop?.stop();
    await this.#connection.close();
    settle();
  }

  async #describe(): Promise<TopicDescription[]> {
    const startedMs = performance.now();
    for (;;) {
      try {
        return await describeTopics(this.#connection, this.#options.topics);
      } catch (error) {
        if (!isTransient(error) || this.#stopping.signal.aborted) throw error;
        if (performance.now() - startedMs > this.#settings.unreachableTimeoutMs) {
          throw unreachable(this.#settings.brokers, error);
        }
        this.#settings.logger.debug({ error: errorMessage(error) }, 'Positioning the tail again');
        await pause(RETRY_MS, this.#stopping.signal);
      }
    }
  }
}

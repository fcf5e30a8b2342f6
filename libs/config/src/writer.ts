import { randomUUID } from 'node:crypto';
import { TOPICS } from '@tickwell/contracts';
import { TickwellError, errorMessage } from '@tickwell/domain';
import type { EventLog, EventSink } from '@tickwell/ports';
import type { ConfigReader } from './reader.ts';
import { recordOf } from './record.ts';
import type { ChangeOutcome, ConfigChange } from './state.ts';

export interface ConfigWriterOptions {
  readonly log: EventLog;
  /** Must be started. */
  readonly reader: ConfigReader;
  readonly nowNs: () => bigint;
  /** How long a write may take until it has been read back; 15,000 unless given. */
  readonly timeoutMs?: number;
  /** For tests; `config` unless given. */
  readonly topic?: string;
}

const TIMEOUT_MS = 15_000;

/** Writes changes to the log and tells what became of them, as the reader saw it. */
export class ConfigWriter {
  readonly #options: ConfigWriterOptions;
  #sink: Promise<EventSink> | undefined;

  constructor(options: ConfigWriterOptions) {
    this.#options = options;
  }

  /** Rejects with `unavailable` where the log did not answer in time: the change may be in it or not. */
  async write(change: Omit<ConfigChange, 'writeId' | 'writtenAtNs'>): Promise<ChangeOutcome> {
    const { reader, nowNs, topic = TOPICS.config.name } = this.#options;
    const writeId = randomUUID();
    const record = recordOf({ ...change, writeId, writtenAtNs: nowNs() }, topic);
    const expected = reader.expectWrite(writeId);
    const timer = Promise.withResolvers<never>();
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const timeout = setTimeout(() => {
      timer.reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      const written = this.#send(record).then(() => expected.outcome);
      return await Promise.race([reader.orEnded(written), timer.promise]);
    } catch (cause) {
      throw new TickwellError(
        'unavailable',
        `${change.kind} ${change.id}: it is not known whether the change was written (${errorMessage(cause)}): read it, and repeat the change if it is missing`,
        { cause, retryable: true },
      );
    } finally {
      clearTimeout(timeout);
      expected.forget();
    }
  }

  async close(): Promise<void> {
    const sink = await this.#sink?.catch(() => undefined);
    await sink?.close();
  }

  async #send(record: ReturnType<typeof recordOf>): Promise<void> {
    const sink = (this.#sink ??= this.#options.log.createSink({ name: 'config' }));
    try {
      await (await sink).send([record]);
    } catch (error) {
      // A broken sink stays broken; the next write opens another.
      if (this.#sink === sink) this.#sink = undefined;
      throw error;
    }
  }
}

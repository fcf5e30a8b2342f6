import { events, parseMessage, TOPICS } from '@tickwell/contracts';
import type { EventLog } from '@tickwell/ports';

/** Ids that are remembered; an older one is written again at most once, and counts once all the same. */
const MAX_IDS = 100_000;

/** Requests that are in the log already. */
export class AskedRequests {
  readonly #ids = new Set<string>();

  static async read(log: EventLog, signal: AbortSignal): Promise<AskedRequests> {
    const asked = new AskedRequests();
    const topic = TOPICS.ingestRequests.name;
    for (const { partition, beginOffset, endOffset } of (await log.describeTopic(topic)).partitions) {
      const range = { topic, partition, fromOffset: beginOffset, toOffset: endOffset, signal };
      for await (const records of log.readRange(range))
        for (const { value } of records) {
          const parsed = value === null ? undefined : parseMessage(events.IngestRequestSchema, value);
          if (parsed?.ok === true) asked.add(parsed.value.requestId);
        }
    }
    return asked;
  }

  /** False: it is there. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MAX_IDS && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}

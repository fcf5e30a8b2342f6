import { events, parseMessage, TOPICS } from '@tickwell/contracts';
import type { EventLog } from '@tickwell/ports';

/** Ids of requests that somebody has answered: the answers are steps of holes, and in the log before a request counts as done. */
export async function* answeredRequests(log: EventLog, signal: AbortSignal): AsyncGenerator<string> {
  const topic = TOPICS.rawHoles.name;
  for (const { partition, beginOffset, endOffset } of (await log.describeTopic(topic)).partitions) {
    const range = { topic, partition, fromOffset: beginOffset, toOffset: endOffset, signal };
    for await (const records of log.readRange(range))
      for (const { value } of records) {
        const id = value === null ? undefined : answeredBy(value);
        if (id !== undefined) yield id;
      }
  }
}

/** Undefined: it is no hole, or nobody was asked or has answered. */
function answeredBy(value: Uint8Array): string | undefined {
  const parsed = parseMessage(events.HoleSchema, value);
  const request = parsed.ok ? parsed.value.request : undefined;
  return request === undefined || request.answeredAtNs === 0n ? undefined : request.requestId;
}

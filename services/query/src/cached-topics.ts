import type { EventLog, TopicDescription } from '@tickwell/ports';

/**
 * A log whose topic descriptions are shared by all who ask within a moment: a thousand clients that reconnect at once cost the
 * brokers one question. What a description says may be so old and still be used: offsets only grow.
 */
export function cacheDescriptions(log: EventLog, maxAgeMs: number, nowMs: () => number): EventLog {
  const cache = new Map<string, { readonly atMs: number; readonly description: Promise<TopicDescription> }>();
  return {
    createSink: (options) => log.createSink(options),
    createConsumer: (options) => log.createConsumer(options),
    createTail: (options) => log.createTail(options),
    readRange: (range) => log.readRange(range),
    endOffsets: (topic) => log.endOffsets(topic),
    close: () => log.close(),
    describeTopic: (topic) => {
      const known = cache.get(topic);
      if (known !== undefined && nowMs() - known.atMs < maxAgeMs) return known.description;
      const description = log.describeTopic(topic);
      cache.set(topic, { atMs: nowMs(), description });
      // A failed question is asked again by the next who needs it.
      description.catch(() => cache.delete(topic));
      return description;
    },
  };
}

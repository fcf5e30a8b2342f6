import type { DecodeError } from '@tickwell/contracts';
import type { Logger, LogRecord } from '@tickwell/ports';

/**
 * Told of a record on a validated topic that cannot be read: only a foreign writer puts one there. The processors go on without it;
 * storage, which reads the same topics, counts it and files its dead letter, so that there is one.
 */
export type OnUnreadable = (record: LogRecord, error: DecodeError) => void;

/** Names each such record in the log. */
export function logUnreadable(logger: Logger): OnUnreadable {
  return ({ topic, partition, offset }, { rule, reason }) => {
    logger.warn(
      { topic, partition, offset: String(offset), rule },
      `${topic}/${partition} offset ${offset} is left out: ${reason} (${rule})`,
    );
  };
}

import type { Logger } from '@tickwell/ports';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface KafkaLogOptions {
  /** `host:port` each; the first that answers tells the others. */
  readonly brokers: readonly string[];
  /** Name in the broker's logs and quotas. */
  readonly clientId: string;
  readonly logger: Logger;
  /** Where to connect instead: how tests put a fault proxy between us and a broker, whatever address it advertises. */
  readonly redirect?: (broker: Endpoint) => Endpoint;
  /** How long one batch of a sink may be repeated before the sink breaks. Default 60,000. */
  readonly sendDeadlineMs?: number;
  /** How long a request may stay unanswered; a lost acknowledgement costs this long. Default 10,000. */
  readonly requestTimeoutMs?: number;
  /** A member of a group that is silent for so long is replaced. Default 10,000; the broker must allow it. */
  readonly sessionTimeoutMs?: number;
  /** How long members may take to finish and join again when a group changes. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** How long consumers and tails try to reach Kafka again before they fail. Default 60,000. */
  readonly unreachableTimeoutMs?: number;
  /** A partition with lag and no progress for so long fails its consumer or tail. Default 120,000. */
  readonly watchdogMs?: number;
  /** Most bytes of one partition in one answer. Default 2 MiB; a larger record is delivered still. */
  readonly maxPartitionFetchBytes?: number;
  /** Records of a partition wait for their handler up to so many bytes; then it is not fetched. Default 8 MiB. */
  readonly maxPendingBytes?: number;
  /** Records that wait in a sink, in bytes; beyond that `send` rejects with `sink-full`. Default 256 MiB. */
  readonly maxQueuedBytes?: number;
}

export type KafkaSettings = Required<Omit<KafkaLogOptions, 'redirect'>> & Pick<KafkaLogOptions, 'redirect'>;

const MIB = 1024 * 1024;

export function withDefaults(options: KafkaLogOptions): KafkaSettings {
  return Object.freeze({
    sendDeadlineMs: 60_000,
    requestTimeoutMs: 10_000,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    unreachableTimeoutMs: 60_000,
    watchdogMs: 120_000,
    maxPartitionFetchBytes: 2 * MIB,
    maxPendingBytes: 8 * MIB,
    maxQueuedBytes: 256 * MIB,
    ...options,
  });
}

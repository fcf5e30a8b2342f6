import { TickwellError, errorMessage } from '@tickwell/domain';

/** What an error of kafkajs or of a socket says, found along its chain of causes. */
export interface KafkaFault {
  /** Name of the protocol's error code, "" for others. */
  readonly type: string;
  /** Names of the error classes along the chain, outermost first. */
  readonly names: readonly string[];
}

const MAX_CAUSES = 8;

export function faultOf(error: unknown): KafkaFault {
  const names: string[] = [];
  let type = '';
  let current: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    names.push(current.name);
    if (type === '' && 'type' in current && typeof current.type === 'string') type = current.type;
    current = current.cause;
  }
  return { type, names };
}

/** An error code in an answer that this adapter decoded itself. */
class RefusedByKafka extends Error {
  override readonly name = 'RefusedByKafka';
  readonly type: string;

  constructor(message: string, type: string) {
    super(message);
    this.type = type;
  }
}

export function refusedByKafka(what: string, type: string): Error {
  return new RefusedByKafka(`Kafka did not take ${what}: ${type}`, type);
}

/** kafkajs gives errors of the transport these names; the connection is of no use after them. */
const CONNECTION_ERRORS = [
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
];

export function isConnectionFault(error: unknown): boolean {
  const { names } = faultOf(error);
  return names.some((name) => CONNECTION_ERRORS.includes(name)) || isHalfConnected(error);
}

/**
 * kafkajs takes a broker whose socket is open for connected, although nobody has learnt its API versions: either another caller is asking
 * just now, or the question timed out, and then it stays so for ever.
 */
export function isHalfConnected(error: unknown): boolean {
  return error instanceof Error && error.message === 'Broker not connected';
}

/** A broker that is starting, or no longer leads the partition: ask for metadata again, then repeat. */
const TRANSIENT_TYPES = [
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'BROKER_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
];

export function isTransient(error: unknown): boolean {
  if (error instanceof TickwellError) return error.retryable;
  return isConnectionFault(error) || TRANSIENT_TYPES.includes(faultOf(error).type);
}

/** The connection was thrown away by another of its users while this one waited. */
export function connectionLost(cause: unknown): TickwellError {
  return new TickwellError(
    'kafka-connection-lost',
    `The connection to Kafka was lost: ${errorMessage(cause)}`,
    {
      cause,
      retryable: true,
    },
  );
}

/** Kafka will never take such a batch: repeating it would only hide the reason. */
const NEVER_ACCEPTED = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
];

export function isNeverAccepted(error: unknown): boolean {
  return NEVER_ACCEPTED.includes(faultOf(error).type);
}

export function unreachable(brokers: readonly string[], cause: unknown): TickwellError {
  return new TickwellError(
    'kafka-unreachable',
    `Kafka does not answer at ${brokers.join(', ')} (${errorMessage(cause)}); start it (tickwell up) or correct TICKWELL_KAFKA_BROKERS`,
    { cause, retryable: true },
  );
}

export function topicMissing(topic: string, cause?: unknown): TickwellError {
  return new TickwellError(
    'topic-missing',
    `Kafka has no topic ${topic}; create the topics of the catalogue first (ensureTopics, or tickwell up)`,
    cause === undefined ? {} : { cause },
  );
}

/** Whatever kafkajs threw, as ours. */
export function toTickwellError(error: unknown, what: string): TickwellError {
  if (error instanceof TickwellError) return error;
  const { type } = faultOf(error);
  return new TickwellError(
    'kafka-failed',
    `${what}: ${type === '' ? '' : `${type}: `}${errorMessage(error)}`,
    {
      cause: error,
      retryable: isTransient(error),
    },
  );
}

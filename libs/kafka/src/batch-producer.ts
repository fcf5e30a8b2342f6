import type { NewRecord, TopicPartition } from '@tickwell/ports';
import { refusedByKafka } from './errors.ts';
import { errorName } from './protocol/error-codes.ts';
import type { PartitionBatch, ProducedPartition, ProducerIdentity } from './protocol/produce.ts';

/** What the producer needs of a cluster. Rejections are faults of the connection. */
export interface ProduceTransport {
  identify(): Promise<ProducerIdentity>;
  /** Node id of each partition's leader; -1 while there is none. */
  leaders(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  produce(nodeId: number, batches: readonly PartitionBatch[]): Promise<readonly ProducedPartition[]>;
}

/** Records of one partition that still have to become durable. */
export interface PendingBatch extends TopicPartition {
  readonly records: readonly NewRecord[];
  readonly sizes: readonly number[];
}

const NONE = 0;
/** The broker has this batch already, and forgot where: it is older than the last five. */
const DUPLICATE_SEQUENCE_NUMBER = 46;
/** The broker does not know this producer any more, or missed a batch of it: only a new identity helps. */
const LOST_IDENTITY = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'UNKNOWN_PRODUCER_ID',
  'PRODUCER_FENCED',
]);
const SEQUENCES = 2 ** 31;

export function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/**
 * An idempotent producer: every batch carries an identity and a sequence number of its partition, so that a repetition of one whose
 * acknowledgement was lost is recognised by the broker and not written again. Only who loses the identity (the broker forgot it) may write
 * a batch twice; readers know it by its cause. Call {@link attempt} again, with nothing newer, until nothing is pending.
 */
export class BatchProducer {
  readonly #transport: ProduceTransport;
  #identity: Promise<ProducerIdentity> | undefined;
  readonly #sequences = new Map<string, number>();
  #leaders = new Map<string, number>();

  constructor(transport: ProduceTransport) {
    this.#transport = transport;
  }

  /** Gets an identity, unless there is one. */
  async open(): Promise<void> {
    await this.#identify();
  }

  /** Sends what is pending, once; what became durable leaves the set. Rejects with the first failure of what is still pending. */
  async attempt(pending: Set<PendingBatch>): Promise<void> {
    const { producerId, producerEpoch } = await this.#identify();
    await this.#findLeaders(pending);
    const byLeader = new Map<number, PendingBatch[]>();
    for (const batch of pending) {
      const leader = this.#leaders.get(placeOf(batch)) ?? -1;
      if (leader < 0) throw this.#refused(batch, 'LEADER_NOT_AVAILABLE');
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch]);
    }
    const answers = await Promise.allSettled(
      [...byLeader].map(async ([leader, batches]) => {
        const identified = batches.map((batch) => {
          const baseSequence = this.#sequences.get(placeOf(batch)) ?? 0;
          return { ...batch, identity: { producerId, producerEpoch, baseSequence } };
        });
        this.#settle(batches, await this.#transport.produce(leader, identified), pending);
      }),
    );
    for (const answer of answers) {
      if (answer.status === 'fulfilled') continue;
      this.#leaders.clear();
      throw answer.reason;
    }
  }

  /** Takes what was acknowledged out of `pending`; throws the first refusal. */
  #settle(
    batches: readonly PendingBatch[],
    answers: readonly ProducedPartition[],
    pending: Set<PendingBatch>,
  ): void {
    const codes = new Map(answers.map((answer) => [placeOf(answer), answer.errorCode]));
    let refusal: { readonly batch: PendingBatch; readonly name: string } | undefined;
    for (const batch of batches) {
      const place = placeOf(batch);
      const code = codes.get(place);
      if (code === NONE || code === DUPLICATE_SEQUENCE_NUMBER) {
        const next = ((this.#sequences.get(place) ?? 0) + batch.records.length) % SEQUENCES;
        this.#sequences.set(place, next);
        pending.delete(batch);
      } else {
        refusal ??= { batch, name: code === undefined ? 'UNKNOWN_SERVER_ERROR' : errorName(code) };
      }
    }
    if (refusal === undefined) return;
    if (LOST_IDENTITY.has(refusal.name)) this.#forgetIdentity();
    throw this.#refused(refusal.batch, refusal.name);
  }

  #refused(batch: PendingBatch, name: string): Error {
    this.#leaders.delete(placeOf(batch));
    return refusedByKafka(`${batch.records.length} records of ${placeOf(batch)}`, name);
  }

  #forgetIdentity(): void {
    this.#identity = undefined;
    this.#sequences.clear();
  }

  async #identify(): Promise<ProducerIdentity> {
    this.#identity ??= this.#transport.identify().then((identity) => {
      if (identity.errorCode === NONE) return identity;
      throw refusedByKafka('an identity for a producer', errorName(identity.errorCode));
    });
    try {
      return await this.#identity;
    } catch (error) {
      this.#identity = undefined;
      throw error;
    }
  }

  async #findLeaders(pending: ReadonlySet<PendingBatch>): Promise<void> {
    const unknown = [...pending].filter((batch) => !this.#leaders.has(placeOf(batch)));
    if (unknown.length === 0) return;
    const topics = [...new Set(unknown.map(({ topic }) => topic))];
    this.#leaders = new Map([...this.#leaders, ...(await this.#transport.leaders(topics))]);
  }
}

import { describe, expect, it } from 'vitest';
import { BatchProducer, placeOf, type PendingBatch, type ProduceTransport } from './batch-producer.ts';
import { faultOf, isNeverAccepted, isTransient } from './errors.ts';
import { recordBytes } from './protocol/batch-writer.ts';
import type { PartitionBatch } from './protocol/produce.ts';

const OK = 0;
const NOT_LEADER = 6;
const MESSAGE_TOO_LARGE = 10;
const OUT_OF_ORDER = 45;
const DUPLICATE = 46;

type Answer = number | 'lost' | 'lost-after-write';

/** Two nodes: partition 0 is led by 10, partition 1 by 11. Writes what a broker would, and answers by script. */
class Cluster implements ProduceTransport {
  identities = 0;
  asked = 0;
  readonly written: string[] = [];
  /** Answers per place, in turn; then everything is taken. */
  readonly script = new Map<string, Answer[]>();
  leaderOf = new Map([
    ['t/0', 10],
    ['t/1', 11],
  ]);

  identify(): ReturnType<ProduceTransport['identify']> {
    this.identities += 1;
    return Promise.resolve({ errorCode: OK, producerId: BigInt(this.identities), producerEpoch: 0 });
  }

  leaders(): ReturnType<ProduceTransport['leaders']> {
    this.asked += 1;
    return Promise.resolve(this.leaderOf);
  }

  produce(nodeId: number, batches: readonly PartitionBatch[]): ReturnType<ProduceTransport['produce']> {
    const answers = batches.map((batch) => {
      expect(this.leaderOf.get(placeOf(batch))).toBe(nodeId);
      const answer = this.script.get(placeOf(batch))?.shift() ?? OK;
      const { producerId, baseSequence } = batch.identity;
      const keys = batch.records.map(({ key }) => key).join('');
      if (answer === OK || answer === 'lost-after-write')
        this.written.push(`${placeOf(batch)} ${producerId}:${baseSequence} ${keys}`);
      return { batch, answer };
    });
    if (answers.some(({ answer }) => typeof answer === 'string'))
      return Promise.reject(new Error('connection reset'));
    return Promise.resolve(
      answers.map(({ batch: { topic, partition }, answer }) => ({
        topic,
        partition,
        errorCode: Number(answer),
      })),
    );
  }
}

function pending(partition: number, keys: string): PendingBatch {
  const records = Array.from(keys, (key) => ({ topic: 't', key, value: null, headers: {} }));
  return { topic: 't', partition, records, sizes: records.map(recordBytes) };
}

async function refusal(attempt: Promise<void>): Promise<unknown> {
  return attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a batch producer', () => {
  it('counts sequence numbers per partition, and asks once for its identity and the leaders', async () => {
    const cluster = new Cluster();
    const producer = new BatchProducer(cluster);
    await producer.open();
    for (const keys of ['ab', 'cde']) {
      const batches = new Set([pending(0, keys), pending(1, 'x')]);
      await producer.attempt(batches);
      expect(batches.size).toBe(0);
    }
    expect(cluster.written).toEqual(['t/0 1:0 ab', 't/1 1:0 x', 't/0 1:2 cde', 't/1 1:1 x']);
    expect(cluster).toMatchObject({ identities: 1, asked: 1 });
  });

  it.each<[string, Answer[]]>([
    ['the acknowledgement was lost', ['lost-after-write', DUPLICATE]],
    ['the request was lost', ['lost', OK]],
  ])('repeats with the same numbers where %s, and only what is not acknowledged', async (_what, answers) => {
    const cluster = new Cluster();
    const producer = new BatchProducer(cluster);
    cluster.script.set('t/0', answers);
    const batches = new Set([pending(0, 'ab'), pending(1, 'x')]);
    await expect(producer.attempt(batches)).rejects.toThrow('connection reset');
    expect([...batches].map(placeOf)).toEqual(['t/0']);
    await producer.attempt(batches);
    await producer.attempt(new Set([pending(0, 'c')]));
    expect(cluster.written).toEqual(expect.arrayContaining(['t/0 1:0 ab', 't/1 1:0 x', 't/0 1:2 c']));
    expect(cluster.written).toHaveLength(3);
  });

  it('asks for leaders again after one has moved', async () => {
    const cluster = new Cluster();
    const producer = new BatchProducer(cluster);
    cluster.script.set('t/0', [NOT_LEADER]);
    const batches = new Set([pending(0, 'a')]);
    const error = await refusal(producer.attempt(batches));
    expect(isTransient(error)).toBe(true);
    cluster.leaderOf = new Map([['t/0', 12]]);
    await producer.attempt(batches);
    expect(cluster.written).toEqual(['t/0 1:0 a']);
  });

  it('waits for a leader where there is none', async () => {
    const cluster = new Cluster();
    cluster.leaderOf = new Map([['t/0', -1]]);
    const error = await refusal(new BatchProducer(cluster).attempt(new Set([pending(0, 'a')])));
    expect(faultOf(error).type).toBe('LEADER_NOT_AVAILABLE');
    expect(isTransient(error)).toBe(true);
  });

  it('begins anew under another identity when the broker lost the one it had', async () => {
    const cluster = new Cluster();
    const producer = new BatchProducer(cluster);
    await producer.attempt(new Set([pending(0, 'ab'), pending(1, 'x')]));
    cluster.script.set('t/0', [OUT_OF_ORDER]);
    const batches = new Set([pending(0, 'c')]);
    await expect(producer.attempt(batches)).rejects.toThrow('OUT_OF_ORDER_SEQUENCE_NUMBER');
    await producer.attempt(batches);
    await producer.attempt(new Set([pending(1, 'y')]));
    expect(cluster.written.slice(2)).toEqual(['t/0 2:0 c', 't/1 2:0 y']);
  });

  it('names what Kafka will never take', async () => {
    const cluster = new Cluster();
    cluster.script.set('t/0', [MESSAGE_TOO_LARGE]);
    const error = await refusal(new BatchProducer(cluster).attempt(new Set([pending(0, 'a')])));
    expect(isNeverAccepted(error)).toBe(true);
    expect(error).toMatchObject({ message: 'Kafka did not take 1 records of t/0: MESSAGE_TOO_LARGE' });
  });

  it('asks again for an identity that could not be given', async () => {
    const cluster = new Cluster();
    const refusing = {
      identify: () => Promise.resolve({ errorCode: 15, producerId: -1n, producerEpoch: -1 }),
      leaders: () => cluster.leaders(),
      produce: () => Promise.reject(new Error('unexpected')),
    };
    const producer = new BatchProducer(refusing);
    expect(isTransient(await refusal(producer.open()))).toBe(true);
    refusing.identify = () => cluster.identify();
    await producer.open();
    expect(cluster.identities).toBe(1);
  });
});

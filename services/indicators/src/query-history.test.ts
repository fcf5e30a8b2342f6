import { encodeMessage, events, TOPICS } from '@tickwell/contracts';
import { emptyBars } from '@tickwell/domain';
import { parseSpec } from '@tickwell/indicators';
import { MemoryLog } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { QueryHistory, type HistoryClient } from './query-history.ts';
import { ReadSlots } from './read-slots.ts';
import { StoreProgress } from './store-progress.ts';

const PARTITIONS = 2;
const { signal } = new AbortController();
const SERIES = { symbol: 'AAPL', source: 'yahoo', interval: '1h', priceType: 'mid' } as const;

function newLog(): MemoryLog {
  const names = [TOPICS.storeCommits.name, TOPICS.bars.name, TOPICS.indicators.name];
  return new MemoryLog({ topics: names.map((name) => ({ name, partitions: PARTITIONS })) });
}

async function commit(log: MemoryLog, topic: string, nextOffset: bigint, epoch?: string): Promise<void> {
  const known = await log.describeTopic(topic);
  const value = encodeMessage(events.StoreCommitSchema, {
    topic,
    partition: 1,
    epoch: epoch ?? known.epoch,
    nextOffset,
  });
  const sink = await log.createSink({ name: 'storage' });
  await sink.send([{ topic: TOPICS.storeCommits.name, key: `${topic}/1`, value, headers: {} }]);
}

describe('the store', () => {
  it('is waited for until it has a place, by commits of its epoch', async () => {
    const log = newLog();
    const progress = new StoreProgress(log.openProcess(), 60_000);
    await progress.start();
    const { epoch } = await log.describeTopic(TOPICS.bars.name);
    const place = { topic: TOPICS.bars.name, partition: 1, epoch, nextOffset: 5n };
    await progress.reached({ ...place, nextOffset: 0n }, signal);
    let isReached = false;
    const reached = progress.reached(place, signal).then(() => (isReached = true));
    await commit(log, TOPICS.bars.name, 9n, 'another');
    await commit(log, TOPICS.bars.name, 4n);
    await expect(new StoreProgress(log.openProcess(), 1).reached(place, signal)).rejects.toMatchObject({
      code: 'store-behind',
      retryable: true,
    });
    expect(isReached).toBe(false);
    await commit(log, TOPICS.bars.name, 5n);
    await reached;
    await progress.reached(place, signal);
    const stopping = new AbortController();
    const stopped = progress.reached({ ...place, nextOffset: 6n }, stopping.signal);
    stopping.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'stopped' });
    await progress.stop();
  });
});

describe('reads', () => {
  it('wait for their turn, and give it back', async () => {
    const slots = new ReadSlots(1);
    const first = await slots.take(signal);
    const leaving = new AbortController();
    const left = slots.take(leaving.signal);
    const order: string[] = [];
    const second = slots.take(signal).then((free) => {
      order.push('second');
      return free;
    });
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    order.push('first');
    first();
    (await second)();
    expect(order).toEqual(['first', 'second']);
    (await slots.take(signal))();
  });
});

describe('history', () => {
  const parsed = parseSpec('macd(2,4,3)');
  if (!parsed.ok) throw new Error('specification');
  const { spec } = parsed;

  function setUp(): { asked: object[]; history: QueryHistory; log: MemoryLog; progress: StoreProgress } {
    const asked: object[] = [];
    const client: HistoryClient = {
      bars: async function* (options) {
        asked.push(options);
        await Promise.resolve();
        yield { bars: { ...emptyBars(), startNs: [7n] }, knownAtNs: [9n] };
      },
      indicators: async function* (options) {
        asked.push(options);
        await Promise.resolve();
        const column = (name: string, value: number): { name: string; value: number[] } => ({
          name,
          value: [value],
        });
        const outputs = [column('signal', 2), column('histogram', 3), column('macd', 1)];
        yield { startNs: [7n], warm: [true], outputs };
      },
    };
    const log = newLog();
    const progress = new StoreProgress(log.openProcess(), 60_000);
    return { asked, log, progress, history: new QueryHistory(client, log, progress) };
  }

  it('is read of one series, with when each bar became known, and values that are stored', async () => {
    const { asked, history } = setUp();
    const found: (readonly bigint[])[] = [];
    for await (const { bars, knownAtNs } of history.bars(SERIES, { afterNs: null, throughNs: 7n, signal }))
      found.push(bars.startNs, knownAtNs);
    expect(found).toEqual([[7n], [9n]]);
    expect(asked[0]).toMatchObject({ ...SERIES, endNs: 8n });
    expect(asked[0]).not.toHaveProperty('startNs');
    const values = await history.values(SERIES, spec, { afterNs: 3n, throughNs: 7n, signal });
    expect([...values]).toEqual([[7n, { warm: true, values: [1, 2, 3] }]]);
    expect(asked[1]).toMatchObject({ ...SERIES, startNs: 4n, endNs: 8n, specId: spec.id, mode: 'stored' });
    expect(await history.hasValues(SERIES, spec, signal)).toBe(true);
    expect(asked[2]).toMatchObject({ limit: 1, mode: 'stored' });
  });

  it('is complete once the store has the bars below a place, and all indicators there are', async () => {
    const { history, log, progress } = setUp();
    await progress.start();
    const { epoch } = await log.describeTopic(TOPICS.bars.name);
    const sink = await log.createSink({ name: 'indicators' });
    const record = { topic: TOPICS.indicators.name, partition: 1, key: 'AAPL', value: null, headers: {} };
    await sink.send([record, record]);
    let isReached = false;
    const place = { topic: TOPICS.bars.name, partition: 1, epoch, nextOffset: 3n };
    const reached = history.reached(place, signal).then(() => (isReached = true));
    await commit(log, TOPICS.bars.name, 3n);
    await commit(log, TOPICS.indicators.name, 1n);
    expect(isReached).toBe(false);
    await commit(log, TOPICS.indicators.name, 2n);
    await reached;
    await progress.stop();
  });
});

import { describe, expect, it } from 'vitest';
import type { FeedItem } from './feed.ts';
import { queueOf, type ChunkMaker, type LiveQueue } from './live-queue.ts';

/** Enough turns for chains of promises to run dry. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

/** Chunks that carry their events as sizes of trades. */
function chunksOf(symbol: string): ChunkMaker<number> {
  return (events, positions) => ({
    kind: 'trades',
    symbol,
    priceBasis: 'raw',
    positions,
    trades: {
      timeNs: events.map(() => 0n),
      seq: events.map(() => 0n),
      price: events.map(() => 1),
      size: [...events],
      conditions: events.map(() => ''),
      venue: events.map(() => ''),
    },
  });
}

/** "A 1,2 @6,7": symbol, events, positions. */
function told(items: readonly FeedItem[]): string[] {
  return items.map((item) => {
    if (item.kind === 'progress') return `progress @${item.position}`;
    if (item.kind === 'refused') return `refused ${item.reason} @${item.position}`;
    if (item.kind !== 'trades') throw new Error(item.kind);
    return `${item.symbol} ${item.trades.size.join(',')} @${item.positions.join(',')}`;
  });
}

function queueWith(options: { readonly high?: number; readonly position?: bigint } = {}) {
  const calls: string[] = [];
  const end = new AbortController();
  const connection = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
  const { high = 100, position = 0n } = options;
  const queue = queueOf(connection, { high, position, signal: end.signal });
  return { queue, calls, end };
}

const refusal = (reason: string): Parameters<LiveQueue['refuse']>[0] => ({
  kind: 'refused',
  rule: 'ib-late',
  reason,
  symbol: 'A',
  original: Buffer.from(reason),
  originalSize: reason.length,
  originalSha256: '',
});

describe('what leaves the queue of a live session', () => {
  it('is one chunk a line, in the order in which lines began, with positions that go on from the last', () => {
    const { queue } = queueWith({ position: 5n });
    const [a, b] = [queue.line(chunksOf('A')), queue.line(chunksOf('B'))];
    b.add(1);
    a.add(2);
    b.add(3);
    expect(queue.size).toBe(3);
    expect(told(queue.take())).toEqual(['B 1,3 @6,7', 'A 2 @8', 'progress @8']);
    a.add(4);
    expect(told(queue.take())).toEqual(['A 4 @9', 'progress @9']);
    expect(queue.size).toBe(0);
  });

  it('is nothing where nothing came', () => {
    const { queue } = queueWith();
    expect(queue.take()).toEqual([]);
  });

  it('keeps the order of a sealed line among the others', () => {
    const { queue } = queueWith();
    const [trades, quotes] = [queue.line(chunksOf('T')), queue.line(chunksOf('Q'))];
    trades.add(1);
    quotes.add(1);
    // A new second: what comes now must not travel in a chunk before the other line's earlier events.
    for (const line of [trades, quotes]) line.seal();
    quotes.add(2);
    trades.add(2);
    trades.add(2);
    expect(told(queue.take())).toEqual(['T 1 @1', 'Q 1 @2', 'Q 2 @3', 'T 2,2 @4,5', 'progress @5']);
  });

  it('is not sealed again by a seal without events', () => {
    const { queue } = queueWith();
    const line = queue.line(chunksOf('A'));
    line.seal();
    line.seal();
    line.add(1);
    line.add(2);
    expect(told(queue.take())).toEqual(['A 1,2 @1,2', 'progress @2']);
  });

  it('does not change any more once it was taken', () => {
    const { queue } = queueWith();
    const line = queue.line(chunksOf('A'));
    line.add(1);
    const first = queue.take();
    line.add(2);
    expect(told(first)).toEqual(['A 1 @1', 'progress @1']);
    expect(told(queue.take())).toEqual(['A 2 @2', 'progress @2']);
  });

  it('has refusals behind the events, each with a position', () => {
    const { queue } = queueWith();
    queue.refuse(refusal('one'));
    queue.line(chunksOf('A')).add(1);
    queue.refuse(refusal('two'));
    expect(told(queue.take())).toEqual(['A 1 @1', 'refused one @2', 'refused two @3', 'progress @3']);
  });
});

describe('a full queue', () => {
  it('stops the sockets once at its high mark, and lets them go on when it is taken', () => {
    const { queue, calls } = queueWith({ high: 2 });
    const line = queue.line(chunksOf('A'));
    line.add(1);
    expect(calls).toEqual([]);
    line.add(2);
    line.add(3);
    expect(calls).toEqual(['pause']);
    queue.take();
    expect(calls).toEqual(['pause', 'resume']);
    line.add(4);
    queue.take();
    expect(calls).toEqual(['pause', 'resume']);
  });

  it('makes writers wait until it is taken', async () => {
    const { queue } = queueWith({ high: 1 });
    queue.line(chunksOf('A')).add(1);
    let wentOn = false;
    const waiting = queue.room().then(() => (wentOn = true));
    await settle();
    expect(wentOn).toBe(false);
    queue.take();
    await waiting;
    await queue.room();
  });

  it('does not leave the sockets stopped when the session ends: other jobs share them', async () => {
    const { queue, calls, end } = queueWith({ high: 1 });
    const line = queue.line(chunksOf('A'));
    line.add(1);
    const waiting = queue.room();
    end.abort();
    await waiting;
    expect(calls).toEqual(['pause', 'resume']);
    line.add(2);
    expect(calls).toEqual(['pause', 'resume']);
    // What came is still there for whoever drains it.
    expect(told(queue.take())).toEqual(['A 1,2 @1,2', 'progress @2']);
    expect(calls).toEqual(['pause', 'resume']);
  });
});

describe('the reader', () => {
  it('sleeps until something comes, and through a wake without anything', async () => {
    const { queue } = queueWith();
    let isFilled = false;
    const waiting = queue.filled().then(() => (isFilled = true));
    queue.wake();
    await settle();
    expect(isFilled).toBe(false);
    queue.line(chunksOf('A')).add(1);
    await waiting;
  });

  it('wakes when the session ends', async () => {
    const { queue, end } = queueWith();
    const waiting = queue.filled();
    end.abort();
    await waiting;
    expect(queue.take()).toEqual([]);
  });
});

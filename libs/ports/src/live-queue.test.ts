import { emptyTrades } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import type { FeedChunk } from './feed.ts';
import { LiveQueue, type ChunkMaker } from './live-queue.ts';

const chunks =
  (symbol: string): ChunkMaker<bigint> =>
  (seq, positions): FeedChunk => ({
    kind: 'trades',
    symbol,
    priceBasis: 'raw',
    trades: { ...emptyTrades(), seq: [...seq] },
    positions,
  });

function queueWith(high: number): {
  readonly queue: LiveQueue;
  readonly told: string[];
  readonly end: () => void;
} {
  const told: string[] = [];
  const over = new AbortController();
  const queue = new LiveQueue({
    high,
    position: 10n,
    signal: over.signal,
    onFull: () => told.push('full'),
    onRoom: () => told.push('room'),
  });
  const end = (): void => {
    over.abort();
  };
  return { queue, told, end };
}

const refusal = (bytes: number): Parameters<LiveQueue['refuse']>[0] => ({
  kind: 'refused',
  rule: 'r',
  reason: '',
  symbol: '',
  original: new Uint8Array(bytes),
  originalSize: bytes,
  originalSha256: '',
});

describe('a live queue', () => {
  it('numbers events as they leave, and ends each round with a safe place', () => {
    const { queue } = queueWith(100);
    const [a, b] = [queue.line(chunks('A')), queue.line(chunks('B'))];
    a.add(1n);
    b.add(2n);
    a.add(3n);
    a.seal();
    a.add(4n);
    queue.refuse(refusal(1));
    expect(queue.take()).toMatchObject([
      { symbol: 'A', trades: { seq: [1n, 3n] }, positions: [11n, 12n] },
      { symbol: 'B', trades: { seq: [2n] }, positions: [13n] },
      { symbol: 'A', trades: { seq: [4n] }, positions: [14n] },
      { kind: 'refused', position: 15n },
      { kind: 'progress', position: 15n },
    ]);
    expect(queue.take()).toEqual([]);
    a.add(5n);
    expect(queue.take()).toMatchObject([{ positions: [16n] }, { position: 16n }]);
  });

  it('says when it is full and when it has room, once each', async () => {
    const { queue, told } = queueWith(2);
    const line = queue.line(chunks('A'));
    for (const seq of [1n, 2n, 3n]) line.add(seq);
    expect(told).toEqual(['full']);
    const room = queue.room();
    await queue.filled();
    queue.take();
    await room;
    expect(told).toEqual(['full', 'room']);
  });

  it('weighs refusals by their bytes, so that large ones do not fill the memory', () => {
    const { queue, told } = queueWith(100);
    queue.refuse(refusal(64 * 1024));
    expect(told).toEqual([]);
    queue.refuse(refusal(64 * 1024));
    expect(told).toEqual(['full']);
  });

  it('lets everybody go with its signal', async () => {
    const { queue, end } = queueWith(1);
    const waiting = queue.filled();
    queue.line(chunks('A')).add(1n);
    const room = queue.room();
    end();
    await waiting;
    await room;
    await queue.filled();
  });
});

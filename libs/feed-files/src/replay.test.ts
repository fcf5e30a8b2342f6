import type { Clock, EventSource, FeedItem } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { chunksOf, DAILY, eventsOf, file, items, refusalsOf, source, TRADES } from './fixtures/files.ts';
import { openReplay, type ReplayOptions } from './replay.ts';

const S = 1_000_000_000n;

/** Time that passes only in sleep. */
class FakeClock implements Clock {
  ms = 0;

  nowNs(): bigint {
    return BigInt(this.ms) * 1_000_000n;
  }

  monotonicMs(): number {
    return this.ms;
  }

  sleep(ms: number): Promise<void> {
    this.ms += ms;
    return Promise.resolve();
  }
}

function replay(options: Partial<ReplayOptions> & Pick<ReplayOptions, 'sources'>): EventSource {
  const opened = openReplay({
    dataset: 'demo',
    speed: 'max',
    startAtNs: 'original',
    clock: new FakeClock(),
    ...options,
  });
  if (!opened.ok) throw opened.error;
  return opened.value;
}

async function trades(symbol: string, rows: string): Promise<EventSource> {
  return source({ ...TRADES, symbol, path: file(`time,price\n${rows}`) });
}

describe('openReplay', () => {
  it('merges by event time, each source in its own order, under positions of its own', async () => {
    const a = await trades('A', '10,1\n30,2\n20,3\n50,4\n');
    const b = await trades('B', '10,5\nx,6\n40,7\n');
    const all = await items(replay({ sources: [a, b] }));
    expect(eventsOf(all).map((event) => event.split(' ').slice(0, 2).join(' '))).toEqual([
      '1 A',
      '2 B',
      '4 A',
      '5 A',
      '6 B',
      '7 A',
    ]);
    expect(refusalsOf(all)).toMatchObject([{ position: 3n, rule: 'bad-time' }]);
    expect(all.at(-1)).toEqual({ kind: 'progress', position: 7n });
  });

  it('resumes after any position with the same events', async () => {
    const a = await trades('A', '10,1\n11,1\n30,2\n50,4\n');
    const b = await source({
      ...DAILY,
      symbol: 'A',
      path: file('date,open,high,low,close\n1970-01-01,1,1,1,1\nx,1,1,1,1\n1970-01-02,1,1,1,1\n'),
    });
    const feed = replay({ sources: [a, b] });
    const whole = await items(feed);
    for (let after = 0; after <= 7; after++) {
      const above = (event: string): boolean => Number(event.split(' ')[0]) > after;
      expect(eventsOf(await items(feed, BigInt(after)))).toEqual(eventsOf(whole).filter(above));
    }
  });

  it('never lets chunks of one symbol overlap in positions, whatever their series', async () => {
    const ticks = await trades('A', Array.from({ length: 50 }, (_, index) => `${index * 60},1`).join('\n'));
    const bars = await source({
      ...DAILY,
      symbol: 'A',
      interval: '1m',
      path: file(
        `time,open,high,low,close\n${Array.from({ length: 50 }, (_, index) => `${index * 60},1,1,1,1`).join('\n')}`,
      ),
    });
    let last = 0n;
    for (const chunk of chunksOf(await items(replay({ sources: [ticks, bars] })))) {
      for (const position of chunk.positions) {
        expect(position > last).toBe(true);
        last = position;
      }
    }
    expect(last).toBe(100n);
  });

  it('waits as long as the events took, divided by the speed; a bar comes when it ends', async () => {
    const clock = new FakeClock();
    const a = await trades('A', '0,1\n10,2\n10,3\n');
    const bar = await source({
      ...DAILY,
      symbol: 'B',
      interval: '1m',
      path: file('time,open,high,low,close\n0,1,1,1,1\n'),
    });
    const seen: string[] = [];
    for await (const item of replay({ sources: [a, bar], speed: 2, clock }).read({
      afterPosition: 0n,
      signal: new AbortController().signal,
    })) {
      if (item.kind === 'trades' || item.kind === 'bars')
        seen.push(`${clock.ms} ms: ${item.symbol} ${item.positions.length}`);
    }
    expect(seen).toEqual(['0 ms: A 1', '5000 ms: A 2', '30000 ms: B 1']);
  });

  it('moves all times with the first; bars stay on their grid and daily ones on days', async () => {
    const a = await trades('A', '100,1\n160,2\n');
    const minute = await source({
      ...DAILY,
      symbol: 'B',
      interval: '1m',
      path: file('time,open,high,low,close\n120,1,1,1,1\n'),
    });
    const day = await source({
      ...DAILY,
      symbol: 'C',
      path: file('date,open,high,low,close\n1970-01-01,1,1,1,1\n'),
    });
    const startAtNs = 1_000_000_030n * S;
    const all = await items(replay({ sources: [a, minute, day], startAtNs }));
    const times = Object.fromEntries(
      chunksOf(all).map((chunk) => [
        chunk.symbol,
        chunk.kind === 'trades' ? chunk.trades.timeNs : chunk.kind === 'bars' ? chunk.bars.startNs : [],
      ]),
    );
    expect(times['A']?.at(0)).toBe(startAtNs);
    expect(times['B']?.at(0)).toBe(1_000_000_020n * S);
    expect((times['C']?.at(0) ?? 1n) % (86_400n * S)).toBe(0n);
    const daily = chunksOf(all).find((chunk) => chunk.symbol === 'C');
    expect(daily?.kind === 'bars' && daily.bars.sessionDate).toEqual([20_010_909]);
  });

  it('is the same stream for the same sources and start, and keeps the identity of one source at its own time', async () => {
    const a = await trades('A', '0,1\n');
    const b = await trades('B', '0,1\n');
    const shifted = replay({ sources: [a], startAtNs: S });
    expect(replay({ sources: [a], startAtNs: S, speed: 9 }).streamId).toBe(shifted.streamId);
    expect(replay({ sources: [a], startAtNs: 2n * S }).streamId).not.toBe(shifted.streamId);
    expect(shifted.source).toBe('replay:demo');
    expect(replay({ sources: [a] })).toMatchObject({ streamId: a.streamId, source: 'file:test' });
    expect(replay({ sources: [a, b] }).source).toBe('replay:demo');
  });

  it('stops while it waits', async () => {
    const abort = new AbortController();
    const clock: Clock = {
      nowNs: () => 0n,
      monotonicMs: () => 0,
      sleep: () => {
        abort.abort();
        return Promise.reject(new Error('aborted'));
      },
    };
    const feed = replay({ sources: [await trades('A', '0,1\n10,2\n')], speed: 1, clock });
    const all: FeedItem[] = [];
    for await (const item of feed.read({ afterPosition: 0n, signal: abort.signal })) all.push(item);
    expect(eventsOf(all)).toEqual([`2 A 0 0 1 0`]);
  });
});

import { describe, expect, it } from 'vitest';
import { fastClock } from './fast-clock.ts';
import { FakeClock } from './fixtures/fake-clock.ts';
import { ServerClock } from './server-clock.ts';

const EPOCH_SECONDS = 1_700_000_000;

describe('the clock of the Gateway', () => {
  it('goes on from its answers, the best of which counts', async () => {
    const clock = new FakeClock(EPOCH_SECONDS * 1000);
    const server = new ServerClock(clock);
    expect(server.nowSeconds()).toBe(EPOCH_SECONDS);
    server.sample(EPOCH_SECONDS + 100);
    await clock.advance(2500);
    expect(server.nowSeconds()).toBe(EPOCH_SECONDS + 102.5);
    server.sample(EPOCH_SECONDS + 102);
    expect(server.nowSeconds()).toBe(EPOCH_SECONDS + 102.5);
  });

  it('is never earlier than what happened, and not moved by what happened before', async () => {
    const clock = new FakeClock(EPOCH_SECONDS * 1000);
    const server = new ServerClock(clock);
    server.sample(EPOCH_SECONDS);
    await clock.advance(1000);
    server.atLeast(EPOCH_SECONDS + 60);
    expect(server.nowSeconds()).toBe(EPOCH_SECONDS + 60);
    server.atLeast(EPOCH_SECONDS + 30);
    await clock.advance(1000);
    expect(server.nowSeconds()).toBe(EPOCH_SECONDS + 61);
  });

  it('goes on without answers only so far', async () => {
    const clock = new FakeClock(EPOCH_SECONDS * 1000);
    const server = new ServerClock(clock, 500);
    server.sample(EPOCH_SECONDS);
    await clock.advance(60_000);
    expect(server.nowSeconds()).toBe(EPOCH_SECONDS + 0.5);
  });
});

describe('a fast clock', () => {
  it('runs so many times as fast from now on', async () => {
    const clock = new FakeClock(EPOCH_SECONDS * 1000);
    await clock.advance(5000);
    const fast = fastClock(clock, 100);
    const [startNs, startMs] = [fast.nowNs(), fast.monotonicMs()];
    expect(startNs).toBe(clock.nowNs());
    let isOver = false;
    const slept = fast.sleep(1000).then(() => (isOver = true));
    await clock.advance(9);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await slept;
    expect(fast.nowNs() - startNs).toBe(1_000_000_000n);
    expect(fast.monotonicMs() - startMs).toBe(1000);
  });
});

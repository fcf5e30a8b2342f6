import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HistoryPacing, MessageRate, longestDuration } from './judge.ts';
import { IB_LIMITS, LIMIT_SOURCES } from './limits.ts';

const SECOND = 1000;
let serial = 0;

/** A request unlike all others. */
function other(weight = 1) {
  serial += 1;
  return { identity: `request ${serial}`, family: `family ${serial}`, weight };
}

describe('60 requests in ten minutes', () => {
  test('the 61st is a violation', () => {
    const pacing = new HistoryPacing(IB_LIMITS);
    for (let n = 0; n < 60; n += 1) expect(pacing.judge(n, other())).toBeUndefined();
    expect(pacing.judge(61, other())).toBe('historicalPacing');
  });

  test('a request leaves the window after exactly ten minutes', () => {
    const pacing = new HistoryPacing(IB_LIMITS);
    for (let n = 0; n < 60; n += 1) pacing.judge(n * SECOND, other());
    expect(pacing.usedAt(600 * SECOND - 1)).toBe(60);
    expect(pacing.judge(600 * SECOND, other())).toBeUndefined();
    expect(pacing.judge(600 * SECOND, other())).toBe('historicalPacing');
  });

  test('BID_ASK counts twice', () => {
    const pacing = new HistoryPacing(IB_LIMITS);
    for (let n = 0; n < 30; n += 1) expect(pacing.judge(n, other(2))).toBeUndefined();
    expect(pacing.judge(31, other())).toBe('historicalPacing');
  });

  test('what is refused counts too', () => {
    const pacing = new HistoryPacing(IB_LIMITS);
    for (let n = 0; n < 120; n += 1) pacing.judge(0, other());
    expect(pacing.usedAt(599 * SECOND)).toBe(120);
    expect(pacing.judge(600 * SECOND, other())).toBeUndefined();
  });

  test('a client that keeps 60 in any ten minutes violates nothing, one that does not is caught', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 * SECOND }), { maxLength: 200 }), (gaps) => {
        const pacing = new HistoryPacing(IB_LIMITS);
        const times: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap;
          times.push(nowMs);
          const inWindow = times.filter((atMs) => nowMs - atMs < 600 * SECOND).length;
          expect(pacing.judge(nowMs, other())).toBe(inWindow > 60 ? 'historicalPacing' : undefined);
        }
      }),
    );
  });
});

describe('identical requests', () => {
  test('within 15 seconds are a violation, then not', () => {
    const pacing = new HistoryPacing(IB_LIMITS);
    const request = { identity: 'AAPL 1 D', family: 'AAPL TRADES', weight: 1 };
    expect(pacing.judge(0, request)).toBeUndefined();
    expect(pacing.judge(14_999, request)).toBe('identicalRequest');
    expect(pacing.judge(29_999, request)).toBeUndefined();
  });

  test('the time counts from the last one, refused or not', () => {
    const pacing = new HistoryPacing(IB_LIMITS);
    const request = { identity: 'AAPL 1 D', family: 'AAPL TRADES', weight: 1 };
    pacing.judge(0, request);
    pacing.judge(10_000, request);
    expect(pacing.judge(20_000, request)).toBe('identicalRequest');
  });
});

describe('the same contract, exchange and kind', () => {
  test('the sixth within two seconds is a violation', () => {
    const pacing = new HistoryPacing(IB_LIMITS);
    const ask = (atMs: number, n: number) =>
      pacing.judge(atMs, { identity: `${n}`, family: 'AAPL TRADES', weight: 1 });
    for (let n = 0; n < 5; n += 1) expect(ask(n * 100, n)).toBeUndefined();
    expect(pacing.judge(450, { identity: 'x', family: 'AAPL BID', weight: 1 })).toBeUndefined();
    expect(ask(500, 5)).toBe('sameContractBurst');
    expect(ask(2600, 6)).toBeUndefined();
  });
});

describe('tick by tick', () => {
  test('the same again within 15 seconds', () => {
    const pacing = new HistoryPacing(IB_LIMITS);
    expect(pacing.judgeTickByTick(0, 'AAPL Last')).toBe(false);
    expect(pacing.judgeTickByTick(1, 'AAPL BidAsk')).toBe(false);
    expect(pacing.judgeTickByTick(14_999, 'AAPL Last')).toBe(true);
    expect(pacing.judgeTickByTick(29_999, 'AAPL Last')).toBe(false);
  });
});

describe('messages a second', () => {
  test('50 pass, the 51st is a breach, and the third breach ends the session', () => {
    const rate = new MessageRate(IB_LIMITS);
    const burst = () => Array.from({ length: 51 }, () => rate.judge(0)).at(-1);
    expect(burst()).toBe('breach');
    expect(burst()).toBe('breach');
    expect(burst()).toBe('end');
  });

  test('50 in every second pass for ever', () => {
    const rate = new MessageRate(IB_LIMITS);
    for (let n = 0; n < 1000; n += 1) expect(rate.judge(n * 20)).toBe('ok');
  });
});

describe('the step-size table', () => {
  test.each([
    [SECOND, 1800 * SECOND],
    [5 * SECOND, 3600 * SECOND],
    [30 * SECOND, 28_800 * SECOND],
    [60 * SECOND, 86_400 * SECOND],
    [180 * SECOND, 7 * 86_400 * SECOND],
    [86_400 * SECOND, Infinity],
  ])('bars of %d ms: at most %d ms', (barMs, durationMs) => {
    expect(longestDuration(IB_LIMITS, barMs)).toBe(durationMs);
  });
});

test('every limit says where it is documented', () => {
  expect(Object.keys(LIMIT_SOURCES).toSorted()).toEqual(Object.keys(IB_LIMITS).toSorted());
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf } from './calendar-rules.ts';
import { cmeCalendar, usStockCalendar } from './calendar.ts';
import { contractsOf } from './futures.ts';
import { instrumentOf, type Listing } from './listing.ts';
import type { Market, MarketBar, WhatToShow } from './market.ts';
import { recordingOfBars, replayedDay, type Recording } from './recording.ts';
import { createReplayedMarket } from './replayed-market.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const CON_ID = 1;
const at = (text: string): number => Date.parse(`${text}Z`);

/** Minutes of the given days of 2013 with their own prices, from an hour before the regular hours to an hour after. */
function recorded(id: string, days: readonly (readonly [month: number, day: number])[]): Recording {
  const calendar = usStockCalendar();
  return recordingOfBars({
    id,
    calendar,
    tick: 0.01,
    exchange: 'NYSE',
    minCoverage: 0,
    *trades() {
      for (const [month, dayOfMonth] of days) {
        const session = calendar.tradingDay(dayOf(2013, month, dayOfMonth))!;
        for (let minute = -60; minute < 450; minute += 1 + ((minute + 60) % 3)) {
          const base = 100 * dayOfMonth + Math.abs((minute * 7) % 40) / 10;
          yield {
            startMs: session.regularStartMs + minute * MINUTE_MS,
            lengthMs: MINUTE_MS,
            open: base,
            high: base + 0.5,
            low: base - 0.25,
            close: base + 0.1,
            volume: 400 + (minute + 60),
          };
        }
      }
    },
  });
}

function marketOf(recording: Recording): Market {
  const listing: Listing = {
    instrument: instrumentOf({
      conId: CON_ID,
      symbol: 'XYZ',
      secType: 'STK',
      exchange: 'SMART',
      minTick: 0.01,
      longName: 'XYZ',
      timeZoneId: 'US/Eastern',
    }),
    calendar: usStockCalendar(),
    firstDay: dayOf(2020, 1, 1),
    lastDay: Infinity,
    hasTrades: true,
    hasQuotes: true,
    recordingOn: () => recording,
  };
  return createReplayedMarket([listing], () => undefined);
}

const WEEK = marketOf(
  recorded('week', [
    [10, 7],
    [10, 8],
    [10, 9],
    [10, 10],
    [10, 11],
  ]),
);
const FROM = at('2026-11-16T00:00');
const TO = at('2026-11-21T00:00');

function bars(
  market: Market,
  fromMs: number,
  toMs: number,
  barMs: number,
  options: { whatToShow?: WhatToShow; useRth?: boolean } = {},
): readonly MarketBar[] {
  return [
    ...market.bars(CON_ID, {
      fromMs,
      toMs,
      barMs,
      whatToShow: options.whatToShow ?? 'TRADES',
      useRth: options.useRth ?? false,
    }),
  ];
}

describe('a replayed market', { timeout: 60_000 }, () => {
  it('replays the recorded Monday on Mondays, at the same time of day in summer and in winter', () => {
    for (const day of ['2026-11-16T14:30', '2026-07-13T13:30']) {
      expect(bars(WEEK, at(day), at(day) + MINUTE_MS, MINUTE_MS)).toMatchObject([
        {
          startMs: at(day),
          open: 700,
          high: 700.5,
          low: 699.75,
          close: 700.1,
          volume: 460,
          count: 12,
        },
      ]);
    }
  });

  it('answers a span as it answers its parts, for trades, quotes and bars', () => {
    const end = at('2026-11-18T00:00');
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: (end - FROM) / 1000 }), { maxLength: 6 });
    fc.assert(
      fc.property(cuts, fc.constantFrom(5, 60, 300, 3600), fc.boolean(), (seconds, barSeconds, useRth) => {
        const barMs = barSeconds * 1000;
        const bounds = [FROM, ...seconds.sort((a, b) => a - b).map((second) => FROM + second * 1000), end];
        const parts = bounds.slice(1).map((toMs, index) => ({ fromMs: bounds[index]!, toMs }));
        const whole = { fromMs: FROM, toMs: end };
        expect(parts.flatMap((part) => [...WEEK.trades(CON_ID, part)])).toEqual([
          ...WEEK.trades(CON_ID, whole),
        ]);
        expect(parts.flatMap((part) => [...WEEK.quotes(CON_ID, part)])).toEqual([
          ...WEEK.quotes(CON_ID, whole),
        ]);
        // Bars are answered whole by the part they begin in, if it ends on one of their boundaries.
        const aligned = parts.map(
          ({ fromMs, toMs }) => [ceilTo(fromMs, barMs), ceilTo(toMs, barMs)] as const,
        );
        expect(aligned.flatMap(([fromMs, toMs]) => bars(WEEK, fromMs, toMs, barMs, { useRth }))).toEqual(
          bars(WEEK, FROM, end, barMs, { useRth }),
        );
      }),
      { numRuns: 6 },
    );
  });

  it('has in history what was live: bars are what its trades come to, forming ones what they had come to', () => {
    const fromMs = at('2026-11-18T14:00');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 * 3600 }),
        fc.constantFrom(5000, MINUTE_MS, 900_000),
        (seconds, barMs) => {
          const toMs = fromMs + seconds * 1000;
          const expected = new Map<
            number,
            { open: number; high: number; low: number; close: number; volume: number }
          >();
          for (const { timeMs, price, size } of WEEK.trades(CON_ID, { fromMs, toMs })) {
            const startMs = Math.floor(timeMs / barMs) * barMs;
            const bar = expected.get(startMs) ?? {
              open: price,
              high: price,
              low: price,
              close: price,
              volume: 0,
            };
            bar.high = Math.max(bar.high, price);
            bar.low = Math.min(bar.low, price);
            bar.close = price;
            bar.volume += size;
            expected.set(startMs, bar);
          }
          const answered = bars(WEEK, fromMs, toMs, barMs);
          expect(
            answered.map(({ startMs, open, high, low, close, volume }) => [
              startMs,
              { open, high, low, close, volume },
            ]),
          ).toEqual([...expected]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('sums whole sessions up to days, weeks and months, by the date of the session', () => {
    const minutes = bars(WEEK, FROM, TO, MINUTE_MS);
    const days = bars(WEEK, FROM, TO, DAY_MS);
    expect(days.map(({ date }) => date)).toEqual([
      '20261116',
      '20261117',
      '20261118',
      '20261119',
      '20261120',
    ]);
    for (const day of days) {
      const inDay = minutes.filter(
        ({ startMs }) => startMs >= day.startMs && startMs < day.startMs + 16 * 3_600_000,
      );
      expect(day).toMatchObject({
        open: inDay[0]?.open,
        high: Math.max(...inDay.map(({ high }) => high)),
        low: Math.min(...inDay.map(({ low }) => low)),
        close: inDay.at(-1)?.close,
        volume: inDay.reduce((sum, { volume }) => sum + volume, 0),
      });
    }
    const [week, ...more] = bars(WEEK, FROM, TO, 7 * DAY_MS);
    expect(more).toEqual([]);
    expect(week).toMatchObject({
      date: '20261120',
      startMs: days[0]?.startMs,
      open: days[0]?.open,
      close: days[4]?.close,
      volume: days.reduce((sum, { volume }) => sum + volume, 0),
    });
    const months = bars(WEEK, at('2026-10-01T00:00'), at('2026-12-01T00:00'), 30 * DAY_MS);
    expect(months.map(({ date }) => date)).toEqual(['20261030', '20261130']);
  });

  it('leaves the period out that begins before the span, and shows the last one as it is forming', () => {
    const monday = bars(WEEK, at('2026-11-16T10:00'), at('2026-11-17T15:00'), DAY_MS);
    expect(monday.map(({ date }) => date)).toEqual(['20261117']);
    const whole = bars(WEEK, at('2026-11-17T00:00'), at('2026-11-18T02:00'), DAY_MS)[0];
    expect(monday[0]?.volume).toBeLessThan(whole?.volume ?? 0);
    expect(bars(WEEK, at('2026-11-18T00:00'), at('2026-11-21T00:00'), 7 * DAY_MS)).toEqual([]);
  });

  it('keeps to the regular hours where asked to, and opens the first hour with them', () => {
    const hours = bars(WEEK, FROM, at('2026-11-17T00:00'), 3_600_000, { useRth: true });
    expect(hours.map(({ startMs }) => new Date(startMs).toISOString().slice(11, 16))).toEqual([
      '14:30',
      '15:00',
      '16:00',
      '17:00',
      '18:00',
      '19:00',
      '20:00',
    ]);
    expect(bars(WEEK, FROM, at('2026-11-17T00:00'), 3_600_000)[0]?.startMs).toBe(at('2026-11-16T13:00'));
  });

  it('cuts the recorded day where a session ends early', () => {
    const short = bars(WEEK, at('2026-11-27T00:00'), at('2026-11-28T00:00'), MINUTE_MS, { useRth: true });
    const whole = bars(WEEK, at('2026-11-20T00:00'), at('2026-11-21T00:00'), MINUTE_MS, { useRth: true });
    expect(short.at(-1)!.startMs).toBeLessThan(at('2026-11-27T18:00'));
    expect(short.map(({ volume }) => volume)).toEqual(
      whole.slice(0, short.length).map(({ volume }) => volume),
    );
    expect([
      ...WEEK.sessions(CON_ID, { fromMs: at('2026-11-26T02:00'), toMs: at('2026-11-28T00:00') }),
    ]).toEqual([
      { startMs: at('2026-11-27T09:00'), endMs: at('2026-11-27T22:00'), date: '20261127', regular: false },
      { startMs: at('2026-11-27T14:30'), endMs: at('2026-11-27T18:00'), date: '20261127', regular: true },
    ]);
  });

  it('has bars of quotes without volume, between bid and ask', () => {
    const options = {
      fromMs: at('2026-11-16T14:30'),
      toMs: at('2026-11-16T15:30'),
      barMs: MINUTE_MS,
      useRth: true,
    };
    const [bid, ask, middle, both] = (['BID', 'ASK', 'MIDPOINT', 'BID_ASK'] as const).map((whatToShow) => [
      ...WEEK.bars(CON_ID, { ...options, whatToShow }),
    ]);
    expect(bid).toHaveLength(bars(WEEK, options.fromMs, options.toMs, MINUTE_MS).length);
    middle?.forEach((bar, index) => {
      expect(bar.close).toBeCloseTo((bid![index]!.close + ask![index]!.close) / 2, 8);
      expect(both?.[index]).toMatchObject({ low: bid![index]!.low, high: ask![index]!.high });
      expect([bar.volume, bar.wap, bar.count]).toEqual([-1, -1, -1]);
    });
  });

  it('begins on its first day', () => {
    expect(WEEK.headMs(CON_ID, 'TRADES')).toBe(at('2020-01-02T09:00'));
    expect(bars(WEEK, at('2019-12-30T00:00'), at('2020-01-03T00:00'), DAY_MS)).toHaveLength(1);
    expect(() => WEEK.headMs(2, 'TRADES')).toThrow('conId 2 is none of the market');
  });
});

function ceilTo(timeMs: number, step: number): number {
  return Math.ceil(timeMs / step) * step;
}

describe('the choice of a recorded day', () => {
  const days = recorded('two weeks', [
    [10, 10],
    [10, 11],
    [10, 14],
    [10, 15],
    [10, 17],
  ]).days();

  it('goes through the recorded weeks in turn, weekday by weekday', () => {
    const monday = dayOf(2026, 11, 16);
    const picks = [3, 4, 10, 11].map((after) => replayedDay(days, monday + after)?.day);
    expect(new Set(picks)).toEqual(new Set([dayOf(2013, 10, 10), dayOf(2013, 10, 11), dayOf(2013, 10, 17)]));
    for (const day of [0, 1, 7, 8]) {
      const pick = replayedDay(days, monday + day);
      expect(pick?.day).toBe(dayOf(2013, 10, day % 7 === 0 ? 14 : 15));
    }
  });

  it('falls back to any day for a weekday that was not recorded', () => {
    expect(days).toContain(replayedDay(days, dayOf(2026, 11, 18)));
  });
});

describe('futures', () => {
  const calendar = cmeCalendar();
  const [front, next] = [recorded('front', [[10, 7]]), recorded('next', [[10, 7]])];
  const contracts = contractsOf(
    {
      symbol: 'ES',
      tradingClass: 'ES',
      longName: 'E-mini',
      multiplier: '50',
      minTick: 0.25,
      conIdBase: 700_000_000,
      calendar,
      front,
      next,
    },
    dayOf(2026, 12, 1),
    dayOf(2027, 6, 30),
  );

  it('are listed by quarter, with the third Friday as last day', () => {
    expect(
      contracts.map(({ instrument }) => [instrument.localSymbol, instrument.lastTradeDate, instrument.conId]),
    ).toEqual([
      ['ESZ6', '20261218', 700_202_612],
      ['ESH7', '20270319', 700_202_703],
      ['ESM7', '20270618', 700_202_706],
    ]);
  });

  it('roll eight days before it: the next contract becomes the front one', () => {
    const [december, march] = contracts;
    const roll = dayOf(2026, 12, 10);
    expect([december?.recordingOn(roll - 1)?.id, march?.recordingOn(roll - 1)?.id]).toEqual([
      'front',
      'next',
    ]);
    expect([december?.recordingOn(roll)?.id, march?.recordingOn(roll)?.id]).toEqual(['next', 'front']);
    expect(december?.lastDay).toBe(dayOf(2026, 12, 18));
  });
});

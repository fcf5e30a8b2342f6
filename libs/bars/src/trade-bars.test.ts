import { parseIsoTime } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { toBarColumns } from './bar.ts';
import { columns, feed, interval, type Trade } from './fixtures/trades.ts';
import { plainBars, TradeBars } from './trade-bars.ts';

function at(clock: string, day = '2024-03-04'): bigint {
  const parsed = parseIsoTime(`${day}T${clock}Z`);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function trade(clock: string, price: number, size = 1, seq = 0n): Trade {
  return { timeNs: at(clock), seq, price, size };
}

const MINUTE = [plainBars(interval('1m'))];

describe('closing', () => {
  it('puts a bar out when the watermark reaches its end, and not before', () => {
    const bars = new TradeBars(MINUTE);
    const trades = [trade('10:00:00', 10, 2), trade('10:00:59.999999999', 12, 1), trade('10:00:30', 7, 1)];
    expect(feed(bars, { trades, knownAtNs: 5n, watermarkNs: at('10:00:59.999999999') }).closed).toEqual([]);
    const { closed } = bars.apply({ knownAtNs: 6n, watermarkNs: at('10:01:00') });
    expect(closed).toStrictEqual([
      {
        interval: interval('1m'),
        id: '1m',
        bars: [
          {
            startNs: at('10:00:00'),
            knownAtNs: 5n,
            open: 10,
            high: 12,
            low: 7,
            close: 12,
            volume: 4,
            vwap: 39 / 4,
            tradeCount: 3,
            corrected: false,
            partial: false,
            sums: { volumeRest: 0, value: 39, valueRest: 0 },
          },
        ],
        watermarkNs: at('10:01:00'),
      },
    ]);
    expect(bars.apply({ knownAtNs: 6n, watermarkNs: at('10:01:00') }).closed).toEqual([]);
  });

  it('takes the record’s trades in before it lets the record’s watermark close bars', () => {
    const bars = new TradeBars(MINUTE);
    const trades = [trade('10:00:10', 1), trade('10:01:10', 2), trade('10:00:20', 3)];
    const { closed } = feed(bars, { trades, knownAtNs: 1n, watermarkNs: at('10:01:10') });
    expect(closed.flatMap((part) => part.bars.map((bar) => [bar.close, bar.tradeCount]))).toEqual([[3, 2]]);
  });

  it('makes no bar of an interval without trades', () => {
    const bars = new TradeBars(MINUTE);
    const trades = [trade('10:00:00', 1), trade('10:05:00', 2)];
    const { closed } = feed(bars, { trades, knownAtNs: 1n, watermarkNs: at('11:00:00') });
    expect(closed[0]?.bars.map((bar) => bar.startNs)).toEqual([at('10:00:00'), at('10:05:00')]);
  });

  it('never lets the watermark go back', () => {
    const bars = new TradeBars(MINUTE);
    feed(bars, { trades: [trade('10:00:00', 1)], knownAtNs: 1n, watermarkNs: at('10:02:00') });
    const { closed } = feed(bars, {
      trades: [trade('10:01:00', 1)],
      knownAtNs: 1n,
      watermarkNs: at('09:00:00'),
    });
    expect(closed[0]?.bars.length).toBe(1);
  });

  it('closes the oldest forming bars where no watermark comes, and says so', () => {
    const bars = new TradeBars(MINUTE, { retainedBars: 4, formingBars: 2 });
    const trades = ['10:00:00', '10:01:00', '10:02:00', '10:03:00'].map((clock) => trade(clock, 1));
    const { closed, forced } = feed(bars, { trades, knownAtNs: 1n, watermarkNs: 0n });
    expect(forced).toEqual([{ interval: '1m', bars: 2 }]);
    expect(closed[0]?.bars.map((bar) => bar.startNs)).toEqual([at('10:00:00'), at('10:01:00')]);
  });
});

describe('open and close', () => {
  it('are first and last by time, then by sequence', () => {
    const bars = new TradeBars(MINUTE);
    const trades = [trade('10:00:05', 5, 1, 3n), trade('10:00:05', 4, 1, 2n), trade('10:00:05', 9, 1, 10n)];
    const { closed } = feed(bars, { trades, knownAtNs: 1n, watermarkNs: at('10:01:00') });
    expect(closed[0]?.bars[0]).toMatchObject({ open: 4, close: 9 });
  });
});

describe('late trades', () => {
  function late(clock: string, retainedBars = 2): ReturnType<typeof feed> {
    const bars = new TradeBars(MINUTE, { retainedBars, formingBars: 9 });
    for (const minute of ['10:00:00', '10:01:00', '10:03:00', '10:04:00']) {
      feed(bars, { trades: [trade(minute, 10)], knownAtNs: 1n, watermarkNs: at(minute) });
    }
    return feed(bars, { trades: [trade(clock, 11, 5)], knownAtNs: 8n, watermarkNs: 0n });
  }

  it('correct a retained bar, known when the trade was', () => {
    const { closed, tooLate } = late('10:01:30');
    expect(tooLate).toEqual([]);
    expect(closed[0]?.bars).toMatchObject([
      { startNs: at('10:01:00'), close: 11, volume: 6, tradeCount: 2, knownAtNs: 8n, corrected: true },
    ]);
  });

  it('make the bar that was not there', () => {
    expect(late('10:02:30').closed[0]?.bars).toMatchObject([
      { startNs: at('10:02:00'), volume: 5, tradeCount: 1, corrected: false },
    ]);
  });

  it('are counted where their bar is not retained any more', () => {
    const { closed, tooLate } = late('10:00:30');
    expect(closed).toEqual([]);
    expect(tooLate).toEqual([
      { interval: '1m', count: 1, firstNs: at('10:00:30'), lastNs: at('10:00:30'), volume: 5 },
    ]);
  });

  it('older than all retained bars are taken only while there is room to keep their bar', () => {
    expect(late('09:50:00', 3).tooLate.length).toBe(1);
    expect(late('09:50:00', 4).closed[0]?.bars).toMatchObject([
      { startNs: at('09:50:00'), corrected: false },
    ]);
  });
});

describe('refused trades', () => {
  it('are counted and leave the others alone', () => {
    const bars = new TradeBars(MINUTE);
    const bad = [NaN, Infinity, -Infinity, 1e101].flatMap((value) => [
      trade('10:00:01', value),
      trade('10:00:01', 1, value),
    ]);
    const trades = [trade('10:00:00', 2), ...bad, trade('10:00:02', 1, -1), trade('10:00:03', 3)];
    const { closed, refused } = feed(bars, { trades, knownAtNs: 1n, watermarkNs: at('10:01:00') });
    expect(refused).toBe(9);
    expect(closed[0]?.bars).toMatchObject([{ open: 2, close: 3, tradeCount: 2 }]);
  });
});

describe('state', () => {
  it('goes on with other intervals: a new one starts empty, one that is gone is left out', () => {
    const bars = new TradeBars([plainBars(interval('1m')), plainBars(interval('5m'))]);
    feed(bars, { trades: [trade('10:00:00', 1)], knownAtNs: 1n, watermarkNs: 0n });
    const restored = TradeBars.restore(bars.snapshot(), [
      plainBars(interval('5m')),
      plainBars(interval('1h')),
    ]);
    if (!restored.ok) throw new Error(restored.error);
    const { closed } = restored.value.apply({ knownAtNs: 1n, watermarkNs: at('11:00:00') });
    expect(closed.map((part) => part.interval.text)).toEqual(['5m']);
  });

  it('never makes a bar again that had left, even where more are retained now', () => {
    const bars = new TradeBars(MINUTE, { retainedBars: 1, formingBars: 9 });
    for (const minute of ['10:00:00', '10:01:00', '10:02:00']) {
      feed(bars, { trades: [trade(minute, 10)], knownAtNs: 1n, watermarkNs: at(minute) });
    }
    const restored = TradeBars.restore(bars.snapshot(), MINUTE, { retainedBars: 9, formingBars: 9 });
    if (!restored.ok) throw new Error(restored.error);
    const { closed, tooLate } = feed(restored.value, {
      trades: [trade('10:00:30', 1)],
      knownAtNs: 1n,
      watermarkNs: 0n,
    });
    expect([closed.length, tooLate.length]).toEqual([0, 1]);
  });

  it('that is damaged or of another version is a returned error', () => {
    const bars = new TradeBars(MINUTE);
    feed(bars, {
      trades: [trade('10:00:00', 1), trade('10:02:00', 1)],
      knownAtNs: 1n,
      watermarkNs: at('10:01:00'),
    });
    const bytes = bars.snapshot();
    for (let length = 0; length < bytes.length; length += 1) {
      expect(TradeBars.restore(bytes.subarray(0, length), MINUTE).ok).toBe(false);
    }
    expect(TradeBars.restore(Uint8Array.of(9, 0), MINUTE)).toEqual({
      ok: false,
      error: 'state of trade bars: version 9, this build reads up to 3',
    });
  });
});

describe('columns', () => {
  it('carry the session date from a day up', () => {
    const day = ['1h', '1d', '1w', '1mo'].map((text) => plainBars(interval(text)));
    const bars = new TradeBars(day);
    const input = {
      trades: columns([trade('10:00:00', 1, 0)]),
      knownAtNs: 1n,
      watermarkNs: at('00:00', '2024-04-01'),
    };
    const dates = bars.apply(input).closed.map((part) => toBarColumns(part.interval, part.bars).sessionDate);
    expect(dates).toEqual([[], [20240304], [20240304], [20240301]]);
  });

  it('leave out an average of no volume', () => {
    const bars = new TradeBars(MINUTE);
    const input = { trades: columns([trade('10:00:00', 1, 0)]), knownAtNs: 1n, watermarkNs: at('10:01:00') };
    const [part] = bars.apply(input).closed;
    expect(toBarColumns(part!.interval, part!.bars)).toMatchObject({
      volume: [0],
      vwap: [],
      tradeCount: [1],
    });
  });
});

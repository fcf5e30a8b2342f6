import { describe, expect, it } from 'vitest';
import { createIndicator } from '../engine.ts';
import { IndicatorError } from '../errors.ts';
import { barsOf, columnsOf } from '../fixtures/bars.ts';
import { parseSpec } from '../spec.ts';

const DAY_NS = 86_400_000_000_000n;

describe('vwap', () => {
  const bars = barsOf([10, 20, 40]).map((bar, index) => ({ ...bar, volume: index + 1 }));

  it('weighs prices with volume since the anchor', () => {
    expect(columnsOf('vwap(none)', bars)).toEqual([[10, 50 / 3, 170 / 6]]);
  });

  it('starts afresh with the first bar of a UTC day, to the nanosecond', () => {
    const midnight = 20_000n * DAY_NS;
    const timed = bars.map((bar, index) => ({ ...bar, startNs: midnight + BigInt(index) - 1n }));
    expect(columnsOf('vwap(utc-day)', timed)).toEqual([[10, 20, (40 + 120) / 5]]);
    expect(columnsOf('vwap(none)', timed)).toEqual([[10, 50 / 3, 170 / 6]]);
  });

  it('starts afresh with the first bar of a session, whatever the time', () => {
    const dated = bars.map((bar, index) => ({ ...bar, sessionDate: index === 0 ? 20240102 : 20240103 }));
    expect(columnsOf('vwap(session)', dated)).toEqual([[10, 20, (40 + 120) / 5]]);
    expect(columnsOf('sma(2,vwap(session))', dated)).toEqual([[NaN, 15, (20 + 32) / 2]]);
  });

  it.each([undefined, 0, NaN, 19_700, 20240102.5])('refuses the session %s', (sessionDate) => {
    const [bar] = bars;
    const dated = sessionDate === undefined ? bar! : { ...bar!, sessionDate };
    const message = `vwap(session,vwap): sessionDate is ${sessionDate}, the date of the session is needed as yyyymmdd`;
    expect(() => columnsOf('vwap(session)', [dated])).toThrow(message);
    expect(() => columnsOf('sma(2,vwap(session))', [dated])).toThrow(/sessionDate is/);
    expect(columnsOf('vwap(none)', [dated])).toEqual([[10]]);
  });

  it('knows the day before 1970 from the day after', () => {
    const timed = bars.map((bar, index) => ({ ...bar, startNs: BigInt(index) - 1n }));
    expect(columnsOf('vwap(utc-day)', timed)).toEqual([[10, 20, 32]]);
  });

  it('replaces a bar across a day boundary as if the first version had never been', () => {
    const spec = parseSpec('vwap(utc-day)');
    if (!spec.ok) throw new Error(spec.error.message);
    const indicator = createIndicator(spec.spec);
    const [first, second] = bars;
    indicator.update(first!);
    indicator.update({ ...second!, startNs: second!.startNs + DAY_NS });
    expect(indicator.replace(second!).values).toEqual([50 / 3]);
  });

  it('is not warm while no volume has come, and repeats its value while none comes later', () => {
    const quiet = barsOf([5, 10, 30]).map((bar, index) => ({ ...bar, volume: index === 1 ? 4 : 0 }));
    expect(columnsOf('vwap(none)', quiet)).toEqual([[NaN, 10, 10]]);
  });

  it("takes the bar's own VWAP, else its typical price, unless told otherwise", () => {
    const bar = { ...bars[0]!, high: 13, low: 9, close: 11 };
    expect(columnsOf('vwap(none)', [bar])).toEqual([[11]]);
    expect(columnsOf('vwap(none)', [{ ...bar, vwap: 12.5 }])).toEqual([[12.5]]);
    expect(columnsOf('vwap(none,close)', [{ ...bar, vwap: 12.5, close: 10 }])).toEqual([[10]]);
  });

  it('throws on a negative volume', () => {
    expect(() => columnsOf('vwap(none)', [{ ...bars[0]!, volume: -1 }])).toThrow(IndicatorError);
    expect(() => columnsOf('vwap(none)', [{ ...bars[0]!, volume: -1 }])).toThrow(
      /vwap\(none,vwap\): volume -1/,
    );
  });

  it('keeps small volumes beside a huge one', () => {
    const volumes = [1e16, 1, 1, 1, 1];
    const lopsided = barsOf([0, 1, 1, 1, 1]).map((bar, index) => ({ ...bar, volume: volumes[index]! }));
    expect(columnsOf('vwap(none)', lopsided)[0]?.[4]).toBe(4 / (1e16 + 4));
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalEndNs, intervalStartNs, parseInterval, type Interval } from './interval.ts';
import { formatNs, parseIsoTime } from './time.ts';

function interval(text: string): Interval {
  const parsed = parseInterval(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('parseInterval', () => {
  it.each(['', '5', 'm', '0m', '7m', '2d', '1y', '2w', '25h', '-1m', '1.5h'])('refuses %j', (text) => {
    expect(parseInterval(text).ok).toBe(false);
  });
});

describe('a bar', () => {
  it.each([
    ['1m', '2013-11-25T10:07:59.999999999Z', '2013-11-25T10:07:00Z', '2013-11-25T10:08:00Z'],
    ['5m', '2013-11-25T10:07:00Z', '2013-11-25T10:05:00Z', '2013-11-25T10:10:00Z'],
    ['4h', '2013-11-25T11:00:00Z', '2013-11-25T08:00:00Z', '2013-11-25T12:00:00Z'],
    ['1d', '2013-11-25T23:59:59Z', '2013-11-25T00:00:00Z', '2013-11-26T00:00:00Z'],
    ['1w', '2013-12-01T23:59:59Z', '2013-11-25T00:00:00Z', '2013-12-02T00:00:00Z'],
    ['1mo', '2024-02-29T12:00:00Z', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['1mo', '2023-12-31T12:00:00Z', '2023-12-01T00:00:00Z', '2024-01-01T00:00:00Z'],
  ])('of %s that holds %s starts at %s and ends at %s', (text, time, start, end) => {
    const startNs = intervalStartNs(interval(text), ns(time));
    expect(formatNs(startNs)).toBe(start);
    expect(formatNs(intervalEndNs(interval(text), startNs))).toBe(end);
  });

  it('holds its time, and its end starts the next', () => {
    const texts = fc.constantFrom('1s', '5s', '1m', '15m', '1h', '1d', '1w', '1mo');
    fc.assert(
      fc.property(texts, fc.bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n }), (text, time) => {
        const start = intervalStartNs(interval(text), time);
        const end = intervalEndNs(interval(text), start);
        expect(start <= time && time < end).toBe(true);
        expect(intervalStartNs(interval(text), end)).toBe(end);
      }),
    );
  });
});

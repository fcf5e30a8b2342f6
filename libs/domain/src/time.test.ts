import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNs, msToNs, nsToMs, parseIsoTime, utcDateNumber } from './time.ts';

describe('parseIsoTime', () => {
  it.each([
    ['1970-01-01', 0n],
    ['2013-11-25T10:00:00Z', 1_385_373_600_000_000_000n],
    ['2013-11-25 10:00', 1_385_373_600_000_000_000n],
    ['2013-11-25T10:00:00.000000001Z', 1_385_373_600_000_000_001n],
    ['2013-11-25T10:00:00,5+02:00', 1_385_366_400_500_000_000n],
    ['2013-11-25T10:00:00-0530', 1_385_393_400_000_000_000n],
    ['2024-02-29', 1_709_164_800_000_000_000n],
  ])('reads %s', (text, ns) => {
    expect(parseIsoTime(text)).toEqual({ ok: true, value: ns });
  });

  it.each(['', 'yesterday', '2023-02-29', '2023-13-01', '2023-01-01T25:00', '2023-01-01T10:61', '20230101'])(
    'refuses %j',
    (text) => {
      expect(parseIsoTime(text).ok).toBe(false);
    },
  );

  it('reads what formatNs writes, to the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_102_444_800_000_000_000n }), (ns) => {
        expect(parseIsoTime(formatNs(ns))).toEqual({ ok: true, value: ns });
      }),
    );
  });
});

describe('formatNs', () => {
  it.each([
    [0n, '1970-01-01T00:00:00Z'],
    [1_500_000_000n, '1970-01-01T00:00:01.500Z'],
    [1_000n, '1970-01-01T00:00:00.000001Z'],
    [1n, '1970-01-01T00:00:00.000000001Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
  ])('writes %s', (ns, text) => {
    expect(formatNs(ns)).toBe(text);
  });
});

describe('milliseconds', () => {
  it('convert both ways for whole milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
        expect(nsToMs(msToNs(ms))).toBe(ms);
      }),
    );
  });

  it('keep microseconds', () => {
    expect(msToNs(1.001)).toBe(1_001_000n);
  });
});

it('utcDateNumber gives the UTC day', () => {
  expect(utcDateNumber(1_385_373_600_000_000_000n)).toBe(20_131_125);
});

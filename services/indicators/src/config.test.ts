import { ConfigError } from '@tickwell/runtime';
import { describe, expect, it } from 'vitest';
import { readIndicatorsConfig } from './config.ts';

const BROKERS = { TICKWELL_KAFKA_BROKERS: '127.0.0.1:9092' };

function problems(env: Record<string, string>): readonly string[] {
  try {
    readIndicatorsConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('configuration of the indicators service', () => {
  it('has defaults for all but the brokers', () => {
    const config = readIndicatorsConfig(BROKERS);
    expect(config.barIntervals.map(({ text }) => text)).toEqual(['1m', '5m', '1h', '1d']);
    expect(config.indicators.map(({ id }) => id)).toEqual([
      'sma(20,close)',
      'ema(20,close)',
      'rsi(14,close)',
      'macd(12,26,9,close)',
      'atr(14)',
      'bbands(20,2,close)',
      'vwap(utc-day,vwap)',
    ]);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads lists of intervals and specifications', () => {
    const config = readIndicatorsConfig({
      ...BROKERS,
      TICKWELL_BAR_INTERVALS: '1s, 1w',
      TICKWELL_INDICATORS: 'SMA(5), macd(3,6,2)',
    });
    expect(config.barIntervals.map(({ text }) => text)).toEqual(['1s', '1w']);
    expect(config.indicators.map(({ id }) => id)).toEqual(['sma(5,close)', 'macd(3,6,2,close)']);
  });

  it('refuses everything that is wrong at once, each by its name', () => {
    const found = problems({
      TICKWELL_BAR_INTERVALS: '1m,7m,1m',
      TICKWELL_INDICATORS: 'sma(0),nosuch(1)',
      TICKWELL_CORRECTABLE_BARS: '0',
    });
    expect(found.length).toBe(4);
    expect(found[0]).toContain('TICKWELL_KAFKA_BROKERS');
    expect(found[1]).toMatch(/TICKWELL_BAR_INTERVALS.*"7m" does not divide a day.*named twice/);
    expect(found[2]).toMatch(/TICKWELL_INDICATORS.*sma\(0\).*nosuch/);
    expect(found[3]).toContain('TICKWELL_CORRECTABLE_BARS');
  });

  it('bounds the number of intervals', () => {
    const many = Array.from(
      { length: 17 },
      (_, index) => `${[1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20, 24, 30, 36][index]}m`,
    );
    expect(problems({ ...BROKERS, TICKWELL_BAR_INTERVALS: many.join(',') })).toEqual([
      expect.stringContaining('at most 16'),
    ]);
  });
});

import { calendar } from '@tickwell/calendar';
import { err, parseIsoTime } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import { defaultThresholds, judgeFreshness, type Freshness, type FreshnessSeries } from './freshness.ts';

function at(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

interface Of {
  readonly kind?: FreshnessSeries['kind'];
  readonly interval?: string;
  readonly event: string;
  readonly now: string;
  readonly calendar?: string;
  readonly isEnded?: boolean;
}

function judge(of: Of): Freshness {
  const { kind = 'bars', interval = kind === 'bars' ? '1m' : '' } = of;
  const series = { kind, interval, eventNs: at(of.event) };
  return judgeFreshness(series, {
    calendar: of.calendar === '' ? err('no calendar: name one') : calendar(of.calendar ?? 'XNYS'),
    nowNs: at(of.now),
    isEnded: of.isEnded ?? false,
    thresholds: defaultThresholds(series),
  });
}

const SECOND = 1_000_000_000n;
const HOUR = 3_600n * SECOND;

describe('freshness of ticks', () => {
  it('counts the time in which the market was open', () => {
    const trades = { kind: 'trades' as const, event: '2024-03-15T19:59:30Z' };
    expect(judge({ ...trades, now: '2024-03-15T19:59:50Z' })).toEqual({
      state: 'fresh',
      ageNs: 20n * SECOND,
      overdueNs: 20n * SECOND,
      reason: '',
    });
    // Friday's close: half a minute of open time has passed by Monday's opening, however long the weekend was.
    expect(judge({ ...trades, now: '2024-03-17T12:00:00Z' })).toMatchObject({
      state: 'closed',
      overdueNs: 30n * SECOND,
      reason: 'XNYS is closed',
    });
    expect(judge({ ...trades, now: '2024-03-18T13:30:20Z' })).toMatchObject({ state: 'fresh' });
    expect(judge({ ...trades, now: '2024-03-18T13:31:00Z' })).toMatchObject({
      state: 'late',
      reason: 'no trades since 2024-03-15T19:59:30Z',
    });
    expect(judge({ ...trades, now: '2024-03-18T13:40:00Z' })).toMatchObject({ state: 'stale' });
  });

  it('stays stale over the night where they were so at the close', () => {
    const quotes = { kind: 'quotes' as const, event: '2024-03-15T19:00:00Z' };
    expect(judge({ ...quotes, now: '2024-03-16T12:00:00Z' })).toMatchObject({
      state: 'stale',
      overdueNs: HOUR,
    });
  });

  it('of the future are fresh', () => {
    const trades = { kind: 'trades' as const, event: '2024-03-15T19:00:05Z' };
    expect(judge({ ...trades, now: '2024-03-15T19:00:00Z' })).toMatchObject({ state: 'fresh', ageNs: 0n });
  });
});

describe('freshness of bars within a day', () => {
  it('is that of the first one that is missing', () => {
    const bars = { event: '2024-03-15T15:00:00Z' };
    // The next one is over at 15:02.
    expect(judge({ ...bars, now: '2024-03-15T15:01:59Z' })).toMatchObject({ state: 'fresh', overdueNs: 0n });
    expect(judge({ ...bars, now: '2024-03-15T15:03:00Z' })).toMatchObject({
      state: 'fresh',
      overdueNs: 60n * SECOND,
    });
    expect(judge({ ...bars, now: '2024-03-15T15:03:01Z' })).toMatchObject({
      state: 'late',
      reason: 'the bar of 2024-03-15T15:01:00Z was due at 2024-03-15T15:02:00Z',
    });
    expect(judge({ ...bars, now: '2024-03-15T15:08:00Z' })).toMatchObject({ state: 'stale' });
  });

  it('is not overdue on nights, weekends and days off', () => {
    const last = { event: '2024-03-28T19:59:00Z' };
    for (const now of ['2024-03-28T20:30:00Z', '2024-03-29T15:00:00Z', '2024-03-31T15:00:00Z'])
      expect(judge({ ...last, now })).toMatchObject({ state: 'closed', overdueNs: 0n });
    expect(judge({ ...last, now: '2024-04-01T13:45:00Z' })).toMatchObject({ state: 'stale' });
  });

  it('allows longer bars more', () => {
    const bars = { event: '2024-03-15T15:00:00Z', interval: '1h' };
    expect(judge({ ...bars, now: '2024-03-15T17:59:00Z' })).toMatchObject({ state: 'fresh' });
    expect(judge({ ...bars, now: '2024-03-15T18:01:00Z' })).toMatchObject({ state: 'late' });
  });
});

describe('freshness of daily and longer bars', () => {
  it('is due at the close, and late some hours after it', () => {
    const daily = { event: '2024-03-14', interval: '1d' };
    expect(judge({ ...daily, now: '2024-03-15T19:00:00Z' })).toMatchObject({ state: 'fresh', overdueNs: 0n });
    expect(judge({ ...daily, now: '2024-03-15T23:00:00Z' })).toMatchObject({
      state: 'closed',
      overdueNs: 3n * HOUR,
    });
    expect(judge({ ...daily, now: '2024-03-16T03:00:00Z' })).toMatchObject({
      state: 'late',
      reason: 'the bar of 2024-03-15T00:00:00Z was due at 2024-03-15T20:00:00Z',
    });
    expect(judge({ ...daily, now: '2024-03-17T00:00:00Z' })).toMatchObject({ state: 'stale' });
  });

  it('is closed over a weekend that follows a bar which came', () => {
    const daily = { event: '2024-03-15', interval: '1d' };
    for (const now of ['2024-03-16T12:00:00Z', '2024-03-17T23:59:00Z'])
      expect(judge({ ...daily, now })).toMatchObject({ state: 'closed', overdueNs: 0n });
    expect(judge({ ...daily, now: '2024-03-18T15:00:00Z' })).toMatchObject({ state: 'fresh' });
  });

  it('waits for the last session of a week and a month', () => {
    expect(judge({ event: '2024-03-04', interval: '1w', now: '2024-03-15T19:00:00Z' })).toMatchObject({
      overdueNs: 0n,
    });
    expect(judge({ event: '2024-03-04', interval: '1w', now: '2024-03-15T21:00:00Z' })).toMatchObject({
      overdueNs: HOUR,
    });
    // Good Friday ends March a day early.
    expect(judge({ event: '2024-02-01', interval: '1mo', now: '2024-03-28T22:00:00Z' })).toMatchObject({
      overdueNs: 2n * HOUR,
    });
  });
});

describe('freshness without a calendar', () => {
  it('calls nothing stale: what is new is fresh, of the rest nobody knows', () => {
    const trades = { kind: 'trades' as const, event: '2024-03-15T19:00:00Z', calendar: '' };
    expect(judge({ ...trades, now: '2024-03-15T19:01:00Z' })).toMatchObject({ state: 'fresh' });
    expect(judge({ ...trades, now: '2024-03-15T19:01:01Z' })).toMatchObject({
      state: 'unknown',
      overdueNs: 61n * SECOND,
      reason: 'no calendar: name one',
    });
    const bars = { event: '2024-03-15T19:00:00Z', calendar: '' };
    expect(judge({ ...bars, now: '2024-03-15T19:03:00Z' })).toMatchObject({
      state: 'fresh',
      overdueNs: 60n * SECOND,
    });
    expect(judge({ ...bars, now: '2024-03-15T19:03:01Z' })).toMatchObject({ state: 'unknown' });
  });

  it('is not known beyond what the calendar knows, nor of an interval that is none', () => {
    expect(
      judge({ kind: 'trades', event: '2030-12-31T19:00:00Z', now: '2031-01-02T00:00:00Z' }),
    ).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('calendar XNYS knows 2000-01-01 to 2030-12-31') as unknown,
    });
    expect(judge({ interval: '7m', event: '2024-03-15', now: '2024-03-16' })).toMatchObject({
      state: 'unknown',
    });
  });

  it('has an end where the import is over', () => {
    expect(judge({ event: '2013-11-25', now: '2024-03-16', isEnded: true })).toMatchObject({
      state: 'ended',
      overdueNs: 0n,
    });
  });
});

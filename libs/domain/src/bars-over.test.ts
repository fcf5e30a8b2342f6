import { describe, expect, it } from 'vitest';
import { parseBarLength, type BarLength } from './bar-length.ts';
import { isAllHoursSource, isSessionSource, overBeforeNs } from './bars-over.ts';
import { parseIsoTime } from './time.ts';

function ns(text: string): bigint {
  const time = parseIsoTime(text);
  if (!time.ok) throw new Error(time.error);
  return time.value;
}

function length(text: string): BarLength {
  const parsed = parseBarLength(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('bars that are over by a time', () => {
  it.each([
    // On the hour, and by the opening of a session.
    ['1h', '2024-03-05T15:10:00Z', '2024-03-05T14:00:00Z', true],
    ['1h', '2024-03-05T15:10:00Z', '2024-03-05T15:00:00Z', false],
    ['1h', '2024-03-05T15:00:00Z', '2024-03-05T14:00:00Z', true],
    ['1h', '2024-03-05T15:10:00Z', '2024-03-05T14:30:00Z', false],
    ['1h', '2024-03-05T15:29:59Z', '2024-03-05T14:30:00Z', false],
    ['1h', '2024-03-05T15:30:00Z', '2024-03-05T14:30:00Z', true],
    ['1d', '2024-03-05T23:59:59Z', '2024-03-05T00:00:00Z', false],
    ['1d', '2024-03-06T00:00:00Z', '2024-03-05T00:00:00Z', true],
    ['1w', '2024-03-11T00:00:00Z', '2024-03-04T00:00:00Z', true],
    ['1mo', '2024-03-31T00:00:00Z', '2024-03-01T00:00:00Z', false],
    ['50tick', '2024-03-31T00:00:00Z', '1970-01-01T00:00:00Z', false],
  ])('%s at %s: what starts at %s %s', (text, time, start, isOver) => {
    expect(ns(start) < overBeforeNs(length(text), ns(time))).toBe(isOver);
  });

  it.each([
    ['1d', '2024-03-06T00:00:00Z', '2024-03-05T00:00:00Z', false],
    ['1d', '2024-03-07T00:00:00Z', '2024-03-05T00:00:00Z', true],
    ['1w', '2024-03-11T23:00:00Z', '2024-03-04T00:00:00Z', false],
    ['1w', '2024-03-12T00:00:00Z', '2024-03-04T00:00:00Z', true],
    ['1mo', '2024-04-02T00:00:00Z', '2024-03-01T00:00:00Z', true],
    ['1h', '2024-03-05T15:30:00Z', '2024-03-05T14:30:00Z', true],
  ])('of all hours, %s at %s: what starts at %s %s', (text, time, start, isOver) => {
    expect(ns(start) < overBeforeNs(length(text), ns(time), { allHours: true })).toBe(isOver);
  });

  it.each([
    ['derived:ib', false, false],
    ['derived:ib@XNYS', true, false],
    ['derived:ib@XNYS/all', true, true],
    ['derived:ib@24-7', true, false],
    ['file:us/all', false, false],
  ])('%s says so', (source, bySession, allHours) => {
    expect([isSessionSource(source), isAllHoursSource(source)]).toEqual([bySession, allHours]);
  });
});

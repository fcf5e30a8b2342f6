import { calendar } from '@tickwell/calendar';
import { formatNs, parseIsoTime } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interval } from './fixtures/trades.ts';
import { nextSlot, type BarGrid, type Slot } from './grid.ts';
import { DEFAULT_SESSION_OPTIONS, sessionGrid, type SessionGridOptions } from './session-grid.ts';

const ALL: SessionGridOptions = { hours: 'all', closingNs: 0n };

function grid(length: string, name: string, options: SessionGridOptions = DEFAULT_SESSION_OPTIONS): BarGrid {
  const found = calendar(name);
  if (!found.ok) throw new Error(found.error);
  return sessionGrid(interval(length), found.value, options);
}

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** "start: from - end" in short. */
function told(slot: Slot): string {
  if (slot.kind === 'none') return `none until ${short(slot.untilNs)}`;
  return `${short(slot.startNs)}: ${short(slot.fromNs)} - ${short(slot.endNs)}`;
}

function short(timeNs: bigint): string {
  return formatNs(timeNs).slice(0, 16).replace('T', ' ');
}

describe('bars by sessions', () => {
  it.each([
    // New York opens at 13:30 UTC in summer and 14:30 in winter; on 2024-11-29 it closes at 13:00 local time.
    ['1d', 'XNYS', '2024-07-01T15:00:00Z', '2024-07-01 00:00: 2024-07-01 13:30 - 2024-07-01 20:02'],
    ['1d', 'XNYS', '2024-11-29T15:00:00Z', '2024-11-29 00:00: 2024-11-29 14:30 - 2024-11-29 18:02'],
    ['1h', 'XNYS', '2024-07-01T13:45:00Z', '2024-07-01 13:30: 2024-07-01 13:30 - 2024-07-01 14:30'],
    ['1h', 'XNYS', '2024-07-01T19:59:59Z', '2024-07-01 19:30: 2024-07-01 19:30 - 2024-07-01 20:02'],
    // A closing auction is of the last bar, what comes later of none.
    ['1h', 'XNYS', '2024-07-01T20:00:05Z', '2024-07-01 19:30: 2024-07-01 19:30 - 2024-07-01 20:02'],
    ['1h', 'XNYS', '2024-07-01T20:02:00Z', 'none until 2024-07-02 13:30'],
    ['1d', 'XNYS', '2024-07-06T12:00:00Z', 'none until 2024-07-08 13:30'],
    ['1w', 'XNYS', '2024-07-03T15:00:00Z', '2024-07-01 00:00: 2024-07-01 13:30 - 2024-07-05 20:02'],
    ['1mo', 'XNYS', '2024-07-03T15:00:00Z', '2024-07-01 00:00: 2024-07-01 13:30 - 2024-07-31 20:02'],
    // Futures: the session of Monday opens on Sunday evening, and its bar starts, as named, after its first trades.
    ['1d', 'CMES', '2024-03-10T23:00:00Z', '2024-03-11 00:00: 2024-03-10 22:00 - 2024-03-11 22:00'],
    ['1w', 'CMES', '2024-03-10T23:00:00Z', '2024-03-11 00:00: 2024-03-10 22:00 - 2024-03-15 22:02'],
    ['4h', 'CMES', '2024-03-11T03:00:00Z', '2024-03-11 02:00: 2024-03-11 02:00 - 2024-03-11 06:00'],
    // The day before, in winter time, all is an hour later.
    ['1d', 'CMES', '2024-03-08T12:00:00Z', '2024-03-08 00:00: 2024-03-07 23:00 - 2024-03-08 23:02'],
    // Tokyo stops from 02:30 to 03:30 UTC: bars go on from the opening.
    ['1h', 'XTKS', '2024-07-01T02:10:00Z', '2024-07-01 02:00: 2024-07-01 02:00 - 2024-07-01 03:00'],
    ['1h', 'XTKS', '2024-07-01T03:40:00Z', '2024-07-01 03:00: 2024-07-01 03:00 - 2024-07-01 04:00'],
    ['1d', '24-7', '2024-07-06T12:00:00Z', '2024-07-06 00:00: 2024-07-06 00:00 - 2024-07-07 00:00'],
    ['1d', 'XNYS', '1990-07-02T15:00:00Z', 'none until 2000-01-03 14:30'],
  ])('%s of %s at %s', (length, name, time, wanted) => {
    expect(told(grid(length, name).slotAt(ns(time)))).toBe(wanted);
  });

  it.each([
    ['1d', '2024-07-01T09:00:00Z', '2024-07-01 00:00: 2024-06-30 04:45 - 2024-07-02 04:45'],
    ['1d', '2024-07-02T00:00:00Z', '2024-07-01 00:00: 2024-06-30 04:45 - 2024-07-02 04:45'],
    ['1h', '2024-07-01T12:45:00Z', '2024-07-01 12:30: 2024-07-01 12:30 - 2024-07-01 13:30'],
    ['1h', '2024-07-01T19:45:00Z', '2024-07-01 19:30: 2024-07-01 19:30 - 2024-07-01 20:00'],
    ['1h', '2024-07-01T20:00:00Z', '2024-07-01 20:00: 2024-07-01 20:00 - 2024-07-01 21:00'],
  ])('all hours of New York: %s at %s', (length, time, wanted) => {
    expect(told(grid(length, 'XNYS', ALL).slotAt(ns(time)))).toBe(wanted);
  });

  it('cover what they say, once, in order, and are found again by their start', () => {
    const anyGrid = fc
      .tuple(
        fc.constantFrom('1m', '5m', '1h', '4h', '1d', '1w', '1mo'),
        fc.constantFrom('XNYS', 'CMES', 'XTKS', 'FX', '24-7', 'CME-ENERGY'),
        fc.constantFrom(DEFAULT_SESSION_OPTIONS, ALL),
      )
      .map(([length, name, options]) => grid(length, name, options));
    const anyTime = fc.bigInt({ min: ns('2000-01-03T00:00:00Z'), max: ns('2030-12-30T00:00:00Z') });
    fc.assert(
      fc.property(anyGrid, anyTime, (bars, timeNs) => {
        const slot = bars.slotAt(timeNs);
        expect(slot.untilNs).toBeGreaterThan(timeNs);
        if (slot.kind === 'none') {
          expect(bars.slotAt(slot.untilNs - 1n).kind).toBe('none');
          expect(bars.slotAt(slot.untilNs).kind).toBe('bar');
          return;
        }
        const { startNs, fromNs, endNs, sinceNs, untilNs } = slot;
        expect(fromNs <= sinceNs && sinceNs <= timeNs && untilNs <= endNs).toBe(true);
        for (const inside of [sinceNs, untilNs - 1n, fromNs, endNs - 1n])
          expect(bars.slotAt(inside)).toMatchObject({ startNs, fromNs, endNs });
        expect(bars.slotOf(startNs)).toMatchObject({ startNs, fromNs, endNs });
        const next = nextSlot(bars, endNs);
        if (next === undefined) return;
        expect(next.startNs > startNs && next.fromNs >= endNs).toBe(true);
        if (endNs < next.fromNs) expect(bars.slotAt(next.fromNs - 1n).kind).toBe('none');
      }),
      { numRuns: 500 },
    );
  });
});

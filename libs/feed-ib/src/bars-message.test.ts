import { describe, expect, it } from 'vitest';
import { decodeBars } from './bars-message.ts';

function frame(...fields: string[]): Buffer {
  return Buffer.concat([Buffer.alloc(4), Buffer.from(fields.map((field) => `${field}\0`).join(''))]);
}

const HEAD = ['17', '3', '20240108 09:30:00 US/Eastern', '20240108 16:00:00 US/Eastern'];

describe('decodeBars', () => {
  it('reads intraday and daily bars', () => {
    const bars = [
      ...['1704724200', '1', '3', '0.5', '2', '100', '1.5', '7'],
      ...['20240108', '1', '3', '0.5', '2', '-1', '-1', '-1'],
    ];
    expect(decodeBars(frame(...HEAD, '2', ...bars))).toEqual({
      reqId: 3,
      bars: [
        { time: 1_704_724_200, open: 1, high: 3, low: 0.5, close: 2, volume: 100, wap: 1.5, count: 7 },
        { time: 1_704_672_000, open: 1, high: 3, low: 0.5, close: 2, volume: -1, wap: -1, count: -1 },
      ],
    });
    expect(decodeBars(frame(...HEAD, '0'))).toEqual({ reqId: 3, bars: [] });
  });

  it('leaves other messages, and what is not of this layout, to the library', () => {
    expect(decodeBars(frame('9', '1', '1'))).toBeUndefined();
    expect(decodeBars(frame('170', '1'))).toBeUndefined();
    expect(decodeBars(frame(...HEAD, '2', '1704724200', '1'))).toBeUndefined();
    expect(decodeBars(frame(...HEAD, '1', 'soon', '1', '1', '1', '1', '1', '1', '1'))).toBeUndefined();
    expect(decodeBars(frame(...HEAD, '1000000000'))).toBeUndefined();
  });
});

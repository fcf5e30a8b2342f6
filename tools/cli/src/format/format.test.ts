import { describe, expect, it } from 'vitest';
import { parseIsoTime } from '@tickwell/domain';
import { formatBytes, formatCount, formatDuration, formatRate } from './numbers.ts';
import { formatTable } from './table.ts';
import { timeFormat } from './time.ts';

function ns(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('numbers', () => {
  it('are grouped, exact, and take bigint', () => {
    expect(formatCount(100_000)).toBe('100,000');
    expect(formatCount(9_007_199_254_740_993n)).toBe('9,007,199,254,740,993');
  });

  it('durations use the units that matter', () => {
    expect([0, 850, 4_200, 61_000, 7_800_000, 277_200_000].map(formatDuration)).toEqual([
      '0 ms',
      '850 ms',
      '4.2 s',
      '1 min 1 s',
      '2 h 10 min',
      '3 d 5 h',
    ]);
  });

  it('rates and sizes are readable, and a rate that is none is a dash', () => {
    expect([0, 2.5, 18_300, Number.NaN].map(formatRate)).toEqual(['0/s', '2.5/s', '18,300/s', '-']);
    expect([512, 1_500_000].map(formatBytes)).toEqual(['512 B', '1.4 MiB']);
  });
});

describe('formatTable', () => {
  it('aligns columns, numbers to the right, and leaves no trailing blanks', () => {
    const lines = formatTable(
      [{ title: 'symbol' }, { title: 'rows', align: 'right' }, { title: 'why' }],
      [
        ['BTCUSD', '5', ''],
        ['A', '100,000', 'x'],
      ],
    );
    expect(lines).toEqual(['symbol     rows  why', 'BTCUSD        5', 'A       100,000  x']);
  });

  it('does not count colours', () => {
    const [title, coloured, plain] = formatTable(
      [{ title: 'state' }, { title: 'pid' }],
      [
        ['\u001B[32mready\u001B[0m', '1'],
        ['down', '2'],
      ],
    );
    expect(title).toBe('state  pid');
    expect(coloured).toBe('\u001B[32mready\u001B[0m  1');
    expect(plain).toBe('down   2');
  });
});

describe('timeFormat', () => {
  it('writes UTC to the nanosecond', () => {
    expect(timeFormat(undefined)(ns('2024-01-02T03:04:05.123456789Z'))).toBe(
      '2024-01-02T03:04:05.123456789Z',
    );
  });

  it('writes local time with the offset that holds then, across a change of it', () => {
    const format = timeFormat('America/New_York');
    expect(format(ns('2024-03-10T06:59:59.000000001Z'))).toBe('2024-03-10T01:59:59.000000001-05:00');
    expect(format(ns('2024-03-10T07:00:00Z'))).toBe('2024-03-10T03:00:00-04:00');
    expect(timeFormat('Asia/Kolkata')(ns('2024-01-01T00:00:00Z'))).toBe('2024-01-01T05:30:00+05:30');
  });

  it('writes what parses back to the same time, before 1970 too', () => {
    for (const zone of ['America/New_York', 'Asia/Kolkata', 'Europe/London', 'UTC']) {
      for (const text of ['1965-06-01T12:00:00.5Z', '2024-10-27T00:59:59.999999999Z', '2024-10-27T01:00:00Z'])
        expect(ns(timeFormat(zone)(ns(text)))).toBe(ns(text));
    }
  });

  it('names a zone that there is not', () => {
    expect(() => timeFormat('Mars/Olympus')).toThrow('"Mars/Olympus" is no time zone');
  });
});

import {
  Float64,
  makeData,
  makeVector,
  Table,
  tableToIPC,
  TimestampNanosecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { eventsOf, failure, file, items, refusalsOf, source, TRADES } from './fixtures/files.ts';

const NS = 1_385_337_600_123_456_789n;

/** Three rows: A, B without a price, A; the times as instants, or as a wall clock. */
function arrow(timeZone: string | null, format: 'stream' | 'file', tables = 1): Buffer {
  const times = BigInt64Array.of(NS, NS, NS + 1n);
  const ts = makeVector(makeData({ type: new TimestampNanosecond(timeZone), length: 3, data: times }));
  const symbol = vectorFromArray(['A', 'B', 'A'], new Utf8());
  const price = vectorFromArray([1.5, null, 2.5], new Float64());
  const one = new Table({ ts, symbol, price });
  return Buffer.from(tableToIPC(new Table(Array.from({ length: tables }, () => one.batches).flat()), format));
}

/**
 * Written by hyparquet-writer 0.17: columns ts (INT64, ns), symbol, price (nullable), at (TIMESTAMP, ms); the rows of
 * {@link arrow} in two row groups.
 */
const PARQUET = Buffer.from(
  'UEFSMRUEFRAVFEwVAhUAAAAIHBXNWR01tTkTFQYVBBUIXBUEFQAVBBUQFQAVAAAAAgQAAxUGFRgVHFwVBBUAFQQVABUEFQAAAAMDCiQBAAAAQQEAAABCFQYVFBUYXBUEFQIVBBUAFQQVAAAAAwEIHAAAAAAAAPg/FQYVJBUoXBUEFQAVBBUAFQQVAAAAAwMQPHs4joxCAQAAfDiOjEIBAAAVBhUQFRRcFQIVABUCFQAVABUAAAAIHBbNWR01tTkTFQYVDhUSXBUCFQAVAhUAFQQVAAAAAwEFEAEAAABBFQYVFBUYXBUCFQAVAhUAFQQVAAAAAwEIHAAAAAAAAARAFQYVFBUYXBUCFQAVAhUAFQQVAAAAAwEIHH04joxCAQAAFQQZXEgEcm9vdBUIABUEJQAYAnRzABUMJQIYBnN5bWJvbCUAABUKJQIYBXByaWNlABUEJQIYAmF0JRIAFgYZLBlMJggcFQQZJQAQGRgCdHMVAhYEFlgWYCY2JggAACZoHBUMGRUAGRgGc3ltYm9sFQIWBBZCFkYmaAAAJq4BHBUKGRUAGRgFcHJpY2UVAhYEFj4WQiauAQAAJvABHBUEGRUAGRgCYXQVAhYEFk4WUibwAQAAFqYCFgQ2ugIAGUwmwgIcFQQZFQAZGAJ0cxUCFgIWOhY+JsICAAAmgAMcFQwZFQAZGAZzeW1ib2wVAhYCFjgWPCaAAwAAJrwDHBUKGRUAGRgFcHJpY2UVAhYCFj4WQia8AwAAJv4DHBUEGRUAGRgCYXQVAhYCFj4WQib+AwAAFu4BFgI2/gEAKAloeXBhcnF1ZXQZTBwAABwAABwAABwAAABVAQAAUEFSMQ==',
  'base64',
);

const EXPECTED = [`1 A ${NS} 0 1.5 0`, `3 A ${NS + 1n} 0 2.5 0`];

describe('Arrow IPC', () => {
  it.each(['stream', 'file'] as const)(
    'reads a %s to the nanosecond, and refuses a null price by its row',
    async (format) => {
      const path = file(arrow('UTC', format));
      const all = await items(await source({ ...TRADES, path }));
      expect(eventsOf(all)).toEqual(EXPECTED);
      expect(refusalsOf(all)).toMatchObject([
        {
          rule: 'bad-number',
          position: 2n,
          symbol: 'B',
          reason: `${path}: row 2: price empty is not a number`,
        },
      ]);
      expect(JSON.parse(Buffer.from(refusalsOf(all)[0]?.original ?? []).toString())).toEqual({
        ts: String(NS),
        symbol: 'B',
        price: null,
      });
    },
  );

  it('takes times without a zone for wall clocks', async () => {
    const all = await items(
      await source({ ...TRADES, path: file(arrow(null, 'stream')), timeZone: '+01:00' }),
    );
    expect(eventsOf(all)[0]).toBe(`1 A ${NS - 3_600_000_000_000n} 0 1.5 0`);
  });

  it('reads a stream that is cut up to the cut, and says so once', async () => {
    const whole = arrow('UTC', 'stream', 20);
    const all = await items(await source({ ...TRADES, path: file(whole.subarray(0, whole.length / 2)) }));
    expect(eventsOf(all).length).toBeGreaterThan(8);
    expect(refusalsOf(all).at(-1)).toMatchObject({ rule: 'file-truncated' });
    expect(refusalsOf(all).filter((refusal) => refusal.rule === 'file-truncated')).toHaveLength(1);
  });
});

describe('Parquet', () => {
  it('reads all row groups, epoch numbers and typed times', async () => {
    const all = await items(await source({ ...TRADES, path: file(PARQUET) }));
    expect(eventsOf(all)).toEqual(EXPECTED);
    expect(refusalsOf(all)).toMatchObject([{ rule: 'bad-number', position: 2n }]);
    const typed = await items(await source({ ...TRADES, path: file(PARQUET), mapping: { time: 'at' } }));
    expect(eventsOf(typed)).toEqual(['1 A 1385337600123000000 0 1.5 0', '3 A 1385337600125000000 0 2.5 0']);
  });

  it('refuses a file that is cut in half', async () => {
    const half = file(PARQUET.subarray(0, PARQUET.length / 2));
    expect(await failure({ ...TRADES, path: half })).toMatchObject({ code: 'file-corrupt' });
  });
});

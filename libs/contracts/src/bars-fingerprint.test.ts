import { clone, create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { BarsFingerprinter, formatFingerprint, parseFingerprint } from './bars-fingerprint.ts';
import * as events from './events.ts';
import * as queryV1 from './query.ts';

const T0 = 1_700_000_000_000_000_001n;
const MINUTE = 60_000_000_000n;
const PIN = {
  asOfNs: 7n,
  bars: { epoch: 'E_-1', offsets: [3n, 4n] },
  actions: { epoch: 'F', offsets: [0n, 9n] },
};
/** Computed by another implementation (Python's hashlib and struct), by docs/adr/0027-as-known-at.md. */
const EXPECTED = 'tw1.7.E_-1:3,4.F:0,9.ce791582a7423bd043e0ba616d8ec177d091d01bd7711cce51c8830c3a36aea1';

const request = create(queryV1.GetBarsRequestSchema, {
  ...{ symbol: 'AAPL', interval: '1d', range: { startNs: T0 - 1n }, columns: ['open', 'close', 'open'] },
  ...{ adjustment: events.PriceBasis.SPLIT_ADJUSTED, strict: true, asOfNs: 7n, fingerprint: true },
});

const first = { source: 'yahoo', priceBasis: events.PriceBasis.RAW };
const of = (at: number, open: number, low: number, close: number) => ({
  ...{ startNs: [T0 + BigInt(at) * MINUTE], open: [open], high: [3], low: [low], close: [close] },
});
const third = create(queryV1.GetBarsResponseSchema, {
  ...{ source: 'bü', contract: 'ESZ5', priceBasis: events.PriceBasis.SPLIT_ADJUSTED, backfilled: true },
  bars: { ...of(2, 2, 1, 2.5), volume: [7], vwap: [2.125], tradeCount: [12] },
  knownAtNs: [9n],
});

function fingerprint(...messages: readonly queryV1.GetBarsResponse[]): string {
  const hash = new BarsFingerprinter();
  for (const message of messages) hash.add(message);
  return hash.fingerprint(request, PIN);
}

describe('the fingerprint of bars', () => {
  const together = create(queryV1.GetBarsResponseSchema, {
    ...first,
    bars: {
      ...{ startNs: [T0, T0 + MINUTE], open: [1.5, 2], high: [3, 3], low: [0.5, -0], close: [2, 2.25] },
      ...{ volume: [100, Number.NaN], sessionDate: [20_231_114, 20_231_115] },
    },
    knownAtNs: [5n, 6n],
  });

  it('is what its definition says', () => {
    expect(fingerprint(together, third)).toBe(EXPECTED);
  });

  it('does not depend on how the answer is divided, nor on how absence is said', () => {
    const nothing = create(queryV1.GetBarsResponseSchema, {});
    const one = create(queryV1.GetBarsResponseSchema, {
      ...first,
      bars: {
        ...of(0, 1.5, 0.5, 2),
        volume: [100],
        vwap: [Number.NaN],
        tradeCount: [0],
        sessionDate: [20_231_114],
      },
      knownAtNs: [5n],
    });
    const two = create(queryV1.GetBarsResponseSchema, {
      ...first,
      bars: { ...of(1, 2, -0, 2.25), sessionDate: [20_231_115] },
      knownAtNs: [6n],
    });
    expect(fingerprint(nothing, one, two, nothing, third)).toBe(EXPECTED);
    const plus = clone(queryV1.GetBarsResponseSchema, two);
    plus.bars?.low.splice(0, 1, 0);
    expect(fingerprint(one, plus, third)).not.toBe(EXPECTED);
    expect(fingerprint(one, third)).not.toBe(EXPECTED);
    expect(fingerprint(two, one, third)).not.toBe(EXPECTED);
  });

  it('holds what the answer is read as of, and is refused where it is none', () => {
    expect(parseFingerprint(EXPECTED)).toEqual({ ok: true, value: PIN });
    const sha256 = EXPECTED.slice(-64);
    expect(formatFingerprint(PIN, sha256)).toBe(EXPECTED);
    const bad = [
      '',
      'tw1',
      `${EXPECTED}0`,
      EXPECTED.slice(1),
      EXPECTED.replace('.7.', '.0.'),
      `${EXPECTED}.x`,
    ];
    for (const text of [...bad, EXPECTED.replace('E_', "E'"), EXPECTED.replace('3,4', '3,,4')])
      expect(parseFingerprint(text)).toMatchObject({
        ok: false,
        error: expect.stringContaining('is no fingerprint') as string,
      });
  });
});

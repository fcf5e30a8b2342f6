import { InstrumentMap } from '@tickwell/instruments';
import { err, ok, parseIsoTime, TickwellError } from '@tickwell/domain';
import type { FeedJob } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { historyParts, namedInstrument } from './named-instrument.ts';
import type { IbInstrument } from './options.ts';

function at(text: string): bigint {
  const time = parseIsoTime(text);
  if (!time.ok) throw new Error(time.error);
  return time.value;
}

function map(): InstrumentMap {
  const made = new InstrumentMap();
  const vendors = [
    { source: 'ib', symbol: 'FB', to: '2022-06-09' },
    { source: 'ib', symbol: 'META', contract: { conId: 107113386 }, from: '2022-06-09', to: '2025-01-01' },
  ];
  const payloadJson = JSON.stringify({ type: 'stock', currency: 'USD', vendors });
  made.apply({ id: 'META', payloadJson, deleted: false, position: 0n });
  return made;
}

const FB = { symbol: 'META', ibSymbol: 'FB', secType: 'STK', currency: 'USD' };
const META = { symbol: 'META', ibSymbol: 'META', secType: 'STK', currency: 'USD', conId: 107113386 };

describe('an instrument that a job names by its id alone', () => {
  it('has the contract that the map names at the time', () => {
    expect(namedInstrument({ symbol: 'META' }, map(), at('2022-06-08'))).toEqual(ok(FB));
    expect(namedInstrument({ symbol: 'META' }, map(), at('2022-06-09'))).toEqual(ok(META));
    expect(namedInstrument({ symbol: 'META' }, map(), at('2025-01-01'))).toMatchObject({
      ok: false,
      error: { code: 'instrument-not-listed' },
    });
  });

  it('is left as it is where the map says nothing of it, or the job says more', () => {
    expect(namedInstrument({ symbol: 'AAPL' }, map(), 0n)).toEqual(ok({ symbol: 'AAPL' }));
    const own = { symbol: 'META', ibSymbol: 'XYZ' };
    expect(namedInstrument(own, map(), 0n)).toEqual(ok(own));
    expect(historyParts(own, map(), { fromNs: 0n, toNs: 1n }, () => NEVER)).toBeUndefined();
  });

  it('has one job of history for every contract meanwhile', async () => {
    const asked: [IbInstrument, bigint, bigint][] = [];
    const span = { fromNs: at('2022-01-01'), toNs: at('2023-01-01') };
    const parts = historyParts({ symbol: 'META' }, map(), span, (instrument, { fromNs, toNs }) => {
      asked.push([instrument, fromNs, toNs]);
      return NEVER;
    });
    expect(await parts?.()).toMatchObject({ ok: true });
    expect(asked).toEqual([
      [FB, span.fromNs, at('2022-06-09')],
      [META, at('2022-06-09'), span.toNs],
    ]);
    asked.length = 0;
    await historyParts({ symbol: 'AAPL' }, map(), span, (instrument) => {
      asked.push([instrument, 0n, 0n]);
      return NEVER;
    })?.();
    expect(asked).toEqual([[{ symbol: 'AAPL' }, 0n, 0n]]);
  });
});

const NEVER: FeedJob = {
  name: 'never',
  open: () => Promise.resolve(err(new TickwellError('unused', 'not opened'))),
};

import { decodeBarBatch, encodeTickBatch, events, parseMessage, TOPICS } from '@tickwell/contracts';
import {
  emptyQuotes,
  emptyTrades,
  parseInterval,
  type BarBatch,
  type Header,
  type Interval,
  type TickBatch,
} from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BarBuilder } from './bar-builder.ts';
import { defaultSettings, logRecord, ProcessorRun, valuesOf, type Written } from './fixtures/run.ts';
import type { OnUnreadable } from './unreadable.ts';

function interval(text: string): Interval {
  const parsed = parseInterval(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const MINUTE_NS = 60_000_000_000n;
const INTERVALS = ['1m', '5m'].map(interval);
const OPTIONS = { limits: { retainedBars: 3, formingBars: 8 } };

function header(values: Partial<Header> = {}): Header {
  return {
    source: 'file:x',
    symbol: 'AAPL',
    cause: { origin: 'file:1#AAPL', n: 1n, k: 0 },
    knownAtNs: 7n,
    watermarkNs: 0n,
    replayOf: 'md.raw.ticks/0/1/0',
    priceBasis: 'raw',
    ...values,
  };
}

function trades(
  minutes: readonly number[],
  values: Partial<Header> = {},
  prices: readonly number[] = [],
): TickBatch {
  const columns = {
    ...emptyTrades(),
    timeNs: minutes.map((minute) => BigInt(Math.round(minute * 60)) * 1_000_000_000n),
    seq: minutes.map(() => 0n),
    price: minutes.map((_, index) => prices[index] ?? 10),
    size: minutes.map(() => 2),
  };
  return { kind: 'trades', header: header(values), trades: columns, positions: [] };
}

function run(batches: readonly TickBatch[], restart = false): ProcessorRun<unknown> {
  const processor = new ProcessorRun<unknown>(new BarBuilder(OPTIONS), defaultSettings([], INTERVALS), {
    restart,
  });
  batches.forEach((batch, offset) => processor.feed(logRecord('md.ticks', offset, encodeTickBatch(batch))));
  return processor;
}

function barsIn(written: readonly Written[]): BarBatch[] {
  return valuesOf(written, TOPICS.bars.name, (value) => decodeBarBatch(value, false));
}

function findings(written: readonly Written[]): { rule: string; message: string; kind: string }[] {
  return valuesOf(written, TOPICS.quality.name, (value) =>
    parseMessage(events.QualityEventSchema, value),
  ).map(({ kind, event }) => {
    if (event.case !== 'finding') throw new Error('not a finding');
    return { kind, rule: event.value.rule, message: event.value.message };
  });
}

describe('bar builder', () => {
  it('puts out closed bars of each interval, named after their source', () => {
    const { written } = run([trades([0, 0.5, 1], { watermarkNs: MINUTE_NS })]);
    expect(barsIn(written)).toMatchObject([
      {
        header: {
          source: 'derived:file:x',
          symbol: 'AAPL',
          cause: { origin: 'md.ticks@epoch/0', n: 1n, k: 0 },
          knownAtNs: 7n,
          watermarkNs: MINUTE_NS,
          replayOf: '',
          priceBasis: 'raw',
        },
        interval: '1m',
        priceType: 'trade',
        positions: [],
        bars: {
          startNs: [0n],
          open: [10],
          close: [10],
          volume: [4],
          vwap: [10],
          tradeCount: [2],
          sessionDate: [],
        },
      },
    ]);
    expect(written[0]?.record).toMatchObject({ key: 'AAPL', headers: { source: 'derived:file:x' } });
  });

  it('cuts bars of different known-at apart, and lets only the last record of an interval say how far it got', () => {
    const { written } = run([
      trades([0], { knownAtNs: 1n }),
      trades([1, 5], { knownAtNs: 2n, watermarkNs: 5n * MINUTE_NS }),
    ]);
    const seen = barsIn(written).map(({ header: { knownAtNs, watermarkNs }, interval: text, bars }) => [
      text,
      bars.startNs,
      knownAtNs,
      watermarkNs,
    ]);
    expect(seen).toEqual([
      ['1m', [0n], 1n, 0n],
      ['1m', [MINUTE_NS], 2n, 5n * MINUTE_NS],
      ['5m', [0n], 2n, 5n * MINUTE_NS],
    ]);
  });

  it('lets quotes go by: their watermark says nothing of trades', () => {
    const quotes: TickBatch = {
      kind: 'quotes',
      header: header({ watermarkNs: 99n * MINUTE_NS }),
      quotes: emptyQuotes(),
      positions: [],
    };
    expect(run([trades([0]), quotes]).written).toEqual([]);
  });

  it('closes bars by a watermark alone, of its source only', () => {
    const watermark = (source: string): TickBatch => ({
      kind: 'watermark',
      header: header({ source, watermarkNs: MINUTE_NS }),
    });
    const { written } = run([trades([0]), trades([0], { source: 'other' }), watermark('other')]);
    expect(barsIn(written).map((batch) => batch.header.source)).toEqual(['derived:other']);
    expect(run([trades([0]), watermark('file:x')]).written.length).toBe(1);
  });

  it('keeps price bases apart', () => {
    const { written } = run([
      trades([0], {}, [10]),
      trades([0], { priceBasis: 'all' }, [5]),
      { kind: 'watermark', header: header({ watermarkNs: MINUTE_NS }) },
    ]);
    const seen = barsIn(written).map((batch) => [batch.header.priceBasis, batch.bars.open]);
    expect(seen).toEqual([
      ['raw', [10]],
      ['all', [5]],
    ]);
  });

  it('corrects a bar by a late trade, and reports what is too late', () => {
    const steps = [0, 1, 2, 3, 4].map((minute) =>
      trades([minute], { watermarkNs: BigInt(minute) * MINUTE_NS }),
    );
    const late = run([...steps, trades([3.5, 0.5, 3.25], { knownAtNs: 9n })]).written.slice(-2);
    expect(barsIn(late)).toMatchObject([
      {
        interval: '1m',
        header: { knownAtNs: 9n },
        bars: { startNs: [3n * MINUTE_NS], volume: [6], tradeCount: [3] },
      },
    ]);
    expect(findings(late)).toEqual([
      {
        kind: 'trades',
        rule: 'trade-too-late',
        message:
          '1 trades of AAPL (file:x) from 1970-01-01T00:00:30Z to 1970-01-01T00:00:30Z, volume 2, came after their 1m bars were final: no 1m bar holds them',
      },
    ]);
  });

  it('reports trades no bar can hold, bars no watermark closes, and sources beyond the limit', () => {
    expect(findings(run([trades([0], {}, [NaN])]).written).map(({ rule }) => rule)).toEqual([
      'trade-not-usable',
    ]);
    const minutes = Array.from({ length: 9 }, (_, minute) => minute);
    expect(findings(run([trades(minutes)]).written)).toMatchObject([
      { rule: 'watermark-stalled', message: expect.stringContaining('1 1m bars') as string },
    ]);
    const sources = Array.from({ length: 65 }, (_, index) => trades([0], { source: `s${index}` }));
    expect(findings(run(sources).written)).toMatchObject([{ rule: 'too-many-series' }]);
  });

  it('leaves out a record that cannot be read, and says so: its dead letter is that of storage', () => {
    const seen: string[] = [];
    const onUnreadable: OnUnreadable = ({ offset }, { rule }) => seen.push(`${offset} ${rule}`);
    const processor = new ProcessorRun<unknown>(
      new BarBuilder({ ...OPTIONS, onUnreadable }),
      defaultSettings([], INTERVALS),
    );
    expect(processor.feed(logRecord('md.ticks', 41, Uint8Array.of(255, 1, 2)))).toEqual([]);
    expect(seen).toEqual(['41 malformed-protobuf']);
  });

  it('writes the same bytes with a restart before every record', () => {
    const anyBatch = fc
      .record({
        minutes: fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 6 }),
        source: fc.constantFrom('a', 'b'),
        watermark: fc.integer({ min: 0, max: 11 }),
        knownAtNs: fc.bigInt({ min: 1n, max: 5n }),
      })
      .map(({ minutes, source, watermark, knownAtNs }) =>
        trades(
          minutes.map((tenth) => tenth / 60),
          { source, knownAtNs, watermarkNs: BigInt(watermark) * MINUTE_NS },
          minutes,
        ),
      );
    fc.assert(
      fc.property(fc.array(anyBatch, { minLength: 1, maxLength: 12 }), (batches) => {
        expect(run(batches, true).written).toEqual(run(batches).written);
      }),
    );
  });

  it('refuses damaged state and state of another version by a returned error', () => {
    const processor = new BarBuilder(OPTIONS);
    const state = processor.encodeState([]);
    expect(processor.decodeState('AAPL', 3, state)).toEqual({
      ok: false,
      error: 'version 3, this build reads 2',
    });
    expect(processor.decodeState('AAPL', 2, Uint8Array.of(9, 9)).ok).toBe(false);
  });
});

import { decodeIndicatorBatches, encodeBarBatch, events, parseMessage, TOPICS } from '@tickwell/contracts';
import type { BarBatch, IndicatorBatch } from '@tickwell/domain';
import {
  BUILT_IN,
  calculate,
  parseSpecList,
  type IndicatorDefinition,
  type IndicatorInput,
  type IndicatorSpec,
} from '@tickwell/indicators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultSettings,
  logRecord,
  NO_HISTORY,
  ProcessorRun,
  valuesOf,
  type Written,
} from './fixtures/run.ts';
import { StoredHistory } from './fixtures/stored-history.ts';
import { IndicatorEngine } from './indicator-engine.ts';
import { SessionBook } from './sessions.ts';
import type { OnUnreadable } from './unreadable.ts';

function definitionOf(name: string): IndicatorDefinition {
  const definition = BUILT_IN.get(name);
  if (definition === undefined) throw new Error(`there is no ${name}`);
  return definition;
}

const HOUR_NS = 3_600_000_000_000n;
const TEXT = 'sma(3),ema(3),rsi(3),macd(2,4,3),atr(3),bbands(3,2),vwap(utc-day)';
const parsed = parseSpecList(TEXT);
if (!parsed.ok) throw new Error(parsed.errors.map((error) => error.message).join('; '));
const SPECS: readonly IndicatorSpec[] = parsed.specs;
const KEPT = 4;

/** One bar of the hour `at`; the price decides all its numbers. */
interface Hour {
  readonly at: number;
  readonly price: number;
  readonly volume: number;
}

interface Delivery {
  readonly hours: readonly Hour[];
  readonly knownAtNs: bigint;
}

function batch({ hours, knownAtNs }: Delivery, values: Partial<BarBatch> = {}): BarBatch {
  return {
    header: {
      source: 'yahoo',
      symbol: 'AAPL',
      cause: { origin: 'x', n: 1n, k: 0 },
      knownAtNs,
      watermarkNs: 77n,
      replayOf: '',
      priceBasis: 'split-adjusted',
    },
    interval: '1h',
    priceType: 'trade',
    bars: {
      startNs: hours.map(({ at }) => BigInt(at) * HOUR_NS),
      open: hours.map(({ price }) => price),
      high: hours.map(({ price }) => price * 1.25),
      low: hours.map(({ price }) => price * 0.75),
      close: hours.map(({ price }) => price * 1.125),
      volume: hours.map(({ volume }) => volume),
      vwap: [],
      tradeCount: [],
      sessionDate: [],
    },
    positions: [],
    ...values,
  };
}

function engine(keptBars = KEPT, restart = false, specs = SPECS): ProcessorRun<unknown> {
  return new ProcessorRun<unknown>(
    new IndicatorEngine({ history: NO_HISTORY, keptBars }),
    defaultSettings(specs),
    { restart },
  );
}

function run(deliveries: readonly Delivery[], keptBars = KEPT, restart = false): ProcessorRun<unknown> {
  const processor = engine(keptBars, restart);
  deliveries.forEach((delivery, offset) =>
    processor.feed(logRecord('md.bars', offset, encodeBarBatch(batch(delivery)))),
  );
  return processor;
}

function indicatorsIn(written: readonly Written[]): IndicatorBatch[] {
  return valuesOf(written, TOPICS.indicators.name, decodeIndicatorBatches).flat();
}

function findings(written: readonly Written[]): { rule: string; message: string }[] {
  return valuesOf(written, TOPICS.quality.name, (value) =>
    parseMessage(events.QualityEventSchema, value),
  ).map(({ event }) => {
    if (event.case !== 'finding') throw new Error('not a finding');
    return { rule: event.value.rule, message: event.value.message };
  });
}

/** Specification and start → the newest version, as a reader of the store sees it: greatest known-at, then position. */
function newest(
  written: readonly Written[],
): Map<string, { knownAtNs: bigint; warm: boolean; values: number[] }> {
  const seen = new Map<string, { knownAtNs: bigint; warm: boolean; values: number[] }>();
  for (const { header, specId, startNs, warm, outputs } of indicatorsIn(written)) {
    for (const [index, start] of startNs.entries()) {
      const key = `${specId} ${start / HOUR_NS}`;
      const values = outputs.map((output) => output.value[index]!);
      const before = seen.get(key);
      if (before !== undefined && before.knownAtNs > header.knownAtNs) continue;
      seen.set(key, { knownAtNs: header.knownAtNs, warm: warm[index]!, values });
    }
  }
  return seen;
}

/** The same by the library's batch calculation over the bars as they are in the end. */
function wanted(deliveries: readonly Delivery[]): Map<string, number[]> {
  const current = new Map<number, { knownAtNs: bigint; hour: Hour }>();
  for (const { hours, knownAtNs } of deliveries) {
    for (const hour of hours) {
      if ((current.get(hour.at)?.knownAtNs ?? 0n) <= knownAtNs) current.set(hour.at, { knownAtNs, hour });
    }
  }
  const hours = [...current.values()].map(({ hour }) => hour).sort((a, b) => a.at - b.at);
  const inputs = hours.map(({ at, price, volume }): IndicatorInput => {
    const [high, low, close] = [price * 1.25, price * 0.75, price * 1.125];
    return { startNs: BigInt(at) * HOUR_NS, open: price, high, low, close, volume };
  });
  const values = new Map<string, number[]>();
  for (const spec of SPECS) {
    const columns = calculate(spec, inputs);
    hours.forEach(({ at }, row) => {
      values.set(
        `${spec.id} ${at}`,
        columns.map((column) => column[row]!),
      );
    });
  }
  return values;
}

const anyHour = fc.record({
  at: fc.integer({ min: 0, max: 40 }),
  price: fc.oneof(fc.constantFrom(1, 2, 3), fc.double({ min: 0.01, max: 1e4, noNaN: true })),
  volume: fc.integer({ min: 0, max: 1000 }),
});
/** Bars in any order and any versions; later deliveries are mostly, but not always, known later. */
const anyDeliveries = fc
  .array(
    fc.record({
      hours: fc.array(anyHour, { minLength: 1, maxLength: 5 }),
      known: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 16 },
  )
  .map((rows) =>
    rows.map(({ hours, known }, index): Delivery => ({ hours, knownAtNs: BigInt(100 + index - known) })),
  );
/** Mostly onward, with corrections of the last three bars. */
const anyOnward = fc
  .array(
    fc.record({
      hours: fc.array(anyHour, { minLength: 1, maxLength: 4 }),
      back: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((rows) => {
    let last = 0;
    return rows.map(({ hours, back }, index): Delivery => {
      const from = Math.max(0, last - back);
      const placed = hours.map((hour, step) => ({ ...hour, at: from + step }));
      last = Math.max(last, from + hours.length);
      return { hours: placed, knownAtNs: BigInt(100 + index) };
    });
  });

function expectNewest(written: readonly Written[], deliveries: readonly Delivery[]): void {
  const got = newest(written);
  const reference = wanted(deliveries);
  expect([...got.keys()].sort()).toEqual([...reference.keys()].sort());
  for (const [key, values] of reference) {
    expect({ key, values: got.get(key)?.values }).toStrictEqual({ key, values });
    expect(got.get(key)?.warm).toBe(!values.some((value) => Number.isNaN(value)));
  }
}

describe('indicator engine: the same answer every way', () => {
  it('says in the end what a calculation over the final bars says, bit for bit, whatever was corrected', () => {
    fc.assert(
      fc.property(anyDeliveries, (deliveries) => {
        const { written } = run(deliveries, 50);
        expect(findings(written)).toEqual([]);
        expectNewest(written, deliveries);
      }),
    );
  });

  it('does so with a window that moves on', () => {
    fc.assert(
      fc.property(anyOnward, (deliveries) => {
        const { written } = run(deliveries);
        expect(findings(written)).toEqual([]);
        expectNewest(written, deliveries);
      }),
    );
  });

  it('does so bar by bar and in one batch', () => {
    const series = fc.array(anyHour, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(series, (rows) => {
        const hours = rows.map((row, at) => ({ ...row, at }));
        const live = run(hours.map((hour) => ({ hours: [hour], knownAtNs: 5n })));
        const once = run([{ hours, knownAtNs: 5n }]);
        expect(newest(live.written)).toStrictEqual(newest(once.written));
        expectNewest(live.written, [{ hours, knownAtNs: 5n }]);
      }),
    );
  });

  it('writes the same bytes with a restart before every record', () => {
    fc.assert(
      fc.property(fc.oneof(anyDeliveries, anyOnward), fc.constantFrom(1, KEPT), (deliveries, keptBars) => {
        const steady = run(deliveries, keptBars);
        const restarted = run(deliveries, keptBars, true);
        expect(restarted.written).toEqual(steady.written);
      }),
    );
  });
});

const day = (...prices: number[]): Hour[] => prices.map((price, at) => ({ at, price, volume: 1 }));

describe('indicator engine: records', () => {
  it('carry source, basis, watermark and known-at of their bars, one record per specification', () => {
    const { written } = run([{ hours: day(1, 2, 3, 4), knownAtNs: 9n }]);
    const batches = indicatorsIn(written);
    expect(batches.map(({ specId }) => specId)).toEqual(SPECS.map(({ id }) => id));
    expect(batches[0]).toMatchObject({
      header: {
        source: 'yahoo',
        symbol: 'AAPL',
        cause: { origin: 'md.bars@epoch/0', n: 1n, k: 0 },
        knownAtNs: 9n,
        watermarkNs: 77n,
        priceBasis: 'split-adjusted',
      },
      interval: '1h',
      priceType: 'trade',
      specId: 'sma(3,close)',
      startNs: [0n, HOUR_NS, 2n * HOUR_NS, 3n * HOUR_NS],
      warm: [false, false, true, true],
      outputs: [{ name: 'sma', value: [NaN, NaN, 2.25, 3.375] }],
    });
  });

  it('say the greatest known-at up to their bar', () => {
    const { written } = run([
      { hours: day(1), knownAtNs: 9n },
      { hours: day(1, 2).slice(1), knownAtNs: 3n },
    ]);
    expect([...newest(written).values()].every(({ knownAtNs }) => knownAtNs === 9n)).toBe(true);
  });

  it('of a correction hold only what changed', () => {
    const before = run([{ hours: day(1, 2, 3, 4, 5, 6), knownAtNs: 1n }]);
    const correction = batch({ hours: [{ at: 1, price: 9, volume: 1 }], knownAtNs: 2n });
    const written = before.feed(logRecord('md.bars', 1, encodeBarBatch(correction)));
    const sma = indicatorsIn(written).find(({ specId }) => specId === 'sma(3,close)');
    expect(sma).toMatchObject({ header: { knownAtNs: 2n }, startNs: [2n * HOUR_NS, 3n * HOUR_NS] });
    const ema = indicatorsIn(written).find(({ specId }) => specId === 'ema(3,close)');
    expect(ema?.startNs.length).toBe(4);
  });

  it('are none for the same bar again, nor for a version that is known earlier', () => {
    const processor = run([{ hours: day(1, 2, 3, 4, 5), knownAtNs: 5n }]);
    const feed = (delivery: Delivery): Written[] =>
      processor.feed(logRecord('md.bars', 1, encodeBarBatch(batch(delivery))));
    expect(feed({ hours: day(1, 2, 3, 4, 5), knownAtNs: 9n })).toEqual([]);
    expect(feed({ hours: [{ at: 2, price: 8, volume: 1 }], knownAtNs: 4n })).toEqual([]);
    expect(feed({ hours: [{ at: 4, price: 8, volume: 1 }], knownAtNs: 4n })).toEqual([]);
    expect(feed({ hours: [{ at: 4, price: 8, volume: 1 }], knownAtNs: 5n }).length).toBeGreaterThan(0);
  });

  it('keep series apart', () => {
    const processor = engine();
    const one = batch({ hours: day(1, 2, 3), knownAtNs: 1n });
    const others: BarBatch[] = [
      one,
      { ...one, interval: '1d' },
      { ...one, priceType: 'bid' },
      { ...one, header: { ...one.header, source: 'ib' } },
    ];
    const counts = others.map((other, offset) => {
      const written = processor.feed(logRecord('md.bars', offset, encodeBarBatch(other)));
      return indicatorsIn(written).map(({ startNs }) => startNs.length);
    });
    expect(counts).toEqual(others.map(() => SPECS.map(() => 3)));
  });

  it('count a bar without volume as volume 0', () => {
    const one = batch({ hours: day(1, 2), knownAtNs: 1n });
    const written = engine().feed(
      logRecord('md.bars', 0, encodeBarBatch({ ...one, bars: { ...one.bars, volume: [] } })),
    );
    const vwap = indicatorsIn(written).find(({ specId }) => specId.startsWith('vwap'));
    expect(vwap).toMatchObject({ warm: [false, false] });
  });
});

describe('indicator engine: findings', () => {
  it('name bars whose numbers are not finite, and go on with the others', () => {
    const written = engine().feed(
      logRecord(
        'md.bars',
        0,
        encodeBarBatch(batch({ hours: day(1, NaN, Infinity, 1e100, 2), knownAtNs: 1n })),
      ),
    );
    expect(indicatorsIn(written)[0]?.startNs).toEqual([0n, 4n * HOUR_NS]);
    expect(findings(written)).toMatchObject([
      { rule: 'bar-not-usable', message: expect.stringContaining('3 1h') as string },
    ]);
  });

  it('are none for bars of intervals in which nothing was traded or quoted', () => {
    const { bars, ...rest } = batch({ hours: day(1, NaN, 2), knownAtNs: 1n });
    const traded = { ...rest, bars: { ...bars, volume: [1, 0, 1], tradeCount: [1, 0, 1] } };
    const quoted = { ...rest, priceType: 'mid' as const, bars: { ...bars, volume: [], tradeCount: [] } };
    for (const empty of [traded, quoted]) {
      const written = engine().feed(logRecord('md.bars', 0, encodeBarBatch(empty)));
      expect(indicatorsIn(written)[0]?.startNs).toEqual([0n, 2n * HOUR_NS]);
      expect(findings(written)).toEqual([]);
    }
    const broken = { ...traded, bars: { ...traded.bars, volume: [1, 5, 1], tradeCount: [1, 2, 1] } };
    const written = engine().feed(logRecord('md.bars', 0, encodeBarBatch(broken)));
    expect(findings(written).map(({ rule }) => rule)).toEqual(['bar-not-usable']);
  });

  it('name a specification whose kernel throws, and all others go on', () => {
    const touchy: IndicatorDefinition = {
      ...definitionOf('sma'),
      name: 'touchy',
      outputs: ['touchy'],
      create: () => ({
        slots: 0,
        windows: [],
        run(_state, { price }, out, from, to) {
          for (let row = from; row < to; row += 1) {
            if (price[row] === 13 * 1.125) throw new RangeError('thirteen');
            out[row] = price[row] ?? NaN;
          }
        },
      }),
    };
    const own = parseSpecList('touchy(1)', new Map([['touchy', touchy]]));
    if (!own.ok) throw new Error('not a specification');
    const processor = engine(KEPT, false, [...own.specs, ...SPECS.slice(0, 1)]);
    const hours = [12, 13, 14].map((price, at) => ({ at, price, volume: 1 }));
    const written = processor.feed(logRecord('md.bars', 0, encodeBarBatch(batch({ hours, knownAtNs: 1n }))));
    const [finding, ...others] = findings(written);
    expect(others).toEqual([]);
    expect(finding?.rule).toBe('indicator-failed');
    expect(finding?.message).toContain('touchy(1,close): its kernel threw "thirteen"');
    const [first, second] = indicatorsIn(written);
    expect(first?.outputs[0]?.value).toEqual([12 * 1.125, NaN, 14 * 1.125]);
    expect(second?.outputs[0]?.value[2]).toBe(13 * 1.125);
  });

  it('name a series beyond the limit', () => {
    const processor = engine(1, false, SPECS.slice(0, 1));
    const rules = Array.from({ length: 65 }, (_, index) => {
      const other = batch({ hours: day(1), knownAtNs: 1n }, { interval: `${index + 1}m` });
      return findings(processor.feed(logRecord('md.bars', index, encodeBarBatch(other)))).map(
        ({ rule }) => rule,
      );
    });
    expect(rules.filter((rule) => rule.length > 0)).toEqual([['too-many-series']]);
    expect(rules[64]).toEqual(['too-many-series']);
  });

  it('leave out a record that cannot be read, which is said: its dead letter is that of storage', () => {
    const seen: string[] = [];
    const onUnreadable: OnUnreadable = ({ offset }, { rule }) => seen.push(`${offset} ${rule}`);
    const processor = new IndicatorEngine({ history: NO_HISTORY, keptBars: KEPT, onUnreadable });
    expect(
      new ProcessorRun<unknown>(processor, defaultSettings(SPECS)).feed(logRecord('md.bars', 3, null)),
    ).toEqual([]);
    expect(seen).toEqual(['3 missing-header']);
  });
});

/** In hours since 1970; calendars know no year before 2000. */
const HOUR_OF_2024 = 473_352;

describe('indicator engine: sessions', () => {
  const parsedSession = parseSpecList('sma(3),vwap(session)');
  if (!parsedSession.ok) throw new Error('specifications');

  it('of an instrument without a calendar are missed once, and the others go on', () => {
    const processor = engine(KEPT, true, parsedSession.specs);
    const feed = (at: number): Written[] =>
      processor.feed(
        logRecord(
          'md.bars',
          at,
          encodeBarBatch(batch({ hours: [{ at: HOUR_OF_2024 + at, price: 1, volume: 1 }], knownAtNs: 1n })),
        ),
      );
    const first = feed(0);
    expect(indicatorsIn(first).map(({ specId }) => specId)).toEqual(['sma(3,close)']);
    expect(findings(first)).toEqual([
      {
        rule: 'no-calendar',
        message:
          '1 1h trade bars of AAPL (yahoo) from 2024-01-01T00:00:00Z on have no vwap(session,vwap), which goes by sessions: give the instrument a calendar (tickwell instrument add AAPL --calendar XNYS)',
      },
    ]);
    expect(findings(feed(1))).toEqual([]);
    processor.settings = { ...processor.settings, sessions: new SessionBook(() => '24-7') };
    expect(indicatorsIn(feed(2)).map(({ specId, startNs }) => [specId, startNs.length])).toEqual([
      ['sma(3,close)', 1],
      ['vwap(session,vwap)', 3],
    ]);
    processor.settings = defaultSettings(parsedSession.specs);
    expect(findings(feed(3)).map(({ rule }) => rule)).toEqual(['no-calendar']);
  });
});

/** States of build 1, of `ema(3)` with 4 bars kept over 3 and 9 hours: stored checkpoints look like this, so these may not be edited to fit. */
const STATES_1 = {
  short:
    'AQV5YWhvbwIxaACmAQAAAAMAAoCAxYvG0QEAgIDFi8bRAQAAAAAAAADwPwAAAAAAAPQ/AAAAAAAA6D8AAAAAAADyPwAAAAAAAPA/AAAAAAAA+H8AAAAAAAAAQAAAAAAAAARAAAAAAAAA+D8AAAAAAAACQAAAAAAAAPA/AAAAAAAA+H8AAAAAAAAIQAAAAAAAAA5AAAAAAAAAAkAAAAAAAAALQAAAAAAAAPA/AAAAAAAA+H8=',
  long: 'AQV5YWhvbwIxaADqAgGAgM+i0vQEAgEMZW1hKDMsY2xvc2UpOQEBDGVtYSgzLGNsb3NlKQQBAAAAAAAACEAAAAAAAAALQAAAAAAAAAhAAAAAAAAAAkAAAAAAAAALQAWAgJSumMYGAoCAxYvG0QEAgIDFi8bRAQCAgMWLxtEBAICAxYvG0QEAAAAAAAAAFEAAAAAAAAAZQAAAAAAAAA5AAAAAAACAFkAAAAAAAADwPwAAAAAAAPh/AAAAAAAAGEAAAAAAAAAeQAAAAAAAABJAAAAAAAAAG0AAAAAAAADwPwAAAAAAAPh/AAAAAAAAHEAAAAAAAIAhQAAAAAAAABVAAAAAAACAH0AAAAAAAADwPwAAAAAAAPh/AAAAAAAAIEAAAAAAAAAkQAAAAAAAABhAAAAAAAAAIkAAAAAAAADwPwAAAAAAAPh/AAAAAAAAIkAAAAAAAIAmQAAAAAAAABtAAAAAAABAJEAAAAAAAADwPwAAAAAAAPh/',
};

describe('indicator engine: state', () => {
  const grown = run([{ hours: day(1, 2, 3, 4, 5, 6, 7, 8, 9), knownAtNs: 1n }]).state;
  const only = parseSpecList('ema(3)');
  if (!only.ok) throw new Error('specification');

  it('that is damaged or of a later version is a returned error', () => {
    const processor = new IndicatorEngine({ history: NO_HISTORY, keptBars: KEPT });
    const bytes = processor.encodeState(grown as ReturnType<typeof processor.createState>);
    expect(processor.decodeState('AAPL', 2, bytes).ok).toBe(true);
    expect(processor.decodeState('AAPL', 3, bytes).ok).toBe(false);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(processor.decodeState('AAPL', 2, bytes.subarray(0, length)).ok).toBe(false);
    }
  });

  it.each([
    [STATES_1.short, 3],
    [STATES_1.long, 9],
  ])('of build 1 goes on bit for bit', (base64, at) => {
    const processor = engine(KEPT, false, only.specs);
    const decoded = new IndicatorEngine({ history: NO_HISTORY, keptBars: KEPT }).decodeState(
      'AAPL',
      1,
      Buffer.from(base64, 'base64'),
    );
    if (!decoded.ok) throw new Error(decoded.error);
    processor.state = decoded.value;
    const next = { hours: [{ at, price: at + 1, volume: 1 }], knownAtNs: 2n };
    const written = processor.feed(logRecord('md.bars', 1, encodeBarBatch(batch(next))));
    const all = { hours: day(...Array.from({ length: at + 1 }, (_, hour) => hour + 1)), knownAtNs: 2n };
    expect([...newest(written)]).toMatchObject([
      [`ema(3,close) ${at}`, { values: wanted([all]).get(`ema(3,close) ${at}`)! }],
    ]);
  });

  it('says nothing of a specification whose snapshot another build made, until it is computed over history', async () => {
    const written: Written[] = [];
    const history = new StoredHistory(written, 3);
    const processor = new ProcessorRun<unknown>(
      new IndicatorEngine({ keptBars: KEPT, history }),
      defaultSettings(only.specs),
      { written },
    );
    const feed = (from: number, count: number): number => {
      const hours = Array.from({ length: count }, (_, at) => ({
        at: from + at,
        price: from + at + 1,
        volume: 1,
      }));
      const bars = batch({ hours, knownAtNs: 1n });
      history.take(bars);
      return processor.feed(logRecord('md.bars', from, encodeBarBatch(bars))).length;
    };
    feed(0, 9);
    const engineOfNow = new IndicatorEngine({ keptBars: KEPT, history });
    const bytes = Buffer.from(
      engineOfNow.encodeState(processor.state as ReturnType<typeof engineOfNow.createState>),
    );
    // Revision 1 of the formula as if it were another one.
    const at = bytes.indexOf('0101' + Buffer.from('\u000cema(3,close)').toString('hex'), 'hex');
    bytes[at + 1] = 9;
    const decoded = engineOfNow.decodeState('AAPL', 2, bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    processor.state = decoded.value;
    expect(feed(9, 2)).toBe(0);
    expect(await processor.prepare()).toBe(true);
    expect(await processor.prepare()).toBe(false);
    const all = { hours: day(...Array.from({ length: 11 }, (_, hour) => hour + 1)), knownAtNs: 1n };
    for (const hour of [9, 10]) {
      const key = `ema(3,close) ${hour}`;
      expect(newest(written).get(key)?.values).toStrictEqual(wanted([all]).get(key));
    }
  });
});

import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import { BUILT_IN, calculateTechnicalIndicators, parseSpec, type IndicatorSpec } from '@tickwell/indicators';
import { describe, expect, it } from 'vitest';
import { MAX_ROWS_PER_MESSAGE } from '../chunks.ts';
import {
  barRows,
  MINUTE_NS,
  randomBars,
  valueRows,
  type TestBar,
  type TestValues,
} from '../fixtures/bar-series.ts';
import { World, startService } from '../fixtures/world.ts';

type Init = Parameters<typeof create<typeof queryV1.GetIndicatorsRequestSchema>>[1];

const { STORED, COMPUTED } = queryV1.IndicatorMode;
const EVERY_SPEC = [...BUILT_IN.values()].flatMap(({ examples }) => examples);
/** By how far back they depend on bars: those of a window are read from a later bar on. */
const BATCHES: readonly (readonly [readonly string[]])[] = [
  ...Map.groupBy(EVERY_SPEC, (spec) => parsedOf(spec).memory).values(),
].flatMap((specs) =>
  Array.from({ length: Math.ceil(specs.length / 60) }, (_, n) => [specs.slice(n * 60, n * 60 + 60)]),
);

async function ask(world: World, init: Init): Promise<queryV1.GetIndicatorsResponse[]> {
  await using service = await startService(world.service());
  const request = create(queryV1.GetIndicatorsRequestSchema, {
    symbol: 'A',
    interval: '1m',
    source: 'test',
    ...init,
  });
  const answers: queryV1.GetIndicatorsResponse[] = [];
  const call = { signal: new AbortController().signal };
  for await (const answer of service.calls.getIndicators(request, call)) answers.push(answer);
  return answers;
}

/** "start output value" of every value of one specification; "-" where it is not warm. Texts of doubles keep every bit but the sign of 0. */
function texts(answers: readonly queryV1.GetIndicatorsResponse[], specId: string): string[] {
  return answers
    .filter((answer) => answer.specId === specId)
    .flatMap(({ startNs, warm, outputs }) =>
      startNs.map((start, row) => {
        const values = outputs.map(({ name, value }) => `${name} ${bits(value[row] ?? 0)}`);
        return `${start} ${warm[row] === true ? values.join(' ') : '-'}`;
      }),
    );
}

function bits(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The same of calculateTechnicalIndicators over the whole history. */
function expected(bars: readonly TestBar[], spec: string): string[] {
  const column = (of: (bar: TestBar) => number): Float64Array => Float64Array.from(bars, of);
  const frame = {
    timeNs: BigInt64Array.from(bars, ({ startNs }) => startNs),
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    volume: column(({ volume }) => volume),
    sessionDate: column(() => 20240102),
  };
  const found = calculateTechnicalIndicators(frame, spec);
  if (!found.ok) throw new Error(found.error);
  const { columns } = found.value;
  return bars.map(({ startNs }, row) => {
    const values = columns.map(({ name, values: all }) => {
      const output = columns.length === 1 ? idOf(spec).split('(')[0] : name.slice(name.lastIndexOf('.') + 1);
      return `${output} ${bits(all[row] ?? 0)}`;
    });
    return `${startNs} ${values.some((text) => text.endsWith('NaN')) ? '-' : values.join(' ')}`;
  });
}

function parsedOf(text: string): IndicatorSpec {
  const parsed = parseSpec(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.spec;
}

function idOf(text: string): string {
  return parsedOf(text).id;
}

function outputsOf(rows: readonly string[]): string[] {
  // A single output is named after its indicator in the frame.
  return rows.map((row) => row.replace(/^(\d+) \S+ (\S+)$/, '$1 $2'));
}

async function worldOf(...parts: readonly ReturnType<typeof barRows>[]): Promise<World> {
  const world = new World();
  await world.store.write(parts);
  return world;
}

describe('GetIndicators, computed', () => {
  const bars = randomBars(1, 400);
  /** In the years that calendars know. */
  const FIRST_NS = 1_704_188_460_000_000_000n;
  const dated = randomBars(1, 400, MINUTE_NS, FIRST_NS);

  it.each(BATCHES)('gives what the whole history gives, whatever range is asked for: %s', async (specs) => {
    const world = await worldOf(barRows(dated, { symbol: 'A' }));
    const check = async (init: Init, from: number, to: number): Promise<void> => {
      const answers = await ask(world, { specs: [...specs], calendar: '24-7', ...init });
      for (const spec of specs) {
        const found = outputsOf(texts(answers, idOf(spec)));
        expect(found, spec).toEqual(outputsOf(expected(dated, spec)).slice(from, to));
      }
    };
    const minute = (n: number): bigint => FIRST_NS + BigInt(n) * MINUTE_NS;
    await check({}, 0, 400);
    for (const [from, to] of [
      [0, 1],
      [1, 40],
      [5, 9],
      [130, 131],
      [399, 500],
    ] as const)
      await check({ range: { startNs: minute(from), endNs: minute(to) } }, from, to);
    await check({ limit: 7n }, 0, 7);
    await check({ limit: 7n, newest: true }, 393, 400);
    await check({ limit: 3n, newest: true, range: { endNs: minute(200) } }, 197, 200);
  });

  it('several in one call, in messages of bounded size, which say what they are', async () => {
    const many = randomBars(2, 2 * MAX_ROWS_PER_MESSAGE + 10);
    const world = await worldOf(barRows(many, { symbol: 'A' }));
    const answers = await ask(world, { specId: 'SMA(20)', specs: ['macd(12,26,9)', 'ema(9,rsi(14))'] });
    for (const { startNs, mode, anchorNs, priceBasis } of answers) {
      expect(startNs.length).toBeLessThanOrEqual(MAX_ROWS_PER_MESSAGE);
      expect({ mode, anchorNs, priceBasis }).toEqual({
        mode: COMPUTED,
        anchorNs: 0n,
        priceBasis: events.PriceBasis.RAW,
      });
    }
    expect([...new Set(answers.map(({ specId }) => specId))]).toEqual([
      'sma(20,close)',
      'macd(12,26,9,close)',
      'ema(9,rsi(14,close))',
    ]);
    expect(outputsOf(texts(answers, 'ema(9,rsi(14,close))'))).toEqual(
      outputsOf(expected(many, 'ema(9,rsi(14))')),
    );
    expect(texts(answers, 'macd(12,26,9,close)')).toEqual(expected(many, 'macd(12,26,9)'));
  });

  it('reads no more than a window of bars where nothing older matters', async () => {
    const world = await worldOf(barRows(bars, { symbol: 'A' }));
    const starts: (bigint | undefined)[] = [];
    const own = world.store.bars.bind(world.store);
    const reader = Object.assign(world.store, {
      bars: (query: Parameters<typeof own>[0]) => {
        if (query.limit === undefined) starts.push(query.startNs);
        return own(query);
      },
    });
    expect(reader).toBe(world.store);
    const range = { startNs: 300n * MINUTE_NS };
    await ask(world, { specs: ['sma(20)', 'zscore(5)'], range });
    await ask(world, { specs: ['sma(20)', 'ema(5)'], range });
    expect(starts).toEqual([281n * MINUTE_NS, undefined]);
  });

  it('keeps sources apart, and takes "best" as one series', async () => {
    const other = randomBars(3, 100);
    const world = await worldOf(
      barRows(bars.slice(50), { symbol: 'A', source: 'one' }),
      barRows(other, { symbol: 'A', source: 'two' }),
    );
    const each = await ask(world, { specId: 'ema(5)', source: '' });
    const of = (source: string): string[] =>
      outputsOf(
        texts(
          each.filter((answer) => answer.source === source),
          'ema(5,close)',
        ),
      );
    expect(of('one')).toEqual(outputsOf(expected(bars.slice(50), 'ema(5)')));
    expect(of('two')).toEqual(outputsOf(expected(other, 'ema(5)')));
    expect(new Set(each.map(({ anchorNs }) => anchorNs))).toEqual(new Set([0n, 50n * MINUTE_NS]));
    const best = await ask(world, { specId: 'ema(5)', source: 'best' });
    expect(outputsOf(texts(best, 'ema(5,close)'))).toEqual(
      outputsOf(expected([...other.slice(0, 50), ...bars.slice(50)], 'ema(5)')),
    );
    expect(new Set(best.map(({ source }) => source))).toEqual(new Set(['one', 'two']));
  });

  it('answers by what was known at a time, and since when', async () => {
    const late = bars.slice(10, 20).map((bar) => ({ ...bar, close: bar.close + 1, high: bar.high + 1 }));
    const world = await worldOf(
      barRows(bars.slice(0, 40), { symbol: 'A', knownAtNs: 5n }),
      barRows(late, { symbol: 'A', knownAtNs: 90n * MINUTE_NS }),
    );
    const then = await ask(world, { specId: 'ema(5)', asOfNs: 60n * MINUTE_NS });
    expect(outputsOf(texts(then, 'ema(5,close)'))).toEqual(outputsOf(expected(bars.slice(0, 40), 'ema(5)')));
    expect(then.flatMap(({ knownAtNs }) => knownAtNs).every((known) => known === 5n)).toBe(true);
    const now = await ask(world, { specId: 'ema(5)' });
    const corrected = [...bars.slice(0, 10), ...late, ...bars.slice(20, 40)];
    expect(outputsOf(texts(now, 'ema(5,close)'))).toEqual(outputsOf(expected(corrected, 'ema(5)')));
    const later = await ask(world, { specId: 'ema(5)', asOfNs: 100n * MINUTE_NS });
    expect(later.flatMap(({ knownAtNs }) => knownAtNs)).toEqual(
      bars.slice(0, 40).map((_, row) => (row < 10 ? 5n : 90n * MINUTE_NS)),
    );
  });

  it('leaves out bars with numbers that no indicator can use, and counts them', async () => {
    const broken = bars.slice(0, 60).map((bar, row) => (row === 30 ? { ...bar, close: Number.NaN } : bar));
    const usable = broken.filter((_, row) => row !== 30);
    const world = await worldOf(barRows(broken, { symbol: 'A' }));
    for (const spec of ['sma(5)', 'ema(5)']) {
      const id = idOf(spec);
      const all = await ask(world, { specId: spec });
      expect(all.at(-1)?.unusableBars).toBe(1n);
      expect(outputsOf(texts(all, id))).toEqual(outputsOf(expected(usable, spec)));
      // The window before this range holds the broken bar: reading begins further back.
      const part = await ask(world, { specId: spec, range: { startNs: 32n * MINUTE_NS } });
      expect(outputsOf(texts(part, id))).toEqual(outputsOf(expected(usable, spec)).slice(31));
    }
  });

  it.each(['50tick', '5000volume', '1000000dollar'])('of bars of %s', async (interval) => {
    // They start when the one before is full, at no even times.
    const filled = dated.slice(0, 60).map((bar, n) => ({ ...bar, startNs: bar.startNs + BigInt(n * n) }));
    const world = await worldOf(barRows(filled, { symbol: 'A', interval }));
    const specs = ['rsi(14)', 'sma(5)', 'vwap(session)'];
    const answers = await ask(world, { specs, interval, calendar: '24-7' });
    for (const spec of specs)
      expect(outputsOf(texts(answers, idOf(spec)))).toEqual(outputsOf(expected(filled, spec)));
    // What the service of indicators asks before it warms up.
    expect(await ask(world, { specId: 'rsi(14)', interval, limit: 1n, mode: STORED })).toEqual([]);
    for (const specId of ['rsi(3)@1h', 'ratio(close@B)'])
      await expect(ask(world, { specId, interval })).rejects.toThrow(
        `and ${interval} bars do not say when they are over: ask for it of bars by time`,
      );
    await expect(ask(world, { specId: `rsi(3)@${interval}` })).rejects.toThrow(
      'after the last @ comes an interval',
    );
  });

  it('has no value by sessions of bars outside of the years of the calendar, and all the others', async () => {
    const old = bars.slice(0, 20);
    const world = await worldOf(barRows([...old, ...dated.slice(0, 30)], { symbol: 'A' }));
    const answers = await ask(world, { specs: ['vwap(session)', 'sma(5)'], calendar: '24-7' });
    expect(texts(answers, 'sma(5,close)')).toHaveLength(50);
    expect(outputsOf(texts(answers, idOf('vwap(session)')))).toEqual(
      outputsOf(expected(dated.slice(0, 30), 'vwap(session)')),
    );
  });

  it('is not warm where there are too few bars', async () => {
    const world = await worldOf(barRows(bars.slice(0, 3), { symbol: 'A' }));
    const [answer] = await ask(world, { specId: 'rsi(14)' });
    expect(answer).toMatchObject({ warm: [false, false, false], outputs: [{ value: [NaN, NaN, NaN] }] });
  });

  it('reads no further than its reader does, and stops where nobody waits any more', async () => {
    const many = randomBars(6, 30_000);
    const world = await worldOf(barRows(many, { symbol: 'A' }));
    let chunks = 0;
    const own = world.store.bars.bind(world.store);
    Object.assign(world.store, {
      async *bars(query: Parameters<typeof own>[0]) {
        for await (const chunk of own(query)) {
          chunks += 1;
          yield chunk;
        }
      },
    });
    await using service = await startService(world.service());
    const specs = Array.from({ length: 60 }, (_, n) => `zscore(${1_000 + n})`);
    const request = create(queryV1.GetIndicatorsRequestSchema, { symbol: 'A', interval: '1m', specs });
    const gone = new AbortController();
    const answers = service.calls.getIndicators(request, { signal: gone.signal });
    await answers.next();
    // One of them for the anchor.
    expect(chunks).toBe(2);
    gone.abort();
    const rest = async (): Promise<void> => {
      while ((await answers.next()).done !== true);
    };
    await expect(rest()).rejects.toThrow(/aborted|nobody waits/);
    expect(chunks).toBeLessThan(5);
  });

  it('gives back what it took when the reader leaves', async () => {
    const world = await worldOf(barRows(bars.slice(0, 2), { symbol: 'A' }));
    await using service = await startService(world.service());
    const request = create(queryV1.GetIndicatorsRequestSchema, {
      symbol: 'A',
      interval: '1m',
      specId: 'ema(5)',
    });
    for (let n = 0; n < 5_000; n += 1) {
      const answers = service.calls.getIndicators(request, { signal: new AbortController().signal });
      await answers.next();
      await answers.return(undefined);
    }
    expect(await ask(world, { specId: 'ema(5)' })).not.toEqual([]);
  });
});

describe('GetIndicators, stored or computed', () => {
  const bars = randomBars(4, 100);
  const specId = 'ema(5,close)';

  /** Values that are recognisably the store's: the real ones and 1. */
  function values(from: number, to: number): TestValues {
    const startNs = bars.slice(from, to).map((bar) => bar.startNs);
    const outputs = [{ name: 'ema', value: startNs.map((ns) => Number(ns / MINUTE_NS)) }];
    return { specId, startNs, warm: startNs.map(() => true), outputs };
  }

  async function worldWith(...parts: readonly TestValues[]): Promise<World> {
    const world = await worldOf(barRows(bars, { symbol: 'A' }));
    for (const part of parts) await world.store.write(valueRows(part, { symbol: 'A' }));
    return world;
  }

  const modes = async (world: World, init: Init = {}): Promise<queryV1.IndicatorMode[]> => [
    ...new Set((await ask(world, { specId: 'EMA(5)', ...init })).map(({ mode }) => mode)),
  ];

  it('takes what is stored where it is whole', async () => {
    const world = await worldWith(values(0, 100));
    expect(await modes(world)).toEqual([STORED]);
    expect(await modes(world, { range: { startNs: 20n * MINUTE_NS } })).toEqual([STORED]);
    expect(await modes(world, { limit: 5n, newest: true })).toEqual([STORED]);
    expect(await modes(world, { source: '' })).toEqual([STORED]);
    expect(await modes(world, { mode: COMPUTED })).toEqual([COMPUTED]);
    expect(await modes(world, { asOfNs: 1_000n * MINUTE_NS })).toEqual([COMPUTED]);
    const stored = await ask(world, { specId: 'ema(5)', mode: STORED, asOfNs: 1_000n * MINUTE_NS });
    expect(stored.map(({ mode }) => mode)).toEqual([STORED]);
    expect(stored.flatMap(({ knownAtNs }) => knownAtNs)).toEqual(bars.map(() => 1n));
    expect(await modes(world, { source: 'best' })).toEqual([COMPUTED]);
    const [answer] = await ask(world, { specId, limit: 2n });
    expect(answer).toMatchObject({ specId, mode: STORED, anchorNs: 0n, outputs: [{ value: [0, 1] }] });
    const both = await ask(world, { specs: ['ema(5)', 'sma(5)'] });
    expect(both).toMatchObject([
      { specId, mode: COMPUTED, batch: 1n },
      { specId: 'sma(5,close)', mode: COMPUTED, batch: 1n },
    ]);
  });

  it('computes all of it where some is missing: at the beginning, in the middle, at the end', async () => {
    expect(await modes(await worldWith(values(10, 100)))).toEqual([COMPUTED]);
    expect(await modes(await worldWith(values(10, 100)), { range: { startNs: 50n * MINUTE_NS } })).toEqual([
      COMPUTED,
    ]);
    const hole = await worldWith(values(0, 40), values(41, 100));
    expect(await modes(hole)).toEqual([COMPUTED]);
    expect(await modes(hole, { range: { startNs: 41n * MINUTE_NS } })).toEqual([STORED]);
    expect(await modes(await worldWith(values(0, 99)))).toEqual([COMPUTED]);
    const partly = await ask(hole, { specId: 'ema(5)', mode: STORED });
    expect(partly.flatMap(({ startNs }) => startNs)).toHaveLength(99);
  });

  it('answers what it cannot compute from the store', async () => {
    const own = { ...values(0, 5), specId: 'mine(3)' };
    const world = await worldWith(own);
    expect(await modes(world, { specId: 'mine(3)' })).toEqual([STORED]);
    const bare = new World();
    await bare.store.write(valueRows(values(0, 5), { symbol: 'A' }));
    expect(await modes(bare)).toEqual([STORED]);
  });

  it('has outputs in the order of their indicator', async () => {
    const world = await worldOf(barRows(bars, { symbol: 'A' }));
    const outputs = ['macd', 'signal', 'histogram'].map((name) => ({ name, value: bars.map(() => 1) }));
    const stored = { ...values(0, 100), specId: 'macd(12,26,9,close)', outputs };
    await world.store.write(valueRows(stored, { symbol: 'A' }));
    for (const mode of [STORED, COMPUTED]) {
      const [answer] = await ask(world, { specId: 'macd(12,26,9)', mode });
      expect(answer?.outputs.map(({ name }) => name)).toEqual(['macd', 'signal', 'histogram']);
    }
  });
});

describe('GetIndicators refuses', () => {
  it.each<[string, Init, string]>([
    ['no specification', { specId: '' }, 'spec_id is empty'],
    ['an unknown one', { specId: 'magic(3)' }, 'names no indicator with "magic"; known are ad, '],
    ['an unknown one among others', { specs: ['sma(5)', 'sma(0)'] }, 'period "0", allowed is'],
    ['a specification twice', { specs: ['sma(5)', 'SMA( 5 , close)'] }, 'asked for twice'],
    ['too many', { specs: Array.from({ length: 65 }, (_, n) => `sma(${n + 1})`) }, 'at most 64'],
    ['an interval that is none', { specId: 'sma(5)', interval: '7x' }, '"7x" is not an interval'],
    [
      'another symbol',
      { specId: 'sma(5)', symbol: 'B' },
      'B has no 1m trade bars from test to compute indicators of: none',
    ],
    [
      'another interval',
      { specId: 'sma(5)', interval: '1d' },
      'A has no 1d trade bars from test to compute indicators of: its bars are 1m trade (test)',
    ],
    [
      'stored values of best',
      { specId: 'sma(5)', source: 'best', mode: STORED },
      'mode STORED goes without source "best"',
    ],
    ['newest without limit', { specId: 'sma(5)', newest: true }, 'newest without limit'],
    ['sessions without a calendar', { specId: 'vwap(session)' }, 'A has no calendar'],
    ['an unknown calendar', { specId: 'vwap(session)', calendar: 'XXXX' }, 'XXXX'],
    ['strict alone', { specId: 'sma(5)', strict: true }, 'strict is of a time'],
  ])('%s', async (_name, init, message) => {
    const world = await worldOf(barRows(randomBars(5, 10), { symbol: 'A' }));
    await expect(ask(world, init)).rejects.toThrow(message);
  });
});

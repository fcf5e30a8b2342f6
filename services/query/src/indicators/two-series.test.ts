import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { BUILT_IN, calculate, parseSpec, type IndicatorInput } from '@tickwell/indicators';
import { describe, expect, it } from 'vitest';
import { barRows, MINUTE_NS, randomBars, type TestBar } from '../fixtures/bar-series.ts';
import { World, startService } from '../fixtures/world.ts';
import { parseAskedSeries } from './two-series-spec.ts';

type Init = Parameters<typeof create<typeof queryV1.GetIndicatorsRequestSchema>>[1];

async function ask(world: World, init: Init): Promise<queryV1.GetIndicatorsResponse[]> {
  await using service = await startService(world.service());
  const base = { symbol: 'A', interval: '1m', source: 'test' };
  const request = create(queryV1.GetIndicatorsRequestSchema, { ...base, ...init });
  const answers: queryV1.GetIndicatorsResponse[] = [];
  for await (const answer of service.calls.getIndicators(request, { signal: new AbortController().signal }))
    answers.push(answer);
  return answers;
}

/** [minute, values of all outputs]; undefined: not warm. */
type Row = readonly [minute: number, value: readonly number[] | undefined];

function rows(answers: readonly queryV1.GetIndicatorsResponse[], specId?: string): Row[] {
  return answers
    .filter((answer) => specId === undefined || answer.specId === specId)
    .flatMap(({ startNs, warm, outputs }) =>
      startNs.map((start, row): Row => {
        const values = outputs.map(({ value }) => value[row] ?? NaN);
        return [Number(start / MINUTE_NS), warm[row] === true ? values : undefined];
      }),
    );
}

function calculated(spec: string, inputs: readonly IndicatorInput[]): (readonly number[] | undefined)[] {
  const parsed = parseSpec(spec);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const columns = calculate(parsed.spec, inputs);
  return inputs.map((_, row) => {
    const values = columns.map((column) => column[row] ?? NaN);
    return values.some(Number.isNaN) ? undefined : values;
  });
}

/** Every third bar is missing, other than of the other one. */
const A = randomBars(1, 300).filter((_, n) => n % 3 !== 0);
const B = randomBars(2, 300).filter((_, n) => n % 5 !== 0);
const IN_B = new Map(B.map((bar) => [bar.startNs, bar]));
const COMMON = A.flatMap((bar): [TestBar, TestBar][] => {
  const other = IN_B.get(bar.startNs);
  return other === undefined ? [] : [[bar, other]];
});

async function world(): Promise<World> {
  const made = new World();
  await made.store.write([barRows(A, { symbol: 'A' }), barRows(B, { symbol: 'B/USD' })]);
  return made;
}

describe('indicators of two instruments', () => {
  it.each([
    // As one bar of both: the number of the other one where it is read.
    ['beta(10,close@B/USD)', 'beta(10,close@B/USD,close)', 'beta(10,open,close)', 'close'],
    ['correl(20,close@B/USD)', 'correl(20,close@B/USD,close)', 'correl(20,open,close)', 'close'],
    ['spread(1.5,close@B/USD)', 'spread(1.5,close@B/USD,close)', 'spread(1.5,open,close)', 'close'],
    ['ratio(high@B/USD, open)', 'ratio(high@B/USD,open)', 'ratio(volume,open)', 'high'],
    [
      'ZScore(15, Spread(2,close@B/USD))',
      'zscore(15,spread(2,close@B/USD,close))',
      'zscore(15,spread(2,open,close))',
      'close',
    ],
    ['ema(5,ratio(hl2@B/USD))', 'ema(5,ratio(hl2@B/USD,close))', 'ema(5,ratio(open,close))', 'hl2'],
  ])('%s, at the starts that both have', async (text, id, ofOneBar, number) => {
    const field = ofOneBar.includes('volume') ? 'volume' : 'open';
    const inputs = COMMON.map(([bar, other]) => {
      const { high, low, close } = other;
      const numbers: Record<string, number> = { close, high, hl2: (high + low) / 2 };
      return { ...bar, [field]: numbers[number] ?? NaN };
    });
    const wanted = calculated(ofOneBar, inputs).map((value, at): Row => [
      Number((COMMON[at]?.[0].startNs ?? 0n) / MINUTE_NS),
      value,
    ]);
    const stored = await world();
    const answers = await ask(stored, { specId: text });
    expect(answers[0]).toMatchObject({ specId: id, mode: queryV1.IndicatorMode.COMPUTED });
    expect(rows(answers)).toEqual(wanted);
    // The range changes nothing.
    const range = { startNs: 100n * MINUTE_NS, endNs: 200n * MINUTE_NS };
    expect(rows(await ask(stored, { specId: text, range }))).toEqual(
      wanted.filter(([at]) => at >= 100 && at < 200),
    );
    // What is canonical means the same.
    expect(rows(await ask(stored, { specId: id }))).toEqual(wanted);
  });

  it('beside those of one, which have all bars', async () => {
    const answers = await ask(await world(), { specs: ['sma(3)', 'ratio(close@B/USD)'] });
    expect(rows(answers, 'sma(3,close)')).toHaveLength(A.length);
    expect(rows(answers, 'ratio(close@B/USD,close)')).toHaveLength(COMMON.length);
    expect(new Set(answers.map(({ batch }) => batch)).size).toBe(1);
  });

  it('of the instrument itself are one', async () => {
    const answers = await ask(await world(), { specs: ['ratio(close@A)', 'spread(1,close@A)'] });
    expect(new Set(rows(answers, 'ratio(close@A,close)').map(([, value]) => value?.[0]))).toEqual(
      new Set([1]),
    );
    expect(new Set(rows(answers, 'spread(1,close@A,close)').map(([, value]) => value?.[0]))).toEqual(
      new Set([0]),
    );
  });
});

describe('indicators of another interval', () => {
  const HOUR_NS = 60n * MINUTE_NS;
  const minutes = randomBars(3, 600);
  const hours = randomBars(4, 10, HOUR_NS);

  async function stored(hourly: readonly TestBar[]): Promise<World> {
    const made = new World();
    await made.store.write([
      barRows(minutes, { symbol: 'A' }),
      barRows(hourly, { symbol: 'A', interval: '1h' }),
    ]);
    return made;
  }

  it.each(['rsi(3)', 'macd(2,3,2)', 'sma(1,open)'])(
    '%s@1h is at each minute that of the hours that are over',
    async (spec) => {
      const answers = await ask(await stored(hours), { specId: `${spec} @ 1h` });
      const hourly = calculated(spec, hours);
      // The minute that ends with the hour is the first to know it.
      const wanted = minutes.map((_, n): Row => [n, hourly[Math.floor((n + 1) / 60) - 1]]);
      expect(rows(answers)).toEqual(wanted);
      const range = { startNs: 130n * MINUTE_NS, endNs: 200n * MINUTE_NS };
      expect(rows(await ask(await stored(hours), { specId: `${spec}@1h`, range }))).toEqual(
        wanted.slice(130, 200),
      );
    },
  );

  it('does not look ahead: what comes later changes nothing before', async () => {
    const before = rows(await ask(await stored(hours), { specId: 'ema(2)@1h' }));
    for (let hour = 0; hour < hours.length; hour += 1) {
      const changed = hours.map((bar, n) =>
        n < hour ? bar : { ...bar, close: bar.close + 5, high: bar.high + 5 },
      );
      const after = rows(await ask(await stored(changed), { specId: 'ema(2)@1h' }));
      const firstOther = after.findIndex(([, value], row) => value?.[0] !== before[row]?.[1]?.[0]);
      // Hour h is over with minute 60 h + 59; the first one is not warm.
      if (firstOther >= 0) expect(firstOther).toBeGreaterThanOrEqual(hour * 60 + 59);
    }
  });

  it.each([
    ['1m', '1h'],
    ['1h', '1m'],
  ])('refuses %s bars by sessions among the best ones', async (bySession, byUtc) => {
    const made = new World();
    const bars = { '1m': minutes, '1h': hours };
    await made.store.write(
      ([bySession, byUtc] as ('1m' | '1h')[]).map((interval, n) =>
        barRows(bars[interval], { symbol: 'A', interval, source: n === 0 ? 'derived:x@XNYS' : 'derived:x' }),
      ),
    );
    await expect(ask(made, { specId: 'rsi(3)@1h', source: 'best' })).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining('ask for those by UTC, source "derived:x"') as string,
    });
    // Others of them are answered.
    expect(rows(await ask(made, { specId: 'rsi(3)', source: 'best' }))).toHaveLength(minutes.length);
  });

  it('has nothing where there are no such bars', async () => {
    await expect(ask(await stored(hours), { specId: 'rsi(3)@1d' })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(
        /^A has no 1d trade bars from test to compute indicators of: its bars are 1. trade/,
      ) as string,
    });
  });
});

describe('a specification of two series is refused', () => {
  it.each<[string, Init, string]>([
    ['of a number that is none', { specId: 'ratio(price@B)' }, '"price@" is not one of open@, '],
    ['of a symbol that is none', { specId: 'ratio(close@B#)' }, '"B#" is not an instrument id'],
    ['of an instrument without bars', { specId: 'ratio(close@C)' }, 'C has no 1m trade bars from test'],
    [
      'of an interval that is none',
      { specId: 'rsi(3)@7x' },
      'after the last @ comes an interval: "7x" is not an interval',
    ],
    ['of both at a time', { specId: 'ratio(close@B/USD)@1h' }, 'one of both at a time'],
    ['without a source', { specId: 'ratio(close@B/USD)', source: '' }, 'name the source that both are of'],
    [
      'stored',
      { specId: 'ratio(close@B/USD)', mode: queryV1.IndicatorMode.STORED },
      'goes without ratio(close@B/USD,close)',
    ],
    [
      'of another interval of bars by sessions',
      { specId: 'rsi(3)@1h', source: 'derived:ib@XNYS' },
      'rsi(3,close)@1h: the bars of derived:ib@XNYS end with their sessions, and of such bars there are no indicators of another interval: ask for those by UTC, source "derived:ib"',
    ],
    [
      'of another interval of bars of all hours',
      { specId: 'rsi(3)@1h', source: 'derived:ib@XNYS/all' },
      'source "derived:ib"',
    ],
    ['by sessions of another interval', { specId: 'vwap(session)@1h' }, 'goes by sessions'],
  ])('%s', async (_name, init, message) => {
    await expect(ask(await world(), init)).rejects.toThrow(message);
  });

  it('has a carrier for each number, or says that there are too many', () => {
    const many = parseAskedSeries(
      'ratio(close@A,ratio(close@B,ratio(close@C,ratio(close@D,ratio(close@E)))))',
      BUILT_IN,
    );
    expect(many).toMatchObject({
      ok: false,
      error: expect.stringContaining('reads too many numbers at once') as string,
    });
    const whole = parseAskedSeries('beta(5,close@B,atr(14))', BUILT_IN);
    expect(whole).toMatchObject({ ok: false, error: expect.stringContaining('reads whole bars') as string });
  });
});

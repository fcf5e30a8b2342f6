import { TickwellError, type BarBatch } from '@tickwell/domain';
import { parseSpecList } from '@tickwell/indicators';
import { encodeBarBatch, TOPICS } from '@tickwell/contracts';
import { expect, it } from 'vitest';
import { defaultSettings, logRecord, ProcessorRun, type Written } from './fixtures/run.ts';
import { StoredHistory } from './fixtures/stored-history.ts';
import { IndicatorEngine } from './indicator-engine.ts';

const MINUTE_NS = 60_000_000_000n;
const KEPT = 4;
const BARS = 20;

function specs(text: string) {
  const parsed = parseSpecList(text);
  if (!parsed.ok) throw new Error('specifications');
  return parsed.specs;
}

function bar(source: string, minute: number): BarBatch {
  const price = 100 + (minute % 7);
  return {
    header: {
      source,
      symbol: 'AAPL',
      cause: { origin: source, n: BigInt(minute) + 1n, k: 0 },
      knownAtNs: BigInt(minute + 1) * MINUTE_NS,
      watermarkNs: 0n,
      replayOf: '',
      priceBasis: 'raw',
    },
    interval: '1m',
    priceType: 'trade',
    bars: {
      startNs: [BigInt(minute) * MINUTE_NS],
      open: [price],
      high: [price],
      low: [price],
      close: [price],
      volume: [1],
      vwap: [],
      tradeCount: [],
      sessionDate: [],
    },
    positions: [],
  };
}

it('counts no bar twice where stored values cannot be read in between', async () => {
  const states: Uint8Array[] = [];
  for (const failsAt of [Infinity, 3]) {
    const written: Written[] = [];
    const stored = new StoredHistory(written, 5);
    let reads = 0;
    const engine = new IndicatorEngine({
      keptBars: KEPT,
      history: {
        reached: () => Promise.resolve(),
        hasValues: () => Promise.resolve(true),
        values: () => {
          reads += 1;
          if (reads === failsAt) return Promise.reject(new TickwellError('unavailable', 'not now'));
          return Promise.resolve(new Map());
        },
        bars: (series, span) => stored.bars(series, span),
      },
    });
    const run = new ProcessorRun(engine, defaultSettings(specs('sma(2)')), { written });
    for (let minute = 0; minute < BARS; minute += 1) {
      run.feed(logRecord(TOPICS.bars.name, minute, encodeBarBatch(bar('good', minute))));
      stored.take(bar('good', minute));
    }
    run.settings = defaultSettings(specs('sma(2),ema(9)'));
    if (failsAt < Infinity) await expect(run.prepare()).rejects.toThrow('not now');
    expect(await run.prepare()).toBe(true);
    states.push(engine.encodeState(run.state));
  }
  expect(states[1]).toEqual(states[0]);
});

it('warms up the series whose history can be read where that of another cannot, and fails where none can', async () => {
  const written: Written[] = [];
  const good = new StoredHistory(written, 5);
  const engine = new IndicatorEngine({
    keptBars: KEPT,
    history: {
      reached: () => Promise.resolve(),
      hasValues: () => Promise.resolve(false),
      values: () => Promise.resolve(new Map()),
      bars: (series, span) => {
        if (series.source === 'bad') throw new TickwellError('history-incomplete', 'it is not all there');
        return good.bars(series, span);
      },
    },
  });
  const run = new ProcessorRun(engine, defaultSettings(specs('sma(2)')), { written });
  let offset = 0;
  const feed = (batch: BarBatch): readonly Written[] =>
    run.feed(logRecord(TOPICS.bars.name, offset++, encodeBarBatch(batch)));
  for (let minute = 0; minute < BARS; minute += 1) {
    for (const source of ['bad', 'good']) feed(bar(source, minute));
    good.take(bar('good', minute));
  }
  run.settings = defaultSettings(specs('sma(2),ema(9)'));
  expect(await run.prepare()).toBe(true);
  expect(run.state.map(({ source, indicators }) => [source, indicators.isLacking])).toEqual([
    ['bad', true],
    ['good', false],
  ]);
  await expect(run.prepare()).rejects.toThrow('it is not all there');
});

import type { ConfigEntry } from '@tickwell/config';
import { decodeBarBatch, encodeTickBatch, events, parseMessage, TOPICS } from '@tickwell/contracts';
import {
  emptyQuotes,
  emptyTrades,
  parseInterval,
  type BarBatch,
  type Header,
  type TickBatch,
} from '@tickwell/domain';
import { SILENT } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { BarBuilder } from './bar-builder.ts';
import { logRecord, ProcessorRun, valuesOf } from './fixtures/run.ts';
import { settingsView, type ServiceSettings } from './settings.ts';

const SECOND = 1_000_000_000n;
/** New York has been open for an hour. */
const START = BigInt(Date.parse('2024-07-01T14:30:00Z')) * 1_000_000n;
const minute = parseInterval('1m');
if (!minute.ok) throw new Error(minute.error);
const view = settingsView({ indicators: [], barIntervals: [minute.value] }, SILENT);

function settings(
  ...documents: readonly (readonly [kind: string, id: string, document: unknown])[]
): ServiceSettings {
  return view(
    documents.map(([kind, id, document], index): ConfigEntry => {
      const rest = { version: 1n, deleted: false, author: '', writtenAtNs: 0n };
      return { kind, id, payloadJson: JSON.stringify(document), position: BigInt(index + 1), ...rest };
    }),
  );
}

function header(seconds: number, source = 'ib'): Header {
  const cause = { origin: 'x', n: 1n, k: 0 };
  const watermarkNs = START + BigInt(seconds) * SECOND;
  return { source, symbol: 'AAPL', cause, knownAtNs: 7n, watermarkNs, replayOf: '', priceBasis: 'raw' };
}

/** A trade every ten seconds, one a record, which says that all before it has come. */
function trade(seconds: number): TickBatch {
  const timeNs = START + BigInt(seconds) * SECOND;
  const trades = { ...emptyTrades(), timeNs: [timeNs], seq: [0n], price: [100 + seconds], size: [1] };
  return { kind: 'trades', header: header(seconds), trades, positions: [] };
}

interface Step {
  readonly settings: ServiceSettings;
  readonly seconds: readonly number[];
}

function run(steps: readonly Step[], restart: boolean): ProcessorRun<unknown> {
  const first = steps[0]?.settings ?? settings();
  const limits = { retainedBars: 8, formingBars: 8 };
  const processor = new ProcessorRun<unknown>(new BarBuilder({ limits }), first, { restart });
  let offset = 0;
  for (const step of steps) {
    processor.settings = step.settings;
    for (const seconds of step.seconds)
      processor.feed(logRecord(TOPICS.ticks.name, offset++, encodeTickBatch(trade(seconds))));
  }
  return processor;
}

function barsOf({ written }: ProcessorRun<unknown>, topic: string = TOPICS.bars.name): BarBatch[] {
  return valuesOf(written, topic, (value) => decodeBarBatch(value, false));
}

/** "interval start volume" with start in seconds, and a mark where partial. */
function told(batches: readonly BarBatch[]): string[] {
  return batches.flatMap(({ interval, bars, partial }) =>
    bars.startNs.map((startNs, at) => {
      const seconds = Number((startNs - START) / SECOND);
      return `${interval} ${seconds} ${bars.volume[at]}${partial === true ? ' partial' : ''}`;
    }),
  );
}

const SECONDS = Array.from({ length: 60 }, (_, index) => index * 10);
const from = (seconds: number, to: number): number[] => SECONDS.filter((at) => at >= seconds && at < to);

describe('bars that are configured', () => {
  it('start and stop while ticks arrive, and those that go on notice nothing', () => {
    const minutes = settings(['bars', 'a', { bars: ['1m'] }]);
    const both = settings(['bars', 'a', { bars: ['1m'] }], ['bars', 'b', { bars: ['5m', '20tick'] }]);
    const five = settings(['bars', 'b', { bars: ['5m'] }]);
    const steps = [
      { settings: minutes, seconds: from(0, 130) },
      { settings: both, seconds: from(130, 420) },
      { settings: five, seconds: [...from(420, 600), 610] },
    ];
    const steady = told(barsOf(run([{ settings: minutes, seconds: SECONDS }], false)));
    for (const restart of [false, true]) {
      const bars = told(barsOf(run(steps, restart)));
      expect(bars.filter((bar) => bar.startsWith('1m'))).toEqual(steady.slice(0, 6));
      // The bar in the middle of which they were wanted lacks what was before.
      expect(bars.filter((bar) => bar.startsWith('5m'))).toEqual(['5m 0 17 partial', '5m 300 30']);
      expect(bars.filter((bar) => bar.startsWith('20tick'))).toEqual(['20tick 130 20']);
    }
  });

  it('are of the symbols, sources and sides that are named', () => {
    const one = settings(
      ['bars', 'a', { bars: ['1m'], symbols: ['MSFT'] }],
      ['bars', 'b', { bars: ['2m'], sources: ['x'] }],
    );
    expect(barsOf(run([{ settings: one, seconds: SECONDS }], false))).toEqual([]);
    const two = settings(['bars', 'a', { bars: ['5m'], symbols: ['AAPL'], sources: ['ib'] }]);
    expect(told(barsOf(run([{ settings: two, seconds: SECONDS }], false)))).toEqual(['5m 0 30']);
  });

  it('go by the sessions of the instrument, as a series of their own, and carry empty intervals', () => {
    const documents = [
      ['instrument', 'AAPL', { type: 'stock', calendar: 'XNYS' }],
      ['bars', 'a', { bars: ['1h'], alignment: 'sessions', empty: 'carried' }],
      ['bars', 'b', { bars: ['1h'] }],
    ] as const;
    const bySessions = barsOf(run([{ settings: settings(...documents), seconds: [0, 3_600, 9_000] }], false));
    expect(
      bySessions.map(({ header: { source }, bars }) => [
        source,
        bars.startNs.map((at) => (at - START) / SECOND),
      ]),
    ).toEqual([
      ['derived:ib@XNYS', [0n]],
      ['derived:ib', [-1_800n]],
      ['derived:ib@XNYS', [3_600n]],
      ['derived:ib', [1_800n]],
    ]);
    const unknown = settings(documents[1]);
    expect(barsOf(run([{ settings: unknown, seconds: SECONDS }], false))).toEqual([]);
  });

  it('report what trades outside of the sessions, once a record, whatever bars leave it out', () => {
    const documents = [
      ['instrument', 'AAPL', { type: 'stock', calendar: 'XNYS' }],
      ['bars', 'a', { bars: ['1m', '1h'], alignment: 'sessions' }],
    ] as const;
    // New York closes five and a half hours after the first trade.
    const steps = [{ settings: settings(...documents), seconds: [0, 23_400, 23_410] }];
    for (const restart of [false, true]) {
      const { written } = run(steps, restart);
      const findings = valuesOf(written, TOPICS.quality.name, (value) =>
        parseMessage(events.QualityEventSchema, value),
      ).filter(({ event }) => event.case === 'finding' && event.value.rule === 'trade-outside-sessions');
      expect(findings.map(({ kind, event }) => [kind, event.value])).toMatchObject(
        [23_400, 23_410].map((seconds) => {
          const startNs = START + BigInt(seconds) * SECOND;
          const clock = `2024-07-01T21:00:${seconds === 23_400 ? '00' : '10'}Z`;
          const message = `trades of AAPL (ib) outside of the sessions are in no bar by them: 1m, 1h: 1 from ${clock} to ${clock}, volume 1`;
          return ['trades', { severity: events.Severity.INFO, message, startNs, endNs: startNs + 1n }];
        }),
      );
    }
  });

  it('tell what goes on, on a topic of its own, once a step of event time', () => {
    const forming = settings(['bars', 'a', { bars: ['5m'], formingMs: 60_000 }]);
    const steps = [{ settings: forming, seconds: from(0, 290) }];
    const processor = run(steps, false);
    expect(barsOf(processor)).toEqual([]);
    const batches = barsOf(processor, TOPICS.barsForming.name);
    expect(told(batches)).toEqual(['5m 0 1', '5m 0 7', '5m 0 13', '5m 0 19', '5m 0 25']);
    expect(batches[0]).toMatchObject({ forming: true, header: { source: 'derived:ib', watermarkNs: 0n } });
    expect(told(barsOf(run(steps, true), TOPICS.barsForming.name))).toEqual(told(batches));
  });

  it('are of the middle of quotes, without volume', () => {
    const processor = new ProcessorRun<unknown>(
      new BarBuilder({ limits: { retainedBars: 8, formingBars: 8 } }),
      settings(['bars', 'a', { bars: ['1m'], priceTypes: ['mid', 'bid'] }]),
    );
    const times = [0, 30, 60].map((seconds) => START + BigInt(seconds) * SECOND);
    const quotes = {
      ...emptyQuotes(),
      timeNs: times,
      seq: [0n, 0n, 0n],
      bidPrice: [10, 12, 10],
      bidSize: [1, 1, 1],
      askPrice: [12, NaN, 12],
      askSize: [1, NaN, 1],
    };
    const batch: TickBatch = { kind: 'quotes', header: header(60), quotes, positions: [] };
    processor.feed(logRecord(TOPICS.ticks.name, 0, encodeTickBatch(batch)));
    expect(barsOf(processor)).toMatchObject([
      { priceType: 'bid', bars: { open: [10], close: [12], volume: [], tradeCount: [] } },
      { priceType: 'mid', bars: { open: [11], close: [11], volume: [] } },
    ]);
  });

  it('say once that a bar begins before its ticks are known', () => {
    const minutes = settings(['bars', 'a', { bars: ['5m'] }]);
    const { written } = run([{ settings: minutes, seconds: from(130, 400) }], false);
    const findings = valuesOf(written, TOPICS.quality.name, (value) =>
      parseMessage(events.QualityEventSchema, value),
    );
    expect(findings.map(({ event }) => event.value)).toMatchObject([{ rule: 'bar-partial', startNs: START }]);
  });
});

import type { ConfigEntry } from '@tickwell/config';
import {
  contentType,
  decodeBarBatch,
  encodeBarBatch,
  events,
  HEADER_CONTENT_TYPE,
  parseMessage,
  TOPICS,
} from '@tickwell/contracts';
import { emptyBars, type BarBatch } from '@tickwell/domain';
import type { LogRecord } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { Reconciler } from './reconciler.ts';
import { ReconcileSettings } from './settings.ts';

const MINUTE = 60_000_000_000n;

function settingsOf(reconcile: object | undefined, instruments: unknown = ['AAPL']): ReconcileSettings {
  const document = {
    type: 'policy',
    instruments,
    series: { kind: 'bars', interval: '1m' },
    sources: [{ source: 'ib', job: { type: 'ib', feed: 'live' } }],
    ...(reconcile === undefined ? {} : { reconcile }),
  };
  const entry = (kind: string, id: string, payload: object): ConfigEntry => ({
    kind,
    id,
    version: 1n,
    payloadJson: JSON.stringify(payload),
    deleted: false,
    author: '',
    writtenAtNs: 0n,
    position: 0n,
  });
  return new ReconcileSettings([
    entry('instrument', 'AAPL', { type: 'stock', currency: 'USD' }),
    entry('source', 'bars', document),
    entry('source', 'other', { type: 'something' }),
  ]);
}

const SETTINGS = settingsOf({ sources: ['ib', 'desk'] });

function batch(source: string, closes: Readonly<Record<number, number>>, knownMinute: number): BarBatch {
  const starts = Object.keys(closes).map((start) => BigInt(start) * MINUTE);
  const close = Object.values(closes);
  return {
    header: {
      source,
      symbol: 'AAPL',
      cause: { origin: 'test', n: 1n, k: 0 },
      knownAtNs: BigInt(knownMinute) * MINUTE,
      watermarkNs: 0n,
      replayOf: '',
      priceBasis: 'raw',
    },
    interval: '1m',
    priceType: 'trade',
    bars: {
      ...emptyBars(),
      startNs: starts,
      open: close,
      high: close.map((value) => value + 0.1),
      low: close.map((value) => value - 0.1),
      close,
      volume: close.map(() => 100),
    },
    positions: [],
  };
}

function recordOf(value: Uint8Array, offset: number): LogRecord {
  const headers = { [HEADER_CONTENT_TYPE]: contentType(TOPICS.bars.type) };
  return {
    topic: TOPICS.bars.name,
    partition: 0,
    offset: BigInt(offset),
    key: 'AAPL',
    value,
    headers,
    timestampMs: 0,
  };
}

interface Wrote {
  readonly topic: string;
  readonly value: Uint8Array;
}

/** Feeds batches, and what comes out of them back in; `restart`: the state goes through its bytes before each. */
function run(batches: readonly BarBatch[], settings = SETTINGS, restart = false): readonly Wrote[] {
  const unreadable: string[] = [];
  const reconciler = new Reconciler((_record, { rule }) => unreadable.push(rule));
  let state = reconciler.createState();
  const all: Wrote[] = [];
  const queue: Uint8Array[] = batches.map((one) => encodeBarBatch(one));
  for (let offset = 0; offset < queue.length; offset++) {
    if (restart) {
      const again = reconciler.decodeState('AAPL', 1, reconciler.encodeState(state));
      if (!again.ok) throw new Error(again.error);
      state = again.value;
    }
    const outputs = reconciler.process(recordOf(queue[offset] ?? new Uint8Array(), offset), state, settings);
    const wrote = outputs.map((output, k) => ({
      topic: output.topic,
      value: output.encode({ origin: 'md.bars@e/0', n: BigInt(offset + 1), k }),
    }));
    all.push(...wrote);
    queue.push(...wrote.filter(({ topic }) => topic === TOPICS.bars.name).map(({ value }) => value));
  }
  expect(unreadable).toEqual([]);
  return all;
}

function barsOf(wrote: readonly Wrote[]): readonly string[] {
  return wrote.flatMap(({ topic, value }) => {
    if (topic !== TOPICS.bars.name) return [];
    const decoded = decodeBarBatch(value, false);
    if (!decoded.ok) throw new Error(decoded.error.reason);
    const { header, bars } = decoded.value;
    expect(header).toMatchObject({ source: 'reconciled', watermarkNs: 0n });
    return bars.startNs.map(
      (start, at) => `${start / MINUTE} ${bars.close[at] ?? NaN} @${header.knownAtNs / MINUTE}`,
    );
  });
}

function decisionsOf(wrote: readonly Wrote[]): readonly events.Reconciliation[] {
  return wrote.flatMap(({ topic, value }) => {
    if (topic !== TOPICS.reconciliations.name) return [];
    const parsed = parseMessage(events.ReconciliationBatchSchema, value);
    if (!parsed.ok) throw new Error(parsed.error.reason);
    expect(parsed.value).toMatchObject({ interval: '1m', policy: 'bars' });
    return parsed.value.decisions;
  });
}

const DISAGREEING = [
  batch('desk', { 1: 10, 2: 11, 4: 13 }, 5),
  batch('other', { 1: 99 }, 5),
  batch('ib', { 1: 10, 2: 11.5, 3: 12, 4: 13 }, 7),
];

describe('Reconciler', () => {
  it('keeps the series "reconciled" and tells of every bar that differs, and never follows itself', () => {
    const wrote = run(DISAGREEING);
    expect(barsOf(wrote)).toEqual(['1 10 @5', '2 11 @5', '4 13 @5', '2 11.5 @7', '3 12 @7']);
    expect(decisionsOf(wrote)).toMatchObject([
      {
        startNs: 2n * MINUTE,
        knownAtNs: 7n * MINUTE,
        differenceClass: events.DifferenceClass.UNEXPLAINED,
        winner: 'ib',
        published: true,
        bars: [
          { source: 'ib', close: 11.5 },
          { source: 'desk', close: 11 },
        ],
      },
      {
        startNs: 3n * MINUTE,
        differenceClass: events.DifferenceClass.MISSING,
        winner: 'ib',
        missing: ['desk'],
      },
    ]);
  });

  it('writes the same bytes after a restart at any record', () => {
    expect(run(DISAGREEING, SETTINGS, true)).toEqual(run(DISAGREEING));
  });

  it('does what the policies of the position say', () => {
    expect(run(DISAGREEING, settingsOf(undefined))).toEqual([]);
    expect(run(DISAGREEING, settingsOf({ sources: ['ib', 'desk'] }, ['MSFT']))).toEqual([]);
    const byRule = run(DISAGREEING, settingsOf({ sources: ['ib', 'desk'] }, { type: 'stock' }));
    expect(byRule).toEqual(run(DISAGREEING));
    const watching = run(DISAGREEING, settingsOf({ sources: ['desk', 'ib'], watchOnly: true }));
    expect(barsOf(watching)).toEqual([]);
    expect(decisionsOf(watching).map(({ winner, published }) => [winner, published])).toEqual([
      ['desk', false],
      ['ib', false],
    ]);
  });

  it('tells where a bar of a source is not what its own ticks say', () => {
    const settings = settingsOf({ sources: ['ib', 'derived:ib'], watchOnly: true });
    const wrote = run(
      [batch('derived:ib', { 1: 10, 2: 11, 3: 12 }, 4), batch('ib', { 1: 10, 2: 11.5, 3: 12 }, 5)],
      settings,
    );
    expect(barsOf(wrote)).toEqual([]);
    expect(decisionsOf(wrote)).toMatchObject([
      { startNs: 2n * MINUTE, winner: 'ib', bars: [{ source: 'ib' }, { source: 'derived:ib' }] },
    ]);
  });

  it('says which bars are too old to be compared', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [at + 100, 10]));
    const wrote = run(
      [batch('ib', many, 200), batch('desk', { 3: 10 }, 201)],
      settingsOf({ sources: ['ib', 'desk'], windowBars: 16 }),
    );
    const [finding] = wrote.filter(({ topic }) => topic === TOPICS.quality.name);
    const parsed = parseMessage(events.QualityEventSchema, finding?.value ?? new Uint8Array());
    expect(parsed).toMatchObject({
      ok: true,
      value: { event: { case: 'finding', value: { rule: 'reconcile-too-old', startNs: 3n * MINUTE } } },
    });
  });
});

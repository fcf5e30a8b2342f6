import { describe, expect, it } from 'vitest';
import { decodeBarBatch, encodeMessage } from './codec.ts';
import * as events from './events.ts';
import { headerToProto } from './header-codec.ts';
import { RAW_EVENT_TYPES, rawEventTypeOf, type RawEvent } from './raw-event.ts';
import { ALL_TOPICS, TOPICS } from './topics.ts';

const HEADER = {
  source: 'file:a',
  symbol: 'AAPL',
  cause: { origin: 'file:a#AAPL', n: 9n, k: 0 },
  knownAtNs: 5n,
  watermarkNs: 0n,
  replayOf: '',
  priceBasis: 'raw',
} as const;
const T = 1_700_000_000_000_000_001n;

/** Two events of every type, at positions 8 and 9. */
const SAMPLES: Readonly<Record<string, Uint8Array>> = {
  [TOPICS.rawTicks.type]: encodeMessage(events.TickBatchSchema, {
    header: headerToProto(HEADER),
    kind: {
      case: 'trades',
      value: { timeNs: [T, T + 1n], seq: [0n, 0n], price: [-1, Number.NaN], size: [1, 2] },
    },
    position: [8n, 9n],
  }),
  [TOPICS.rawBars.type]: encodeMessage(events.BarBatchSchema, {
    header: headerToProto(HEADER),
    interval: '1d',
    bars: { startNs: [T, T + 1n], open: [1, 1], high: [2, 0], low: [1, 1], close: [1, 1] },
    position: [8n, 9n],
  }),
  [TOPICS.rawFundamentals.type]: encodeMessage(events.FundamentalBatchSchema, {
    header: headerToProto(HEADER),
    items: [
      { item: 'totalRevenue', periodEndNs: T, position: 8n },
      { item: 'x', periodEndNs: T + 1n, position: 9n },
    ],
  }),
  [TOPICS.rawActions.type]: encodeMessage(events.CorporateActionBatchSchema, {
    header: headerToProto(HEADER),
    actions: [
      { exDateNs: T, amount: 0.5, position: 8n },
      { exDateNs: T + 1n, position: 9n },
    ],
  }),
  [TOPICS.rawPortfolio.type]: encodeMessage(events.PortfolioEventSchema, {
    header: headerToProto(HEADER),
    account: 'DU1',
    timeNs: T,
    positionInStream: 8n,
  }),
};

function sample(type: string): RawEvent {
  const read = rawEventTypeOf(type)?.fromBytes(SAMPLES[type] ?? new Uint8Array(0));
  if (read?.ok !== true) throw new Error(`${type} cannot be read`);
  return read.value;
}

function edited(type: string, json: string): RawEvent {
  const read = rawEventTypeOf(type)?.fromJson(json);
  if (read?.ok !== true) throw new Error(`${type}: ${read?.error}`);
  return read.value;
}

describe('raw events as a person edits them', () => {
  it('are all that raw topics of events carry', () => {
    const raw = ALL_TOPICS.filter(({ name }) => name.startsWith('md.raw.') || name.endsWith('.raw'));
    // What programs tell of themselves is nothing that a person mends.
    const told: readonly string[] = [
      TOPICS.rawRefused.name,
      TOPICS.rawHoles.name,
      // Files and commits, not events.
      TOPICS.rawFrames.name,
    ];
    const wanted = raw.filter(({ name }) => !told.includes(name)).map(({ type }) => type);
    expect([...RAW_EVENT_TYPES].sort()).toEqual(wanted.sort());
    expect(rawEventTypeOf(TOPICS.rawRefused.type)).toBeUndefined();
  });

  it.each(RAW_EVENT_TYPES)('%s: through JSON and back nothing but header and positions changes', (type) => {
    const event = sample(type);
    const json = JSON.stringify(event.toJson());
    expect(json).not.toMatch(/position|header/);
    const back = edited(type, json);
    expect(back).toMatchObject({ events: event.events, firstTimeNs: T, header: undefined });
    expect(event.header).toEqual(HEADER);
    expect(back.encode(HEADER, 8n)).toEqual(SAMPLES[type]);
  });

  it('takes new numbers and another header', () => {
    const value = sample(TOPICS.rawBars.type).encode({ ...HEADER, symbol: 'MSFT' }, 1n);
    const decoded = decodeBarBatch(value, true);
    expect(decoded).toMatchObject({ ok: true, value: { header: { symbol: 'MSFT' }, positions: [1n, 2n] } });
  });

  it('says what is wrong with bytes and with JSON', () => {
    const bars = rawEventTypeOf(TOPICS.rawBars.type);
    expect(bars?.fromBytes(new Uint8Array([255]))).toMatchObject({
      ok: false,
      error: { rule: 'malformed-protobuf' },
    });
    expect(bars?.fromJson('{"bars":{"close":["x"]}}')).toMatchObject({ ok: false });
    const unknown = bars?.fromJson('{"baars":{}}');
    expect(unknown?.ok === false ? unknown.error : '').toContain('baars');
  });
});

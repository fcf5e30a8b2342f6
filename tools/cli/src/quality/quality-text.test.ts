import type { QualityEvent, SeriesFreshness, SourceReport } from '@tickwell/client';
import { describe, expect, it } from 'vitest';
import {
  seriesJson,
  seriesLines,
  sourceJson,
  sourceLines,
  stateCounts,
  streamLines,
  watchJson,
  watchLine,
  worstLines,
} from './quality-text.ts';

const T0 = 1_720_000_000_500_000_000n;
const HOUR = 3_600_000_000_000n;
const plain = (_style: string, text: string): string => text;

function source(name: string, changes: Partial<SourceReport> = {}): SourceReport {
  return {
    source: name,
    state: 'up',
    reason: 'connection: live',
    sinceNs: T0,
    reportedAtNs: T0,
    silent: false,
    availability: 1,
    upNs: HOUR,
    downNs: 0n,
    outages: 0,
    received: 1_000,
    accepted: 1_000,
    deadLettered: 0,
    duplicates: 0,
    errorRate: 0,
    kinds: [],
    freshness: [],
    completeness: undefined,
    streams: [],
    ...changes,
  };
}

const BAD = source('yahoo', {
  state: 'down',
  reason: 'HTTP 500',
  availability: 0.99999,
  downNs: HOUR / 100n,
  outages: 2,
  errorRate: 0.000_001,
  freshness: [
    { source: 'yahoo', state: 'fresh', series: 1_200, newestEventNs: T0 },
    { source: 'yahoo', state: 'stale', series: 3, newestEventNs: T0 },
  ],
  completeness: {
    expected: 1_000,
    arrived: 999,
    series: 2,
    unjudged: 0,
    share: 0.9999,
    worst: [{ symbol: 'AAPL', interval: '1m', priceType: 'trade', expected: 500, arrived: 499 }],
  },
  streams: [
    {
      stream: 's1',
      state: 'down',
      reason: 'HTTP 500',
      reportedAtNs: T0,
      silent: false,
      events: 7,
      refused: 1,
    },
  ],
});

const SERIES: SeriesFreshness = {
  symbol: 'AAPL',
  source: 'ib',
  kind: 'bars',
  interval: '1m',
  priceType: 'trade',
  eventNs: T0,
  knownAtNs: T0,
  stored: true,
  storedAtNs: 0n,
  ageNs: 2n * HOUR,
  overdueNs: HOUR + 120_000_000_000n,
  state: 'stale',
  lateAfterNs: 60_000_000_000n,
  staleAfterNs: 300_000_000_000n,
  calendar: 'XNYS',
  reason: 'the bar of X was due at Y',
};

describe('what quality prints', () => {
  it('has the worst source first, and rounds so that 100 % is all and 0 % is none', () => {
    const lines = sourceLines(
      [
        source('ib'),
        source('derived:ib', { state: 'none', upNs: 0n, availability: undefined, errorRate: undefined }),
        BAD,
      ],
      plain,
    );
    expect(lines.slice(1)).toEqual([
      'yahoo       down   2024-07-03T09:46:40Z     99.9 %        2     1,000  0.01 %    99.9 %  3 stale, 1,200 fresh  HTTP 500',
      'ib          up     2024-07-03T09:46:40Z    100.0 %        0     1,000  0.00 %         -  -',
      'derived:ib  -      -                             -        -     1,000       -         -  -                     connection: live',
    ]);
    expect(worstLines([BAD])).toEqual(['AAPL 1m of yahoo: 1 of 500 bars are missing']);
    expect(streamLines([BAD], plain).at(-1)).toMatch(
      /^yahoo {3}s1 {6}down {3}2024-07-03T09:46:40Z +7 +1 {2}HTTP 500$/,
    );
    expect(streamLines([source('ib')], plain)).toEqual([]);
  });

  it('paints states, and no state that is not there', () => {
    const painted = (style: string, text: string): string => `<${style}>${text}`;
    expect(stateCounts(BAD.freshness, painted)).toBe('<red>3 stale, <green>1,200 fresh');
    expect(stateCounts([], painted)).toBe('');
  });

  it('tells series with what is overdue and why', () => {
    expect(seriesLines([SERIES], plain).at(-1)).toBe(
      'AAPL    ib      bars 1m  stale  1 h 2 min  2024-07-03T09:46:40Z  XNYS      the bar of X was due at Y',
    );
  });

  it('tells changes one a line', () => {
    const finding = {
      symbol: 'AAPL',
      source: 'ib',
      kind: 'bars',
      rule: 'price-jump',
      severity: 'warning' as const,
    };
    const times = { knownAtNs: T0, startNs: T0, endNs: 0n };
    const change = { source: 'ib', state: 'down' as const, reason: 'cut', reportedAtNs: T0, silent: false };
    const events: readonly QualityEvent[] = [
      { kind: 'source', source: change },
      { kind: 'freshness', series: SERIES },
      { kind: 'current' },
      { kind: 'finding', finding: { ...finding, ...times, message: 'twice as high' } },
    ];
    expect(events.map((event) => watchLine(event, plain))).toEqual([
      '2024-07-03T09:46:40Z  source ib is down: cut',
      '2024-07-03T09:46:40Z  AAPL bars 1m of ib is stale: the bar of X was due at Y',
      '-- from here on as it happens --',
      '2024-07-03T09:46:40Z  warning  price-jump  AAPL of ib: twice as high',
    ]);
    expect(JSON.stringify(events.map(watchJson))).toContain('"type":"finding","symbol":"AAPL"');
  });

  it('is JSON with times as text, spans in seconds, and null for what is not known', () => {
    expect(seriesJson(SERIES)).toMatchObject({
      event: '2024-07-03T09:46:40.500Z',
      storedAt: null,
      overdueSeconds: 3_720,
      state: 'stale',
    });
    expect(JSON.parse(JSON.stringify(sourceJson(BAD)))).toMatchObject({
      source: 'yahoo',
      since: '2024-07-03T09:46:40.500Z',
      upSeconds: 3_600,
      freshness: { stale: 3, fresh: 1_200 },
      streams: [{ stream: 's1', events: 7 }],
    });
  });
});

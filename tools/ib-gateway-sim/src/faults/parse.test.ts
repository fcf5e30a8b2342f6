import { describe, expect, test } from 'vitest';
import { knownZone } from '../time/ib-time.ts';
import { nextOfDay } from './engine.ts';
import { parseFaultFile, parseSpan } from './parse.ts';

const START_MS = Date.UTC(2025, 9, 6, 13, 30);
const context = { startMs: START_MS, zone: knownZone('US/Eastern') };

function parse(faults: unknown): unknown {
  const result = parseFaultFile(JSON.stringify({ faults }), 'f.json', context);
  return result.ok ? result.value : result.error;
}

describe('a fault file', () => {
  test('every kind, with times in every way', () => {
    const every = [
      { kind: 'notice', code: 2108, at: '+5s' },
      { kind: 'connectivityLost', at: '+10m', for: '90s', restored: 1101 },
      { kind: 'farmDown', farm: 'history', at: '2025-10-06T10:00:00-04:00', for: '5m' },
      { kind: 'restart', daily: '23:45 US/Eastern', for: '5m' },
      { kind: 'silent', at: '20251006 11:00:00 US/Eastern', for: '1h', clientId: 7 },
      { kind: 'cut', at: '+1h', midFrame: true },
      { kind: 'clientIdInUse', clientId: 3, for: '1m' },
      { kind: 'slow', delay: '3s', requests: ['historicalData'], for: '10m' },
      { kind: 'hole', instrument: 'AAPL', from: '+0s', to: '+10m', for: '2h' },
      { kind: 'noPermission', instrument: 'MSFT', code: 10167, delayed: true },
      { kind: 'pacingStorm', at: '+2h', for: '1m' },
      { kind: 'garbage', style: 'length', at: '+3h' },
      { kind: 'halfFrame', at: '+4h' },
    ];
    expect(parse(every)).toMatchObject([
      { when: { name: 'at', atMs: START_MS + 5000 }, what: { kind: 'notice', code: 2108 } },
      { forMs: 90_000, what: { restored: 1101 } },
      { when: { name: 'at', atMs: Date.UTC(2025, 9, 6, 14) }, forMs: 300_000 },
      { when: { name: 'daily', minuteOfDay: 1425, zone: 'US/Eastern' } },
      { when: { name: 'at', atMs: Date.UTC(2025, 9, 6, 15) }, what: { clientId: 7 } },
      { what: { kind: 'cut', midFrame: true } },
      { when: { name: 'now' } },
      { what: { delayMs: 3000, requests: ['historicalData'] } },
      { what: { fromMs: START_MS, toMs: START_MS + 600_000 } },
      { what: { code: 10167, delayed: true }, forMs: undefined },
      {},
      {},
      {},
    ]);
  });

  test('a bare list will do', () => {
    expect(parseFaultFile('[{"kind": "cut"}]', 'f.json', context)).toMatchObject({ ok: true, value: [{}] });
  });

  test.each([
    [{ kind: 'cute' }, 'f.json: faults[1].kind: "cute" is none of notice, '],
    [{ at: '+1s' }, 'f.json: faults[1].kind: is missing'],
    [
      { kind: 'restart', for: '5 minutes' },
      'f.json: faults[1].for: "5 minutes" is not a duration such as 30s',
    ],
    [{ kind: 'cut', at: 'noon' }, 'f.json: faults[1].at: "noon" is not a time such as +10m'],
    [{ kind: 'cut', at: '+x' }, 'f.json: faults[1].at: "+x" is not such as +30s'],
    [
      { kind: 'restart', daily: '25:00 UTC' },
      'f.json: faults[1].daily: "25:00 UTC" is not a time of the day',
    ],
    [{ kind: 'restart', daily: '23:45 Mars' }, 'f.json: faults[1].daily: '],
    [{ kind: 'cut', at: '+1s', daily: '23:45 UTC' }, 'f.json: faults[1].daily: stands beside at'],
    [{ kind: 'cut', for: '5m' }, 'f.json: faults[1].for: this kind of fault has no such field'],
    [{ kind: 'hole', from: '+1m', to: '+2m' }, 'f.json: faults[1].instrument: is missing'],
    [{ kind: 'hole', instrument: 'A', from: '+2m', to: '+1m' }, 'f.json: faults[1].to: is not after from'],
    [{ kind: 'notice', code: 'x' }, 'f.json: faults[1].code: expected a whole number, not "x"'],
    [{ kind: 'slow', delay: '1s', requests: ['x'] }, 'f.json: faults[1].requests: "x" is none of'],
    [{ kind: 'noPermission', instrument: 'A', code: 1 }, 'f.json: faults[1].code: 1 is none of 354, 10089'],
    ['cut', 'f.json: faults[1]: expected an object'],
  ])('%j', (fault, message) => {
    const error = parse([{ kind: 'cut' }, fault]);
    expect(error).toEqual(expect.stringContaining(message));
    expect(String(error)).not.toContain('\n');
  });

  test.each(['{', '{"faults": 1}', '7', 'null'])('%s is one line with the file’s name', (text) => {
    const result = parseFaultFile(text, 'f.json', context);
    expect(result.ok ? '' : result.error).toMatch(/^f\.json: .+$/);
  });
});

test.each([
  ['250ms', 250],
  ['1.5s', 1500],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['5', undefined],
  ['s', undefined],
])('%s', (text, ms) => {
  expect(parseSpan(text)).toBe(ms);
});

describe('every day', () => {
  const daily = { name: 'daily' as const, minuteOfDay: 23 * 60 + 45, zone: 'US/Eastern' };

  test('at the time that the clock of the zone shows, also when it changes', () => {
    const seen: string[] = [];
    let afterMs = Date.UTC(2025, 9, 31, 12);
    for (let n = 0; n < 4; n += 1) {
      afterMs = nextOfDay(daily, afterMs);
      seen.push(new Date(afterMs).toISOString());
    }
    // Summer time ends on 2025-11-02.
    expect(seen).toEqual([
      '2025-11-01T03:45:00.000Z',
      '2025-11-02T03:45:00.000Z',
      '2025-11-03T04:45:00.000Z',
      '2025-11-04T04:45:00.000Z',
    ]);
  });
});

import { events, parseMessage, TOPICS } from '@tickwell/contracts';
import { expect, it } from 'vitest';
import {
  Bench,
  countsOf,
  DAY_NS,
  deadLettersOf,
  KNOWN_NS,
  of,
  unwrap,
  type Written,
} from './fixtures/harness.ts';
import { holeRecord } from './fixtures/holes.ts';

const coverageOf = (written: readonly Written[]): readonly events.CoverageEvent[] =>
  of(written, TOPICS.coverage).map((value) => unwrap(parseMessage(events.CoverageEventSchema, value)));

it('every step of a hole becomes one entry of the ledger, with all that is known, and a repeat none', () => {
  const bench = new Bench(TOPICS.rawHoles);
  expect(coverageOf(bench.feed(holeRecord(1n)))).toMatchObject([
    {
      header: {
        source: 'ib',
        symbol: 'AAPL',
        cause: { origin: 'md.raw.holes@e/1', n: 1n },
        knownAtNs: KNOWN_NS,
      },
      kind: 'bars',
      interval: '5s',
      startNs: DAY_NS,
      endNs: DAY_NS + 3_600_000_000_000n,
      state: events.CoverageState.MISSING,
      step: 1,
      reason: 'socket closed',
    },
  ]);
  bench.restart();
  expect(coverageOf(bench.feed(holeRecord(1n)))).toEqual([]);
  const request = {
    requestId: 'r1',
    source: 'desk',
    attempts: 2,
    sourceAttempts: 1,
    answer: 'x'.repeat(5_000),
  };
  const repair = { source: 'desk', stream: 'desk:1', requestId: 'r1', repairedAtNs: KNOWN_NS };
  const state = events.CoverageState.PRESENT;
  const [repaired] = coverageOf(bench.feed(holeRecord(4n, { request, repair, state, events: 7n })));
  expect(repaired).toMatchObject({
    state,
    events: 7n,
    step: 4,
    repair,
    request: { ...request, answer: 'x'.repeat(1_000) },
  });
  expect(countsOf(bench.written)).toEqual({ 'ib AAPL holes': [3, 2, 0, 1] });
});

it.each([
  [{ endNs: DAY_NS }, 'is none'],
  [{ interval: '' }, 'interval: '],
  [{ kind: 'trades' }, 'have no interval'],
  [{ kind: 'rumours' }, 'is none of trades, quotes, bars'],
  [{ state: events.CoverageState.CLOSED }, 'state 3'],
])('a hole with %o is a dead letter that says why, and the next one goes through', (changes, problem) => {
  const bench = new Bench(TOPICS.rawHoles);
  expect(deadLettersOf(bench.feed(holeRecord(1n, changes)))).toMatchObject([
    { rule: 'hole-fields', reason: expect.stringContaining(problem) as string, wholeRecord: true },
  ]);
  expect(coverageOf(bench.feed(holeRecord(2n)))).toHaveLength(1);
});

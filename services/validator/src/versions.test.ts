import { TOPICS } from '@tickwell/contracts';
import type { LogRecord } from '@tickwell/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barRecord, type BarEvent } from './fixtures/batches.ts';
import { barsOf, Bench, countsOf, DAY_NS, deadLettersOf, KNOWN_NS } from './fixtures/harness.ts';

const BAR_NS = 300_000_000_000n;
const BARS = 40;

/** One stream of the source: bars from `first` on, in the words of `said`; it became known at `known`. */
interface Poll {
  readonly origin: string;
  readonly known: number;
  readonly first: number;
  readonly said: readonly number[];
}

/** One record of a poll; ingest may have been started again before it and repeat what it is not sure of. */
interface Part {
  readonly poll: Poll;
  readonly from: number;
  readonly to: number;
}

const said = fc.record({
  first: fc.nat(BARS),
  said: fc.array(fc.constantFrom(1, 1, 1, 2, 3), { minLength: 1, maxLength: 30 }),
});
const cuts = fc.record({
  length: fc.integer({ min: 1, max: 12 }),
  back: fc.constantFrom(0, 0, 0, 1, 5),
  restart: fc.boolean(),
});

function bar(index: number, close: number): BarEvent {
  return { startNs: DAY_NS + BigInt(index) * BAR_NS, open: 2, high: 3, low: 1, close, volume: 5 };
}

function recordOf({ poll, from, to }: Part): LogRecord {
  const events = poll.said.slice(from, to).map((close, index) => bar(poll.first + from + index, close));
  const cause = { origin: poll.origin, n: BigInt(to), k: 0 };
  return barRecord(events, {
    first: from + 1,
    header: { cause, knownAtNs: KNOWN_NS + BigInt(poll.known) },
  });
}

interface Accepted {
  readonly index: number;
  readonly known: number;
  readonly close: number;
}

function acceptedOf(bench: Bench): readonly Accepted[] {
  return barsOf(bench.written).flatMap(({ header, bars }) =>
    bars.startNs.map((startNs, at) => ({
      index: Number((startNs - DAY_NS) / BAR_NS),
      known: Number(header.knownAtNs - KNOWN_NS),
      close: bars.close[at] ?? NaN,
    })),
  );
}

function expectCounted(bench: Bench, events: number): void {
  const [received = 0, accepted = 0, dead = 0, duplicates = 0] =
    Object.values(countsOf(bench.written))[0] ?? [];
  expect([received, accepted, dead]).toEqual([
    events,
    acceptedOf(bench).length,
    deadLettersOf(bench.written).length,
  ]);
  expect(duplicates).toBe(received - accepted - dead);
}

/** Feeds the parts with restarts of the validator after some, and checks that these change nothing. */
function run(parts: readonly (Part & { readonly restart: boolean })[]): Bench {
  const [steady, restarted] = [new Bench(TOPICS.rawBars), new Bench(TOPICS.rawBars)];
  for (const part of parts) {
    steady.feed(recordOf(part));
    restarted.feed(recordOf(part));
    if (part.restart) restarted.restart();
  }
  expect(restarted.written).toEqual(steady.written);
  expectCounted(
    steady,
    parts.reduce((sum, { from, to }) => sum + to - from, 0),
  );
  return steady;
}

type Cut = typeof cuts extends fc.Arbitrary<infer C> ? C : never;

/** The records that one poll leaves. */
function partsOf(poll: Poll, plan: readonly Cut[]): readonly (Part & { readonly restart: boolean })[] {
  const parts: (Part & { readonly restart: boolean })[] = [];
  let next = 0;
  for (const { length, back, restart } of [...plan, { length: BARS, back: 0, restart: false }]) {
    const from = Math.max(0, next - back);
    const to = Math.min(poll.said.length, from + length);
    if (from >= to) continue;
    parts.push({ poll, from, to, restart });
    next = Math.max(next, to);
  }
  return parts;
}

describe('bars that are said again', () => {
  it('are versions only where they change, however polls overlap and are cut, and whenever anything restarts', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(said, fc.array(cuts, { maxLength: 6 })), { maxLength: 8 }), (rounds) => {
        const polls = rounds.map(([one], known) => ({ origin: `poll-${known}#AAPL`, known, ...one }));
        const bench = run(polls.flatMap((poll, index) => partsOf(poll, rounds[index]?.[1] ?? [])));
        const current = new Map<number, number>();
        const versions = polls.flatMap(({ known, first, said: closes }) =>
          closes.flatMap((close, at) => {
            const isNew = current.get(first + at) !== close;
            current.set(first + at, close);
            return isNew ? [{ index: first + at, known, close }] : [];
          }),
        );
        expect(acceptedOf(bench)).toEqual(versions);
        expect(deadLettersOf(bench.written)).toEqual([]);
      }),
    );
  });

  it('have the value of whoever knew it last, in whatever order streams that overlap are written', () => {
    const stream = fc.tuple(said, fc.nat(3), fc.array(cuts, { maxLength: 6 }));
    fc.assert(
      fc.property(
        fc.array(stream, { maxLength: 6 }),
        fc.array(fc.nat(5), { maxLength: 40 }),
        (streams, order) => {
          const queues = streams.map(([one, known, plan], at) => [
            ...partsOf({ origin: `stream-${at}#AAPL`, known: 10 * known + at, ...one }, plan),
          ]);
          const parts = [...order.flatMap((at) => queues[at]?.shift() ?? []), ...queues.flat()];
          const bench = run(parts);
          const accepted = acceptedOf(bench);
          const all = streams.flatMap(([{ first, said: closes }, known], at) =>
            closes.map((close, index) => ({ index: first + index, known: 10 * known + at, close })),
          );
          for (let index = 0; index < 2 * BARS; index++)
            expect(inForce(accepted, index), `bar ${index}`).toBe(inForce(all, index));
          expect(deadLettersOf(bench.written).every(({ rule }) => rule === 'superseded')).toBe(true);
        },
      ),
    );
  });

  it('in one stream: later and other values are a correction only from a later run, and old ones said again are counted', () => {
    const bench = new Bench(TOPICS.rawBars);
    const feed = (closes: readonly (readonly [number, number])[], first: number, known: number): void => {
      const cause = { origin: 'desk#AAPL', n: BigInt(first + closes.length - 1), k: 0 };
      const events = closes.map(([index, close]) => bar(index, close));
      bench.feed(barRecord(events, { first, header: { cause, knownAtNs: KNOWN_NS + BigInt(known) } }));
    };
    feed([[0, 1], [1, 1], [2, 1]], 1, 0); // prettier-ignore
    // A stream that contradicts itself has no version in force.
    feed([[2, 2], [1, 2], [0, 1]], 4, 0); // prettier-ignore
    expect(deadLettersOf(bench.written).map(({ rule }) => rule)).toEqual([
      'duplicate-conflict',
      'time-order',
    ]);
    // The same stream, continued by a later run.
    feed([[0, 2], [2, 2], [3, 1]], 7, 1); // prettier-ignore
    expect(acceptedOf(bench).map(({ index, known, close }) => [index, known, close])).toEqual([
      [0, 0, 1],
      [1, 0, 1],
      [2, 0, 1],
      [0, 1, 2],
      [2, 1, 2],
      [3, 1, 1],
    ]);
    expect(countsOf(bench.written)).toEqual({ 'file:test AAPL bars': [9, 6, 2, 1] });
  });

  it('are versions of one source: what another source says is its own', () => {
    const bench = new Bench(TOPICS.rawBars);
    for (const source of ['a', 'b', 'a'])
      bench.feed(barRecord([bar(0, 1)], { header: { source, cause: { origin: source, n: 1n, k: 0 } } }));
    bench.feed(barRecord([bar(0, 1)], { interval: '1m', header: { source: 'a' } }));
    expect(barsOf(bench.written).map(({ header, interval }) => [header.source, interval])).toEqual([
      ['a', '5m'],
      ['b', '5m'],
      ['a', '1m'],
    ]);
  });
});

function inForce(versions: readonly Accepted[], index: number): number | undefined {
  return versions
    .filter((version) => version.index === index)
    .reduce<Accepted | undefined>(
      (best, one) => (best === undefined || one.known > best.known ? one : best),
      undefined,
    )?.close;
}

import { TOPICS, type TopicSpec } from '@tickwell/contracts';
import type { LogRecord } from '@tickwell/ports';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  barRecord,
  tradeRecord,
  watermarkRecord,
  type BarEvent,
  type TradeEvent,
} from './fixtures/batches.ts';
import { barsOf, Bench, countsOf, DAY_NS, deadLettersOf, ticksOf, type Written } from './fixtures/harness.ts';

/** Mostly in order, with repeats of a time, steps back and times that cannot be. */
const stepOf = fc.constantFrom(0, 0, 0, 1, 1, 2, -1);
const LENGTHS = { minLength: 1, maxLength: 40 };

const trade = fc.record({
  step: stepOf,
  timeNs: fc.constantFrom(undefined, undefined, undefined, undefined, 0n, DAY_NS * 2n),
  seq: fc.bigInt({ min: 0n, max: 2n }),
  price: fc.constantFrom(1, 1, 1, 1, 2, 9, NaN, -1),
  size: fc.constantFrom(1, 1, 1, 1, Infinity),
});

const tradeStream: fc.Arbitrary<readonly TradeEvent[]> = fc.array(trade, LENGTHS).map((trades) => {
  let now = 20n;
  return trades.map(({ step, timeNs, ...rest }) => {
    now += BigInt(step);
    return { timeNs: timeNs ?? DAY_NS + now, ...rest };
  });
});

const bar = fc.record({
  step: fc.constantFrom(0, 2, 2, 2, 1, -2),
  open: fc.constantFrom(1, 2),
  high: fc.constantFrom(2, 2, 1.5),
  low: fc.constantFrom(1, 1, 1, NaN),
  close: fc.constantFrom(1, 2),
  volume: fc.constantFrom(0, 5, 5, -1),
});

const barStream: fc.Arbitrary<readonly BarEvent[]> = fc.array(bar, LENGTHS).map((bars) => {
  let halves = 100n;
  return bars.map(({ step, ...rest }) => {
    halves += BigInt(step);
    return { startNs: DAY_NS + halves * 150_000_000_000n, ...rest };
  });
});

/**
 * What ingest writes: batches of the stream in order; after a crash it starts again from an earlier position and may cut the batches
 * anew. `restart` says where the validator itself dies.
 */
interface Step {
  readonly back: number;
  readonly length: number;
  readonly restart: boolean;
}

const steps = fc.array(
  fc.record({
    back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(10)),
    length: fc.integer({ min: 1, max: 8 }),
    restart: fc.boolean(),
  }),
  { maxLength: 30 },
);

/** What sets the raw topics under test apart. */
interface Subject<E> {
  readonly topic: TopicSpec;
  readonly stream: fc.Arbitrary<readonly E[]>;
  readonly make: (events: readonly E[], options: { readonly first: number }) => LogRecord;
  /** The record that ends the stream. */
  readonly end: LogRecord;
  readonly acceptedOf: (written: readonly Written[]) => readonly unknown[];
}

/** The raw topic that such a run of ingest leaves; `restart` after a record. */
function logOf<E>(
  subject: Subject<E>,
  stream: readonly E[],
  plan: readonly Step[],
): readonly { readonly record: LogRecord; readonly events: number; readonly restart: boolean }[] {
  let next = 0;
  const rest = { back: 0, length: stream.length, restart: true };
  const log = [...plan, rest].flatMap(({ back, length, restart }) => {
    const from = Math.max(0, next - back);
    const chunk = stream.slice(from, from + length);
    next = Math.max(next, from + chunk.length);
    return chunk.length === 0
      ? []
      : [{ record: subject.make(chunk, { first: from + 1 }), events: chunk.length, restart }];
  });
  return [...log, { record: subject.end, events: 0, restart: false }];
}

function refusedOf(written: readonly Written[]): readonly (readonly [bigint, string, string])[] {
  return deadLettersOf(written).map(({ position, rule, reason }) => [position, rule, reason]);
}

function check<E>(subject: Subject<E>): void {
  const { topic, acceptedOf } = subject;
  fc.assert(
    fc.property(subject.stream, steps, (stream, plan) => {
      const once = new Bench(topic);
      for (const { record } of logOf(subject, stream, [])) once.feed(record);
      const [steady, restarted] = [new Bench(topic), new Bench(topic)];
      const log = logOf(subject, stream, plan);
      for (const { record, restart } of log) {
        steady.feed(record);
        restarted.feed(record);
        if (restart) restarted.restart();
      }
      expect(restarted.written).toEqual(steady.written);
      expect(acceptedOf(steady.written)).toEqual(acceptedOf(once.written));
      expect(refusedOf(steady.written)).toEqual(refusedOf(once.written));
      const [received = 0, accepted = 0, dead = 0, duplicates = 0] =
        Object.values(countsOf(steady.written))[0] ?? [];
      expect(received).toBe(log.reduce((sum, { events }) => sum + events, 0));
      expect([accepted, dead]).toEqual([
        acceptedOf(steady.written).length,
        deadLettersOf(steady.written).length,
      ]);
      expect(duplicates).toBe(received - accepted - dead);
    }),
    { numRuns: 150 },
  );
}

it('trades: restarts of ingest and validator at any point change nothing', () => {
  check({
    topic: TOPICS.rawTicks,
    stream: tradeStream,
    make: tradeRecord,
    end: watermarkRecord(41n, DAY_NS),
    acceptedOf: (written) =>
      ticksOf(written).flatMap((batch) => {
        if (batch.kind !== 'trades') return [];
        const { timeNs, seq, price, size } = batch.trades;
        return timeNs.map((time, index) => [time, seq[index], price[index], size[index]]);
      }),
  });
});

it('bars: restarts of ingest and validator at any point change nothing', () => {
  check({
    topic: TOPICS.rawBars,
    stream: barStream,
    make: barRecord,
    end: barRecord([], { header: { watermarkNs: DAY_NS } }),
    acceptedOf: (written) =>
      barsOf(written).flatMap(({ bars }) =>
        bars.startNs.map((start, index) => [start, bars.close[index], bars.volume[index]]),
      ),
  });
});

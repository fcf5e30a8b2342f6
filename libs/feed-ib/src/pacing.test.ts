import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from './fixtures/fake-clock.ts';
import { PacingGovernor, type Permit } from './pacing-governor.ts';
import { IB_LIMITS } from './pacing-limits.ts';
import { PacingSchedule, type PacedRequest, type Ticket } from './pacing-schedule.ts';

const HISTORY: PacedRequest = {
  lane: 'backfill',
  instrument: 'AAPL',
  history: 'small',
  weight: 1,
  identity: '',
  group: '',
};

interface Start {
  readonly atMs: number;
  /** When IB got it: some time before its answer. */
  readonly arrivedMs: number;
  readonly ticket: Ticket;
}

/** Runs a schedule until nothing starts any more or the time is over. Answers come `answerMs` after the start. */
function simulate(requests: readonly PacedRequest[], untilMs: number, answerMs = 200): Start[] {
  const schedule = new PacingSchedule(IB_LIMITS);
  for (const request of requests) schedule.submit(request);
  const starts: Start[] = [];
  const open: Start[] = [];
  let nowMs = 0;
  while (nowMs <= untilMs) {
    while ((open[0]?.atMs ?? Infinity) + answerMs <= nowMs) schedule.finish(open.shift()!.ticket.id, nowMs);
    const { started, againAtMs } = schedule.poll(nowMs);
    for (const ticket of started) {
      const delayMs = ticket.history === 'none' ? 0 : (ticket.id * 7919) % (answerMs + 1);
      const start = { atMs: nowMs, arrivedMs: nowMs + delayMs, ticket };
      starts.push(start);
      if (ticket.history !== 'none') open.push(start);
    }
    const answeredMs = open[0] === undefined ? Infinity : open[0].atMs + answerMs;
    const next = Math.min(againAtMs ?? Infinity, answeredMs);
    if (!Number.isFinite(next)) break;
    expect(next).toBeGreaterThan(nowMs);
    nowMs = next;
  }
  return starts;
}

/** IB's rules, written again, by counting over every window that ends with a start. */
function violations(starts: readonly Start[]): string[] {
  const found: string[] = [];
  const within = (at: Start, ms: number): Start[] =>
    starts.filter(({ arrivedMs }) => arrivedMs > at.arrivedMs - ms && arrivedMs <= at.arrivedMs);
  const weigh = (some: readonly Start[]): number => some.reduce((sum, { ticket }) => sum + ticket.weight, 0);
  for (const start of starts) {
    const sent = starts.filter(({ atMs }) => atMs > start.atMs - 1000 && atMs <= start.atMs);
    if (sent.length > 50) found.push(`${start.atMs}: messages`);
    if (start.ticket.history === 'none') continue;
    const history = (ms: number): Start[] =>
      within(start, ms).filter(({ ticket }) => ticket.history !== 'none');
    if (weigh(history(600_000)) > 60) found.push(`${start.atMs}: 60 in ten minutes`);
    const { identity, group } = start.ticket;
    const identical = history(15_000).filter(({ ticket }) => ticket.identity === identity);
    if (identity !== '' && identical.length > 1) found.push(`${start.atMs}: identical`);
    const same = history(2000).filter(({ ticket }) => ticket.group === group);
    if (group !== '' && weigh(same) > 5) found.push(`${start.atMs}: same contract`);
  }
  return found;
}

const anyRequest: fc.Arbitrary<PacedRequest> = fc.record({
  lane: fc.constantFrom('control', 'live', 'backfill'),
  instrument: fc.constantFrom('A', 'B', 'C', 'D'),
  history: fc.constantFrom('none', 'small', 'large'),
  weight: fc.constantFrom(1, 2),
  identity: fc.constantFrom('', 'x', 'y', 'z'),
  group: fc.constantFrom('', 'g', 'h'),
});

describe('PacingSchedule', () => {
  it('does not spin while quotes wait for a budget that is enough for trades', () => {
    const limits = { ...IB_LIMITS, history: { weight: 3, windowMs: 600_000 } };
    const schedule = new PacingSchedule(limits);
    for (const instrument of ['AAPL', 'MSFT']) schedule.submit({ ...HISTORY, instrument });
    for (const { id } of schedule.poll(0).started) schedule.finish(id, 10);
    schedule.submit({ ...HISTORY, instrument: 'EUR', weight: 2 });
    schedule.submit(HISTORY);
    const { started, againAtMs } = schedule.poll(20);
    expect(started).toEqual([]);
    expect(againAtMs).toBe(10 + 600_000 + IB_LIMITS.marginMs);
    expect(schedule.poll(againAtMs ?? 0).started.map(({ instrument }) => instrument)).toEqual([
      'EUR',
      'AAPL',
    ]);
  });

  it('never breaks a limit and starts everything, whatever is asked and however late it arrives', () => {
    fc.assert(
      fc.property(
        fc.array(anyRequest, { maxLength: 150 }),
        fc.integer({ min: 1, max: 40_000 }),
        (all, ms) => {
          const starts = simulate(all, 10_000_000, ms);
          expect(violations(starts)).toEqual([]);
          expect(starts.length).toBe(all.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('uses more than nine tenths of what IB allows', () => {
    const requests = Array.from({ length: 900 }, (_, index) => ({
      ...HISTORY,
      instrument: `S${index % 7}`,
      identity: String(index),
      group: `g${index % 7}`,
    }));
    const hourMs = 3_600_000;
    const starts = simulate(requests, 2 * hourMs - 1);
    expect(violations(starts)).toEqual([]);
    expect(starts.length).toBeGreaterThan(0.9 * 60 * 12);
  });

  it('serves live needs first, and backfill all the same', () => {
    const live = Array.from({ length: 300 }, () => ({ ...HISTORY, lane: 'live' as const }));
    const backfill = Array.from({ length: 300 }, () => HISTORY);
    const lanes = simulate([...backfill, ...live], 1_800_000).map(({ ticket }) => ticket.lane);
    const ofLive = lanes.filter((lane) => lane === 'live').length;
    expect([lanes[0], ofLive / lanes.length]).toEqual(['live', expect.closeTo(0.8, 1)]);
  });

  it('takes instruments in turns, however much one of them asks', () => {
    const requests = [...Array.from({ length: 500 }, () => HISTORY), { ...HISTORY, instrument: 'QUIET' }];
    const order = simulate(requests, 1000).map(({ ticket }) => ticket.instrument);
    expect(order.indexOf('QUIET')).toBeLessThan(2);
  });

  it('does not let light requests take what a heavy one waits for', () => {
    const heavy = { ...HISTORY, instrument: 'H', weight: 2, lane: 'live' as const };
    const schedule = new PacingSchedule(IB_LIMITS);
    for (let index = 0; index < 59; index++) schedule.submit({ ...HISTORY, lane: 'live' });
    for (let nowMs = 0; schedule.waiting > 0; nowMs += 1000)
      for (const { id } of schedule.poll(nowMs).started) schedule.finish(id, nowMs);
    schedule.submit(heavy);
    schedule.submit({ ...HISTORY, instrument: 'L', lane: 'live' });
    expect(schedule.poll(20_000).started).toEqual([]);
    expect(schedule.poll(700_000).started.map(({ instrument }) => instrument)).toEqual(['H', 'L']);
  });

  it('holds no more than 50 requests without an answer', () => {
    const schedule = new PacingSchedule(IB_LIMITS);
    for (let index = 0; index < 60; index++) schedule.submit(HISTORY);
    const started = [...schedule.poll(0).started, ...schedule.poll(5000).started];
    expect([started.length, schedule.poll(10_000)]).toEqual([50, { started: [], againAtMs: undefined }]);
    schedule.finish(started[0]!.id, 10_000);
    expect(schedule.poll(10_000).started.length).toBe(1);
  });

  it('pauses history after a pacing answer, each time longer, and nothing else', () => {
    const schedule = new PacingSchedule(IB_LIMITS);
    schedule.penalize(0);
    schedule.submit(HISTORY);
    schedule.submit({ ...HISTORY, lane: 'control', history: 'none' });
    expect(schedule.poll(0).started.map(({ lane }) => lane)).toEqual(['control']);
    expect(schedule.poll(0).againAtMs).toBe(15_000);
    schedule.penalize(14_000);
    expect(schedule.poll(43_999).started).toEqual([]);
    expect(schedule.poll(44_000).started.length).toBe(1);
  });
});

describe('PacingGovernor', () => {
  it('gives permits as time passes and holds a withdrawn request against nobody', async () => {
    const clock = new FakeClock();
    const governor = new PacingGovernor(clock, { ...IB_LIMITS, messagesPerSecond: 1, marginMs: 0 });
    const given: string[] = [];
    const ask = (name: string, signal?: AbortSignal): Promise<void> =>
      governor.acquire({ ...HISTORY, history: 'none' }, signal).then(
        () => void given.push(name),
        (error: unknown) => void given.push(`${name} ${String(error)}`),
      );
    const abort = new AbortController();
    void ask('first');
    void ask('second', abort.signal);
    void ask('third');
    await settle();
    abort.abort(new Error('no more'));
    await clock.advance(999);
    expect(given).toEqual(['first', 'second Error: no more']);
    await clock.advance(1);
    expect(given.at(-1)).toBe('third');
  });

  it('counts an open request until its permit is finished, once', async () => {
    const clock = new FakeClock();
    const governor = new PacingGovernor(clock, { ...IB_LIMITS, openRequests: 1 });
    const permits: Permit[] = [];
    for (let index = 0; index < 3; index++)
      void governor.acquire(HISTORY).then((permit) => void permits.push(permit));
    await clock.advance(5000);
    expect(permits.length).toBe(1);
    permits[0]!.finish('answered');
    permits[0]!.finish('answered');
    await clock.advance(5000);
    expect(permits.length).toBe(2);
    permits[1]!.finish('paced');
    await clock.advance(14_999);
    expect(permits.length).toBe(2);
    await clock.advance(1);
    expect(permits.length).toBe(3);
  });

  it('keeps the number of market data lines', () => {
    const governor = new PacingGovernor(new FakeClock());
    expect([governor.takeLines(100), governor.takeLines(1)]).toEqual([true, false]);
    governor.returnLines(1);
    expect(governor.takeLines(1)).toBe(true);
  });
});

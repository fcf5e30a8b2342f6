import { create } from '@bufbuild/protobuf';
import type { ConfigEntry } from '@tickwell/config';
import { ALL_TOPICS, encodeMessage, events, parseMessage, TOPICS } from '@tickwell/contracts';
import { SILENT, type Clock } from '@tickwell/ports';
import { MemoryLog } from '@tickwell/testkit';
import { describe, expect, it, vi } from 'vitest';
import type { Gap, LedgerHole } from './ledger-hole.ts';
import { RepairTask, type RepairQuery } from './repair-task.ts';

const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const NOW = 1_700_000_040n * SECOND;
const at = (minute: number): bigint => NOW - BigInt(minute) * MINUTE;
const gap = (from: number, to: number): Gap => ({ startNs: at(from), endNs: at(to), missing: from - to });

const JOB = { type: 'desk', symbols: '{instruments}', from: '{from}', to: '{to}' };
const POLICY = {
  type: 'policy',
  instruments: ['A'],
  series: { kind: 'bars', interval: '1m' },
  sources: ['desk', 'spare'].map((source) => ({ source, everySeconds: 60, job: JOB })),
  session: { calendar: '24-7' },
  repair: {
    sources: ['desk', 'spare'].map((source) => ({ source, job: JOB })),
    ...{ attempts: 2, firstWaitSeconds: 1, everySeconds: 0.1, settleSeconds: 0, maxAgeDays: 1 },
  },
};

const ENTRY: ConfigEntry = {
  ...{ kind: 'source', id: 'p', version: 1n, position: 0n, deleted: false, author: '', writtenAtNs: 0n },
  payloadJson: JSON.stringify(POLICY),
};

/** A platform of which only the log is real: the ledger is what md.raw.holes says, and requests are answered as a script has it. */
class World {
  readonly log = new MemoryLog({ topics: ALL_TOPICS });
  gaps: Gap[] = [gap(100, 90), gap(50, 40)];
  nowNs = NOW;
  isHeld = true;
  /** Gaps that an answer lists. */
  listed = 1_000;
  /** Answers that fail before one does not. */
  failures = 0;
  /** Of sources that have the first hole. */
  readonly having = new Set<string>();
  readonly #answered = new Set<string>();

  readonly clock: Clock = {
    nowNs: () => this.nowNs,
    monotonicMs: () => Number(this.nowNs / 1_000_000n),
    sleep: async () => {
      await new Promise(setImmediate);
      await this.#answer();
      this.nowNs += SECOND;
    },
  };

  readonly query: RepairQuery = {
    coverage: ({ symbols }) =>
      this.failures-- > 0
        ? Promise.reject(new Error('too large an answer'))
        : Promise.resolve(
            symbols.map((symbol) => ({
              symbol,
              problem: '',
              gaps: this.gaps.slice(0, this.listed),
              gapCount: this.gaps.length,
            })),
          ),
    holes: () => Promise.resolve({ holes: this.holes(), truncated: false }),
  };

  messages<T>(topic: string, read: (value: Uint8Array) => T): T[] {
    return this.log.records(topic).map(({ value }) => read(value ?? new Uint8Array()));
  }

  requests(): events.IngestRequest[] {
    return this.messages(TOPICS.ingestRequests.name, (value) =>
      unwrap(parseMessage(events.IngestRequestSchema, value)),
    );
  }

  /** Of two records of one step the first counts. */
  holes(): LedgerHole[] {
    const newest = new Map<string, events.Hole>();
    for (const hole of this.messages(TOPICS.rawHoles.name, (value) =>
      unwrap(parseMessage(events.HoleSchema, value)),
    )) {
      const key = `${hole.startNs} ${hole.endNs}`;
      if (hole.step > (newest.get(key)?.step ?? 0)) newest.set(key, hole);
    }
    return [...newest.values()].map(ledgerHole);
  }

  async run(until: () => boolean): Promise<void> {
    const stop = new AbortController();
    const config = { state: { entries: () => [ENTRY] }, onChange: () => () => undefined };
    const { query, clock } = this;
    const task = new RepairTask({ log: this.log.openProcess(), config, query, clock, logger: SILENT });
    const running = task.run(stop.signal, { isHeld: () => Promise.resolve(this.isHeld) });
    await vi.waitUntil(until);
    stop.abort();
    await running;
  }

  /** As ingest does, once a request. */
  async #answer(): Promise<void> {
    const sink = await this.log.createSink({ name: 'ingest' });
    for (const { requestId, source, symbol, hole } of this.requests()) {
      if (hole?.request === undefined || this.#answered.has(requestId)) continue;
      this.#answered.add(requestId);
      const isThere = this.having.has(source) && hole.startNs === at(100);
      if (isThere) this.gaps = this.gaps.filter(({ startNs }) => startNs !== hole.startNs);
      const request = {
        ...hole.request,
        answeredAtNs: this.nowNs,
        answer: isThere ? '10 bars' : 'nothing of it',
      };
      const repair = isThere ? { repair: create(events.HoleRepairSchema, { source, requestId }) } : {};
      const step = hole.step + 1;
      const value = encodeMessage(events.HoleSchema, { ...hole, step, request, ...repair });
      await sink.send([{ topic: TOPICS.rawHoles.name, key: symbol, value, headers: {} }]);
    }
  }
}

function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: { reason: string } }): T {
  if (!result.ok) throw new Error(result.error.reason);
  return result.value;
}

const STATES = new Map<events.CoverageState, LedgerHole['state']>([
  [events.CoverageState.PRESENT, 'repaired'],
  [events.CoverageState.GIVEN_UP, 'given-up'],
]);

function ledgerHole(hole: events.Hole): LedgerHole {
  const { request, repair, header } = hole;
  return {
    ...{ symbol: header?.symbol ?? '', source: header?.source ?? '', priceType: 'trade' },
    ...{
      startNs: hole.startNs,
      endNs: hole.endNs,
      reason: hole.reason,
      sinceNs: hole.sinceNs,
      step: hole.step,
    },
    state: STATES.get(hole.state) ?? 'missing',
    ...{ missing: Number(hole.missing), events: Number(hole.events) },
    ...{
      attempts: request?.attempts ?? 0,
      askedSource: request?.source ?? '',
      requestId: request?.requestId ?? '',
    },
    ...{ sourceAttempts: request?.sourceAttempts ?? 0, askedAtNs: timeOf(request?.askedAtNs) },
    ...{ answeredAtNs: timeOf(request?.answeredAtNs), answer: request?.answer ?? '', isAnswerFinal: false },
    ...{ answerStream: '', repairedAtNs: timeOf(repair?.repairedAtNs), repairedSource: repair?.source ?? '' },
    ...{ repairedStream: '', repairRequestId: repair?.requestId ?? '' },
  };
}

function timeOf(timeNs: bigint | undefined): bigint | undefined {
  return timeNs === 0n ? undefined : timeNs;
}

const isOver = (world: World) => (): boolean => {
  const holes = world.holes();
  return holes.length === 2 && holes.every(({ state }) => state !== 'missing');
};

const asked = (world: World, minute: number): string[] =>
  world
    .requests()
    .filter(({ hole }) => hole?.startNs === at(minute))
    .map(({ source, hole }) => `${source} ${hole?.request?.sourceAttempts}`);

describe('the repair of a policy', () => {
  it('asks one source after the other, as often as it may, and says what became of each hole', async () => {
    const world = new World();
    world.having.add('spare');
    await world.run(isOver(world));
    expect(asked(world, 100)).toEqual(['desk 1', 'desk 2', 'spare 1']);
    expect(asked(world, 50)).toEqual(['desk 1', 'desk 2', 'spare 1', 'spare 2']);
    const [first, second] = world.holes().sort((a, b) => Number(a.startNs - b.startNs));
    expect(first).toMatchObject({ state: 'repaired', repairedSource: 'spare', missing: 0 });
    expect(first?.repairedAtNs).toBeGreaterThan(first?.sinceNs ?? 0n);
    expect(second).toMatchObject({
      state: 'given-up',
      reason:
        '10 bars stay missing: desk, spare did not bring it (4 requests, the last to spare: nothing of it)',
    });
    expect(world.requests()[0]).toMatchObject({ policy: 'p', symbol: 'A', kind: 'bars', interval: '1m' });
  });

  it('goes on where it was after any restart, and makes no request twice', async () => {
    const world = new World();
    world.having.add('spare');
    let records = 0;
    const count = (): number =>
      world.requests().length + world.messages(TOPICS.rawHoles.name, () => 0).length;
    while (!isOver(world)()) {
      records = count();
      await world.run(() => count() > records || isOver(world)());
    }
    expect(asked(world, 100)).toEqual(['desk 1', 'desk 2', 'spare 1']);
    expect(asked(world, 50)).toEqual(['desk 1', 'desk 2', 'spare 1', 'spare 2']);
    const ids = world.requests().map(({ requestId }) => requestId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('writes nothing where another copy has taken over', async () => {
    const world = new World();
    world.isHeld = false;
    const looks = vi.spyOn(world.query, 'coverage');
    await world.run(() => looks.mock.calls.length > 3);
    expect(world.holes()).toEqual([]);
    expect(world.requests()).toEqual([]);
  });

  it('does not take for repaired what lies behind the gaps that an answer lists', async () => {
    const world = new World();
    await world.run(() => world.holes().length === 2);
    world.listed = 1;
    const fromNs = world.nowNs;
    await world.run(() => world.nowNs > fromNs + 30n * SECOND);
    expect(world.holes().map(({ state }) => state)).not.toContain('repaired');
  });

  it('goes on after a question that failed', async () => {
    const world = new World();
    world.failures = 2;
    await world.run(() => world.holes().length === 2);
    expect(world.failures).toBeLessThan(0);
  });
});

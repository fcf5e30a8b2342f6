import { SILENT } from '@tickwell/ports';
import { MemoryLog } from '@tickwell/testkit';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { mortalLog } from './fixtures/mortal-log.ts';
import { INPUT, inputRecord, OUTPUT, readOutputs, RunningSum, STATE } from './fixtures/running-sum.ts';
import { Flow, type FlowOptions } from './flow.ts';
import type { Processor } from './processor.ts';
import type { Settings, SettingsSource } from './settings.ts';

const QUICK = { interval: 2 };

/** A configuration whose n-th record sets the factor to n + 1; before the first it is 1. */
class Factors implements SettingsSource<number> {
  #end = 0n;

  change(): void {
    this.#end++;
  }

  latest(): Settings<number> {
    return { end: this.#end, value: Number(this.#end) + 1 };
  }

  at(end: bigint): Promise<number> {
    if (end > this.#end) return Promise.reject(new Error(`the configuration ends at ${this.#end}`));
    return Promise.resolve(Number(end) + 1);
  }
}

type Sum = ReturnType<RunningSum['createState']>;

/** Adds the factor in force to the sum, for each record: outputs show by which settings every record was processed. */
function countedFactors(): Processor<Sum, number> {
  const sum = new RunningSum();
  return {
    name: sum.name,
    inputTopic: sum.inputTopic,
    dedup: sum.dedup,
    stateVersion: sum.stateVersion,
    keyOf: (record) => sum.keyOf(record),
    createState: () => sum.createState(),
    process: (record, state, factor) => {
      state.sum += factor - 1;
      return sum.process(record, state);
    },
    encodeState: (state) => sum.encodeState(state),
    decodeState: (key, version, bytes) => sum.decodeState(key, version, bytes),
  };
}

function newLog(): MemoryLog {
  const topics = [INPUT, OUTPUT, STATE].map((name) => ({ name, partitions: 1 }));
  return new MemoryLog({ topics, maxRecords: 3 });
}

function newFlow(log: FlowOptions['log'], settings: Factors): Flow<number> {
  return new Flow({
    log,
    processors: [countedFactors()],
    settings,
    groupId: 'flow',
    stateTopic: STATE,
    logger: SILENT,
    checkpointIntervalMs: 1,
  });
}

async function write(log: MemoryLog, from: number, count: number): Promise<void> {
  const sink = await log.createSink({ name: 'writer' });
  await sink.send(Array.from({ length: count }, (_value, i) => inputRecord('A', from + i + 1, [1])));
}

/** The factor by which each record was processed. */
function factors(log: MemoryLog): number[] {
  const sums = readOutputs(log.records(OUTPUT)).map(({ sum }) => sum);
  return sums.map((sum, i) => sum - (sums[i - 1] ?? 0));
}

async function runUntil(log: MemoryLog, flow: Flow<number>, count: number): Promise<void> {
  const running = flow.run();
  await vi.waitFor(() => {
    expect(factors(log)).toHaveLength(count);
  }, QUICK);
  await flow.stop();
  await running;
}

/** Outputs that are in the log more than once, with different bytes: readers would disagree about them. */
function contradictions(log: MemoryLog): string[] {
  const seen = new Map<string, string>();
  const wrong: string[] = [];
  for (const { value } of log.records(OUTPUT)) {
    const [output] = readOutputs([
      { ...inputRecord('A', 1, []), offset: 0n, timestampMs: 0, partition: 0, value },
    ]);
    const id = `${output?.cause.n}/${output?.cause.k}`;
    const bytes = Buffer.from(value ?? []).toString('base64');
    if ((seen.get(id) ?? bytes) !== bytes) wrong.push(id);
    seen.set(id, bytes);
  }
  return wrong;
}

describe('settings of a flow', () => {
  it('hold from the first record on, and newer ones from the next record on', async () => {
    const log = newLog();
    const settings = new Factors();
    settings.change();
    await write(log, 0, 2);
    await runUntil(log, newFlow(log.openProcess(), settings), 2);
    settings.change();
    settings.change();
    const second = newFlow(log.openProcess(), settings);
    const running = second.run();
    await vi.waitFor(() => {
      expect(second.lag()).toHaveLength(1);
    }, QUICK);
    await write(log, 2, 2);
    await vi.waitFor(() => {
      expect(factors(log)).toEqual([2, 2, 4, 4]);
    }, QUICK);
    await second.stop();
    await running;
  });

  it('are those of before where records are processed again, though there are newer ones', async () => {
    const log = newLog();
    const settings = new Factors();
    settings.change();
    await write(log, 0, 3);
    // The outputs of all records get through, no checkpoint but the first.
    const mortal = mortalLog(log.openProcess(), 3, ({ topic }) => topic === OUTPUT);
    await newFlow(mortal, settings)
      .run()
      .catch(() => undefined);
    expect(factors(log).length).toBeGreaterThan(0);
    settings.change();
    await runUntil(log, newFlow(log.openProcess(), settings), 3);
    expect(contradictions(log)).toEqual([]);
    expect(factors(log)).toEqual([2, 2, 2]);
    await write(log, 3, 1);
    await runUntil(log, newFlow(log.openProcess(), settings), 4);
    expect(factors(log)).toEqual([2, 2, 2, 3]);
  });

  it('reach a partition without records, too: what comes while nobody runs is processed by what was set before', async () => {
    const log = newLog();
    const settings = new Factors();
    await write(log, 0, 1);
    // Dies before it can say that it stopped in order.
    const idle = newFlow(
      mortalLog(log.openProcess(), 5, () => true),
      settings,
    );
    const ended = idle.run().catch(() => undefined);
    await vi.waitFor(() => {
      expect(factors(log)).toEqual([1]);
    }, QUICK);
    const marks = (): number => log.records(STATE).filter(({ key }) => key?.endsWith('|') === true).length;
    const before = marks();
    settings.change();
    await vi.waitFor(() => {
      expect(marks()).toBeGreaterThan(before);
    }, QUICK);
    settings.change();
    await ended;
    await write(log, 1, 1);
    await runUntil(log, newFlow(log.openProcess(), settings), 2);
    expect(factors(log)[1]).toBeGreaterThan(1);
  });

  it('never make two outputs of one cause differ, wherever the process dies and whenever they change', async () => {
    const life = fc.record({
      records: fc.integer({ min: 0, max: 8 }),
      changesBefore: fc.integer({ min: 0, max: 2 }),
      changesWithin: fc.integer({ min: 0, max: 3 }),
      lifetime: fc.integer({ min: 1, max: 20 }),
      survivors: fc.constantFrom('none', 'all', OUTPUT, STATE),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), async (lives) => {
        const log = newLog();
        const settings = new Factors();
        let written = 0;
        for (const { records, changesBefore, changesWithin, lifetime, survivors } of lives) {
          for (let i = 0; i < changesBefore; i++) settings.change();
          await write(log, written, records);
          written += records;
          const survives = ({ topic }: { topic: string }): boolean =>
            survivors === 'all' || survivors === topic;
          const flow = newFlow(mortalLog(log.openProcess(), lifetime, survives), settings);
          const ended = flow.run().catch(() => undefined);
          for (let i = 0; i < changesWithin; i++) {
            await new Promise((resolve) => setImmediate(resolve));
            settings.change();
          }
          const all = vi
            .waitFor(
              () => {
                expect(factors(log)).toHaveLength(written);
              },
              { interval: 1, timeout: 200 },
            )
            .catch(() => undefined);
          await Promise.race([ended, all]);
          await flow.stop();
          await ended;
        }
        await runUntil(log, newFlow(log.openProcess(), settings), written);
        expect(contradictions(log)).toEqual([]);
        const found = factors(log);
        expect(found).toEqual(found.toSorted((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

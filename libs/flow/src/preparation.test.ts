import { encodeTickBatch } from '@tickwell/contracts';
import { SILENT, type LogRecord } from '@tickwell/ports';
import { MemoryLog } from '@tickwell/testkit';
import { ok, type Result } from '@tickwell/domain';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { mortalLog } from './fixtures/mortal-log.ts';
import { INPUT, inputRecord, OUTPUT, readOutputs, STATE, tradeBatch } from './fixtures/running-sum.ts';
import { Flow, type FlowOptions } from './flow.ts';
import type { InputPlace, Preparation } from './preparation.ts';
import type { Output, Preparing, Processor } from './processor.ts';
import { NO_SETTINGS } from './settings.ts';

const QUICK = { interval: 2, timeout: 30_000 };

/** A number that the log does not know, and that changes with every look at it. */
class Outside {
  looks = 0;
  isDown = false;
  readonly places: InputPlace[] = [];

  async read(place: InputPlace): Promise<number> {
    this.places.push(place);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isDown) throw new Error('the outside is down');
    return (this.looks += 1);
  }
}

interface Count {
  records: number;
  /** From outside; 0: not there yet. */
  base: number;
  /** Not written yet. */
  told: number[];
}

/** One output per record: 1000 · base + records; and one per base that was brought in: -base. Every third record a base is wanted anew. */
class BasedCount implements Processor<Count> {
  readonly name = 'based-count';
  readonly inputTopic = INPUT;
  readonly dedup = 'record';
  readonly stateVersion = 1;
  readonly preparing: Preparing<Count, void>;

  constructor(outside: Outside) {
    this.preparing = {
      mayLack: ({ base }) => base === 0,
      preparation: (_key, { base }) => (base === 0 ? new BaseOf(outside) : undefined),
      unwritten: (key, { told }) => told.map((base) => output(key, -base)),
      written: (state) => {
        state.told = [];
      },
    };
  }

  keyOf(record: LogRecord): string {
    return record.key ?? '';
  }

  createState(): Count {
    return { records: 0, base: 0, told: [] };
  }

  process(record: LogRecord, state: Count): readonly Output[] {
    state.records += 1;
    const made = output(this.keyOf(record), 1000 * state.base + state.records);
    if (state.records % 3 === 0) state.base = 0;
    return [made];
  }

  encodeState({ records, base, told }: Count): Uint8Array {
    return Buffer.from(JSON.stringify([records, base, told]));
  }

  decodeState(_key: string, _version: number, bytes: Uint8Array): Result<Count, string> {
    const [records, base, told] = JSON.parse(Buffer.from(bytes).toString()) as [number, number, number[]];
    return ok({ records, base, told });
  }
}

class BaseOf implements Preparation<Count> {
  readonly #outside: Outside;
  #base = 0;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  async catchUp(_state: Count, place: () => InputPlace): Promise<void> {
    this.#base = await this.#outside.read(place());
  }

  install(state: Count): void {
    state.base = this.#base;
    state.told.push(this.#base);
  }
}

function output(key: string, value: number): Output {
  return {
    topic: OUTPUT,
    key,
    type: 'tickwell.events.v1.TickBatch',
    source: 'test',
    encode: (cause) => encodeTickBatch(tradeBatch(key, cause, [value], 1)),
  };
}

function newLog(): MemoryLog {
  const topics = [INPUT, OUTPUT, STATE].map((name) => ({ name, partitions: 1 }));
  return new MemoryLog({ topics, maxRecords: 3 });
}

function newFlow(log: FlowOptions['log'], outside: Outside): Flow {
  return new Flow({
    log,
    processors: [new BasedCount(outside)],
    settings: NO_SETTINGS,
    groupId: 'flow',
    stateTopic: STATE,
    logger: SILENT,
    checkpointIntervalMs: 1,
  });
}

async function write(log: MemoryLog, from: number, count: number, keys = ['A']): Promise<void> {
  const sink = await log.createSink({ name: 'writer' });
  const keyOf = (at: number): string => keys[at % keys.length] ?? '';
  await sink.send(Array.from({ length: count }, (_, i) => inputRecord(keyOf(from + i), from + i + 1, [1])));
}

function values(log: MemoryLog): number[] {
  return readOutputs(log.records(OUTPUT)).map(({ sum }) => sum);
}

const recordsOf = (log: MemoryLog): number[] => values(log).filter((value) => value > 0);
const basesOf = (log: MemoryLog): number[] => values(log).filter((value) => value < 0);

/** What states lack by what was made: each base that a reader sees is told once, before anything is made by it. */
function expectToldFirst(log: MemoryLog): void {
  const told = new Map<string, number>();
  for (const { key, sum } of readOutputs(log.records(OUTPUT))) {
    if (sum < 0) told.set(key, -sum);
    else if (sum >= 1000) expect(Math.floor(sum / 1000)).toBe(told.get(key));
  }
}

/** Outputs of one cause with different bytes: readers would disagree about them. */
function contradictions(log: MemoryLog): string[] {
  const seen = new Map<string, string>();
  return log.records(OUTPUT).flatMap((record) => {
    const [read] = readOutputs([record]);
    const id = `${read?.cause.n}/${read?.cause.k}`;
    const bytes = Buffer.from(record.value ?? []).toString('base64');
    const before = seen.get(id) ?? bytes;
    seen.set(id, bytes);
    return before === bytes ? [] : [id];
  });
}

describe('what states lack', () => {
  it('is brought in from outside while records go on, and what it wants written is told once', async () => {
    const log = newLog();
    const outside = new Outside();
    await write(log, 0, 1);
    const flow = newFlow(log.openProcess(), outside);
    const running = flow.run();
    await vi.waitFor(() => {
      expect(values(log)).toEqual([1, -2]);
    }, QUICK);
    await write(log, 1, 1);
    await vi.waitFor(() => {
      expect(values(log)).toEqual([1, -2, 2002]);
    }, QUICK);
    await flow.stop();
    await running;
    const { epoch } = await log.describeTopic(INPUT);
    expect(outside.places.at(-1)).toEqual({ topic: INPUT, partition: 0, epoch, nextOffset: 1n });
    const second = newFlow(log.openProcess(), outside);
    const again = second.run();
    await write(log, 2, 1);
    await vi.waitFor(() => {
      expect(values(log)).toEqual([1, -2, 2002, 2003, -4]);
    }, QUICK);
    await second.stop();
    await again;
  });

  it('is tried again where the outside is down, and the others and the records go on', async () => {
    const log = newLog();
    const outside = new Outside();
    outside.isDown = true;
    const flow = newFlow(log.openProcess(), outside);
    const running = flow.run();
    await write(log, 0, 6, ['A', 'B']);
    await vi.waitFor(() => {
      expect(recordsOf(log)).toHaveLength(6);
      expect(outside.places.length).toBeGreaterThanOrEqual(2);
    }, QUICK);
    expect(basesOf(log)).toEqual([]);
    outside.isDown = false;
    await vi.waitFor(
      () => {
        expect(basesOf(log)).toHaveLength(2);
      },
      { interval: 10, timeout: 10_000 },
    );
    await flow.stop();
    await running;
  });

  it('never makes two outputs of one cause differ, wherever the process dies: each is there once, and told before it is used', async () => {
    const life = fc.record({
      records: fc.integer({ min: 0, max: 8 }),
      lifetime: fc.integer({ min: 1, max: 25 }),
      survivors: fc.constantFrom('none', 'all', OUTPUT, STATE),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), async (lives) => {
        const log = newLog();
        const outside = new Outside();
        let written = 0;
        for (const { records, lifetime, survivors } of lives) {
          await write(log, written, records, ['A', 'B', 'C']);
          written += records;
          const survives = ({ topic }: { topic: string }): boolean =>
            survivors === 'all' || survivors === topic;
          const flow = newFlow(mortalLog(log.openProcess(), lifetime, survives), outside);
          const ended = flow.run().catch(() => undefined);
          const all = vi
            .waitFor(
              () => {
                expect(recordsOf(log)).toHaveLength(written);
              },
              { interval: 1, timeout: 100 },
            )
            .catch(() => undefined);
          await Promise.race([ended, all]);
          await flow.stop();
          await ended;
        }
        const flow = newFlow(log.openProcess(), outside);
        const running = flow.run();
        const keys = Math.min(3, written);
        await vi.waitFor(() => {
          expect(recordsOf(log)).toHaveLength(written);
          // Every state has its base in the end.
          expect(
            new Set(readOutputs(log.records(OUTPUT)).flatMap(({ key, sum }) => (sum < 0 ? [key] : []))).size,
          ).toBe(keys);
        }, QUICK);
        await flow.stop();
        await running;
        expect(contradictions(log)).toEqual([]);
        const bases = basesOf(log);
        expect(new Set(bases).size).toBe(bases.length);
        expectToldFirst(log);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { stateV1 } from '@tickwell/contracts';
import { SILENT } from '@tickwell/ports';
import { MemoryLog } from '@tickwell/testkit';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { mortalLog } from './fixtures/mortal-log.ts';
import { INPUT, inputRecord, OUTPUT, readOutputs, RunningSum, STATE } from './fixtures/running-sum.ts';
import { Flow, type FlowOptions } from './flow.ts';
import { NO_SETTINGS } from './settings.ts';

const PARTITIONS = 2;
const QUICK = { interval: 2 };

function newLog(): MemoryLog {
  return new MemoryLog({
    topics: [INPUT, OUTPUT, STATE].map((name) => ({ name, partitions: PARTITIONS })),
    maxRecords: 3,
  });
}

function newFlow(log: FlowOptions['log'], options: Partial<FlowOptions> = {}): Flow {
  return new Flow({
    log,
    processors: [new RunningSum()],
    groupId: 'flow',
    stateTopic: STATE,
    logger: SILENT,
    settings: NO_SETTINGS,
    checkpointIntervalMs: 1,
    ...options,
  });
}

async function write(log: MemoryLog, records: readonly ReturnType<typeof inputRecord>[]): Promise<void> {
  const sink = await log.createSink({ name: 'writer' });
  await sink.send(records);
}

/** Sums in order, per key, as one undisturbed pass would write them. */
function expectedSums(inputs: readonly { key: string; prices: readonly number[] }[]): Map<string, number[]> {
  const sums = new Map<string, number[]>();
  for (const { key, prices } of inputs) {
    const list = sums.get(key) ?? [];
    for (const price of prices) list.push((list.at(-1) ?? 0) + price);
    sums.set(key, list);
  }
  return sums;
}

function sumsByKey(log: MemoryLog): Map<string, number[]> {
  const sums = new Map<string, number[]>();
  for (const { key, sum } of readOutputs(log.records(OUTPUT))) sums.set(key, [...(sums.get(key) ?? []), sum]);
  return sums;
}

/** Runs until the outputs are what they should be, then stops. */
async function runUntilDone(
  log: MemoryLog,
  flow: Flow,
  expected: ReadonlyMap<string, number[]>,
): Promise<void> {
  const running = flow.run();
  await vi.waitFor(() => {
    expect(sumsByKey(log)).toEqual(expected);
  }, QUICK);
  await flow.stop();
  await running;
}

/** Runs a process that dies, or has written everything and is stopped; either way it may die while it stops. */
async function liveAndDie(
  log: MemoryLog,
  mortal: FlowOptions['log'],
  expected: ReadonlyMap<string, number[]>,
): Promise<void> {
  const flow = newFlow(mortal);
  const ended = flow.run().catch(() => undefined);
  const finished = vi
    .waitFor(() => {
      expect(sumsByKey(log)).toEqual(expected);
    }, QUICK)
    .catch(() => undefined);
  await Promise.race([ended, finished]);
  await flow.stop();
  await ended;
}

describe('a flow', () => {
  it('lets the rest of the process have its turns between records that take long', async () => {
    const log = new MemoryLog({
      topics: [INPUT, OUTPUT, STATE].map((name) => ({ name, partitions: 1 })),
      maxRecords: 100,
    });
    await write(
      log,
      [0, 1, 2, 3, 4].map((n) => inputRecord('A', n + 1, [n])),
    );
    let [turns, isDone] = [0, false];
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    const turnsAt: number[] = [];
    class SlowSum extends RunningSum {
      override process(...given: Parameters<RunningSum['process']>): ReturnType<RunningSum['process']> {
        turnsAt.push(turns);
        const endMs = performance.now() + 30;
        while (performance.now() < endMs);
        return super.process(...given);
      }
    }
    setImmediate(count);
    const flow = newFlow(log, { processors: [new SlowSum()] });
    await runUntilDone(log, flow, expectedSums([{ key: 'A', prices: [0, 1, 2, 3, 4] }]));
    isDone = true;
    expect(new Set(turnsAt).size).toBe(5);
  });

  it('gives outputs the input’s partition, its trace, and causes that number them', async () => {
    const log = newLog();
    await write(log, [inputRecord('A', 1, [1, 2], 1), inputRecord('A', 2, [4], 1)]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1, 3, 7]]]));
    const { epoch } = await log.describeTopic(INPUT);
    const origin = `${INPUT}@${epoch}/1`;
    expect(readOutputs(log.records(OUTPUT)).map(({ cause }) => cause)).toEqual([
      { origin, n: 1n, k: 0 },
      { origin, n: 1n, k: 1 },
      { origin, n: 2n, k: 0 },
    ]);
    expect(log.records(OUTPUT)[0]).toMatchObject({
      partition: 1,
      headers: {
        'content-type': 'application/protobuf; type=tickwell.events.v1.TickBatch',
        source: 'test',
        traceparent: 'trace-1',
      },
    });
  });

  it('drops records whose cause it has seen, also after a restart', async () => {
    const log = newLog();
    const [first, second] = [inputRecord('A', 1, [1]), inputRecord('B', 2, [10])];
    await write(log, [first, first, second, first]);
    await runUntilDone(
      log,
      newFlow(log.openProcess()),
      expectedSums([
        { key: 'A', prices: [1] },
        { key: 'B', prices: [10] },
      ]),
    );
    await write(log, [second, first, inputRecord('A', 3, [5])]);
    const expected = new Map([
      ['A', [1, 6]],
      ['B', [10]],
    ]);
    await runUntilDone(log, newFlow(log.openProcess()), expected);
  });

  it('writes the outputs of one undisturbed pass, each once, wherever it dies and however often', async () => {
    const prices = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });
    const input = fc.record({ key: fc.constantFrom('A', 'B', 'C'), prices });
    const life = fc.record({
      inputs: fc.array(input, { maxLength: 12 }),
      lifetime: fc.integer({ min: 1, max: 20 }),
      // Of a request that is cut off: nothing, all, or only what went to one topic is in the log.
      survivors: fc.constantFrom('none', 'all', OUTPUT, STATE),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), async (lives) => {
        const log = newLog();
        const written: { key: string; prices: number[] }[] = [];
        for (const { inputs, lifetime, survivors } of lives) {
          const from = written.push(...inputs) - inputs.length;
          await write(
            log,
            inputs.map((one, i) => inputRecord(one.key, from + i + 1, one.prices, one.key === 'C' ? 1 : 0)),
          );
          const survives = ({ topic }: { topic: string }): boolean =>
            survivors === 'all' || survivors === topic;
          await liveAndDie(log, mortalLog(log.openProcess(), lifetime, survives), expectedSums(written));
        }
        await runUntilDone(log, newFlow(log.openProcess()), expectedSums(written));
        await write(log, [inputRecord('A', 1_000, [100])]);
        await runUntilDone(
          log,
          newFlow(log.openProcess()),
          expectedSums([...written, { key: 'A', prices: [100] }]),
        );
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('restores from checkpoints alone: what they cover is not read again', async () => {
    const log = newLog();
    await write(log, [inputRecord('A', 1, [1]), inputRecord('A', 2, [2])]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1, 3]]]));
    const outputs = log.records(OUTPUT).length;
    log.compact(STATE);
    log.truncate({ topic: INPUT, partition: 0 }, 2n);
    await write(log, [inputRecord('A', 3, [4])]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1, 3, 7]]]));
    expect(log.records(OUTPUT).length).toBe(outputs + 1);
  });

  it('takes the furthest state of a key, not the last written: a paused writer may have written late', async () => {
    const log = newLog();
    await write(log, [inputRecord('A', 1, [1])]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1]]]));
    const stale = log.records(STATE).map(({ topic, partition, key, value, headers }) => ({
      topic,
      partition,
      key: key ?? '',
      value,
      headers,
    }));
    await write(log, [inputRecord('A', 2, [2])]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1, 3]]]));
    const zombie = await log.createSink({ name: 'zombie' });
    await zombie.send(stale);
    await write(log, [inputRecord('A', 3, [4])]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1, 3, 7]]]));
  });

  it('starts anew when the input topic was made anew, and says so in its causes', async () => {
    const log = newLog();
    await write(log, [inputRecord('A', 1, [1])]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1]]]));
    log.deleteTopic(INPUT);
    log.createTopic(INPUT, PARTITIONS);
    await write(log, [inputRecord('A', 1, [5])]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1, 5]]]));
  });

  it('shares partitions among copies and takes over from one that stops', async () => {
    const log = newLog();
    const flows = [newFlow(log.openProcess()), newFlow(log.openProcess())];
    const running = flows.map((flow) => flow.run());
    await write(log, [inputRecord('A', 1, [1]), inputRecord('C', 1, [1], 1)]);
    await vi.waitFor(() => {
      expect(sumsByKey(log)).toEqual(
        new Map([
          ['A', [1]],
          ['C', [1]],
        ]),
      );
    }, QUICK);
    await flows[0]?.stop();
    await running[0];
    await write(log, [inputRecord('A', 2, [2]), inputRecord('C', 2, [2], 1)]);
    await vi.waitFor(() => {
      expect(sumsByKey(log)).toEqual(
        new Map([
          ['A', [1, 3]],
          ['C', [1, 3]],
        ]),
      );
    }, QUICK);
    await flows[1]?.stop();
    await running[1];
  });
});

describe('a flow refuses, with one line,', () => {
  async function failure(log: MemoryLog, options: Partial<FlowOptions> = {}): Promise<string> {
    return newFlow(log.openProcess(), options)
      .run()
      .then(
        () => 'it ran',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
  }

  it('a state of a version it does not know', async () => {
    const log = newLog();
    await write(log, [inputRecord('A', 1, [1])]);
    class Newer extends RunningSum {
      override readonly stateVersion = 2;
    }
    await runUntilDone(log, newFlow(log.openProcess(), { processors: [new Newer()] }), new Map([['A', [1]]]));
    expect(await failure(log)).toBe(
      'state of "A" in state/0 (running-sum) cannot be restored: version 2 is not known',
    );
  });

  it('a log that ends before its checkpoint', async () => {
    const log = newLog();
    await write(log, [inputRecord('A', 1, [1])]);
    await runUntilDone(log, newFlow(log.openProcess()), new Map([['A', [1]]]));
    const records = log.records(STATE);
    const shorter = newLog();
    const { epoch } = await shorter.describeTopic(INPUT);
    const moved = records.map((record) => replaceEpoch(record.value ?? new Uint8Array(), epoch));
    await write(
      shorter,
      records.map(({ key, partition }, i) => ({
        topic: STATE,
        partition,
        key: key ?? '',
        value: moved[i] ?? null,
        headers: {},
      })),
    );
    expect(await failure(shorter)).toContain('in/0 ends at offset 0, the checkpoint is at 1');
  });

  it('two processors of one topic', () => {
    expect(() => newFlow(newLog(), { processors: [new RunningSum(), new RunningSum()] })).toThrow(
      'processors running-sum and running-sum both read in: give each a flow of its own',
    );
  });

  it('a state topic with fewer partitions than its input', async () => {
    const log = new MemoryLog({
      topics: [
        { name: INPUT, partitions: 2 },
        { name: OUTPUT, partitions: 2 },
        { name: STATE, partitions: 1 },
      ],
    });
    expect(await failure(log)).toBe('topic state has no partition 1: it needs as many as in');
  });
});

/** The same checkpoint under another epoch of the input. */
function replaceEpoch(value: Uint8Array, epoch: string): Uint8Array {
  const checkpoint = fromBinary(stateV1.CheckpointSchema, value);
  checkpoint.epoch = epoch;
  return toBinary(stateV1.CheckpointSchema, checkpoint);
}

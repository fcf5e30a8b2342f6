import { create, fromBinary, toJsonString, type DescMessage } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BARS, PARTITIONS, startService, TICKS, World, type RunningService } from '../fixtures/world.ts';
import { MemoryCache } from './memory-cache.ts';

const MINUTE_NS = 60_000_000_000n;
const SYMBOLS = ['A', 'B'];
const SOURCES = ['one', 'two'];
const call = { signal: new AbortController().signal };

function memory(maxBytes = 1_000_000): MemoryCache {
  return new MemoryCache({ maxBytes, maxValueBytes: maxBytes, maxAgeMs: 3_600_000, nowMs: () => 0 });
}

/** Rows of an answer, whatever its messages are: what is said of all rows of a message, and the row's own values. */
async function rowsOf(schema: DescMessage, answers: AsyncIterable<object>): Promise<string[]> {
  const rows: string[] = [];
  for await (const answer of answers)
    rows.push(...plainRows(answer instanceof Uint8Array ? fromBinary(schema, answer) : answer));
  return rows;
}

function plainRows(answer: object): string[] {
  const columns = Object.values(answer).filter(isObject);
  const values = [answer, ...columns]
    .flatMap((one) => Object.entries(one))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const said = values.flatMap(([name, value]) =>
    typeof value === 'object' || name.startsWith('$') ? [] : [`${name}=${String(value)}`],
  );
  const own = values.flatMap(([name, value]) => (Array.isArray(value) ? [[name, value] as const] : []));
  const filled = own.filter(([, column]) => column.length > 0);
  return Array.from({ length: filled[0]?.[1].length ?? 0 }, (_, row) =>
    [...said, ...filled.map(([name, column]) => `${name}=${String(column[row])}`)].join(' '),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Step =
  | {
      readonly do: 'bar';
      readonly symbol: string;
      readonly source: string;
      readonly minute: number;
      readonly close: number;
    }
  | {
      readonly do: 'trades';
      readonly symbol: string;
      readonly source: string;
      readonly minutes: readonly number[];
    }
  | { readonly do: 'store'; readonly share: number; readonly settles: boolean }
  | { readonly do: 'restart'; readonly replica: number }
  | { readonly do: 'read'; readonly replica: number; readonly request: number };

interface Request {
  readonly of: 'bars' | 'ticks' | 'several' | 'aligned';
  readonly symbol: string;
  readonly source: string;
  readonly range: readonly [number, number] | undefined;
  readonly limit: number;
  readonly newest: boolean;
  readonly columns: readonly string[];
  readonly asOf: number;
  readonly made: boolean;
}

/** Over several units of blocks, and often the same ones. */
const minute = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20_000 }));
const replica = fc.nat({ max: 1 });
const symbol = fc.constantFrom(...SYMBOLS);
const source = fc.constantFrom(...SOURCES);
const request: fc.Arbitrary<Request> = fc.record({
  of: fc.constantFrom(
    'bars' as const,
    'bars' as const,
    'ticks' as const,
    'several' as const,
    'aligned' as const,
  ),
  symbol,
  source: fc.constantFrom('', 'best', ...SOURCES),
  range: fc.option(fc.tuple(minute, minute), { nil: undefined }),
  limit: fc.constantFrom(0, 0, 1, 3, 50),
  newest: fc.boolean(),
  columns: fc.constantFrom([], [], ['close']),
  asOf: fc.constantFrom(0, 0, 0, 20),
  made: fc.constantFrom(false, false, true),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('bar' as const),
      symbol,
      source,
      minute,
      close: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('trades' as const),
      symbol,
      source,
      minutes: fc.array(minute, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      share: fc.constantFrom(0.5, 1, 1, 1),
      settles: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), replica }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('read' as const), replica, request: fc.nat({ max: 3 }) }),
  },
);

const requests = fc.array(request, { minLength: 1, maxLength: 4 });
/** Small ones hold a few rows: most are divided, some cannot be, and a read ends before it has them all. */
const blockBytes = fc.constantFrom(300, 3_000, 1_000_000);
const steps = fc.array(step, { maxLength: 60, size: 'max' });

/** Long enough for everybody to have read what is in the log. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise(setImmediate);
}

function timesOf(minutes: readonly number[]): bigint[] {
  return [...minutes].sort((a, b) => a - b).map((at) => BigInt(at) * MINUTE_NS);
}

function answersOf(
  of: Request,
  calls: RunningService['calls'] | RunningService['served'],
): Promise<string[]> {
  const [from, to] = [...(of.range ?? [])].sort((a, b) => a - b);
  const range =
    from === undefined || to === undefined
      ? {}
      : { range: { startNs: BigInt(from) * MINUTE_NS - 7n, endNs: BigInt(to) * MINUTE_NS } };
  const common = { symbol: of.symbol, ...range, limit: BigInt(of.limit), newest: of.newest && of.limit > 0 };
  if (of.of === 'ticks') {
    const columns = of.columns.map(() => 'price');
    const named = of.source === 'best' ? '' : of.source;
    const wanted = create(queryV1.GetTicksRequestSchema, { ...common, source: named, columns });
    return rowsOf(queryV1.GetTicksResponseSchema, calls.getTicks(wanted, call));
  }
  if (of.of === 'aligned') return alignedOf(of, range, calls);
  const made = of.made && of.source !== '' ? { interval: '5m', resampleFrom: '1m' } : { interval: '1m' };
  const wanted = create(queryV1.GetBarsRequestSchema, {
    ...common,
    ...made,
    ...(of.of === 'several' ? { symbol: '', symbols: [...SYMBOLS, 'NONE'] } : {}),
    source: of.source,
    columns: [...of.columns],
    asOfNs: BigInt(of.asOf),
  });
  return rowsOf(queryV1.GetBarsResponseSchema, calls.getBars(wanted, call));
}

async function alignedOf(
  of: Request,
  range: { readonly range?: { readonly startNs: bigint; readonly endNs: bigint } },
  calls: RunningService['calls'] | RunningService['served'],
): Promise<string[]> {
  const wanted = create(queryV1.GetAlignedRequestSchema, {
    symbols: [...SYMBOLS, 'NONE'],
    interval: '1m',
    source: of.source,
    ...range,
    asOfNs: BigInt(of.asOf),
  });
  const answers: string[] = [];
  for await (const answer of calls.getAligned(wanted, call))
    answers.push(toJsonString(queryV1.GetAlignedResponseSchema, answer));
  return answers;
}

/** Rows, or why there are none. */
async function outcome(
  of: Request,
  calls: RunningService['calls'] | RunningService['served'],
): Promise<unknown> {
  return answersOf(of, calls).catch((error: unknown) => String(error));
}

/** Stores the records of the log up to a share of those that there are; what is stored stays so. */
async function store(world: World, share: number, stored: Map<string, bigint>): Promise<void> {
  for (const topic of [TICKS, BARS])
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const end = world.endOffset(topic, partition);
      const before = stored.get(`${topic}/${partition}`) ?? 0n;
      const to = before + BigInt(Math.round(Number(end - before) * share));
      stored.set(`${topic}/${partition}`, to);
      await (topic === TICKS ? world.storeTicks(partition, to) : world.storeBars(partition, to));
    }
}

describe('answers from the cache', () => {
  it('are what the store answers at that moment, on every process, whatever was written, stored and read before', async () => {
    await fc.assert(
      fc.asyncProperty(requests, steps, blockBytes, async (asked, all, maxBlockBytes) => {
        const world = new World();
        const shared = memory();
        const nowNs = (): bigint => 2n ** 62n;
        const open = (): Promise<RunningService> =>
          startService(world.service({ nowNs, cache: { memory: memory(), shared, maxBlockBytes } }));
        const stored = new Map<string, bigint>();
        const replicas = [await open(), await open()];
        try {
          for (const one of all) {
            if (one.do === 'bar')
              world.bar(one.symbol, BigInt(one.minute) * MINUTE_NS, one.close, '1m', one.source);
            else if (one.do === 'trades') world.trade(one.symbol, timesOf(one.minutes), 0n, one.source);
            else if (one.do === 'store') {
              await store(world, one.share, stored);
              if (one.settles) await settled();
            } else if (one.do === 'restart') {
              await replicas[one.replica]?.[Symbol.asyncDispose]();
              replicas[one.replica] = await open();
            } else {
              const replica = replicas[one.replica];
              if (replica === undefined) throw new Error('there is no such replica');
              const wanted = asked[one.request % asked.length];
              if (wanted === undefined) throw new Error('nothing is asked');
              const cached = await outcome(wanted, replica.served);
              expect(cached).toEqual(await outcome(wanted, replica.calls));
            }
          }
        } finally {
          for (const one of replicas) await one[Symbol.asyncDispose]();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of a long read of ticks are its blocks the second time, however finely they had to be divided', async () => {
    const world = new World();
    const service = world.service({ cache: { memory: memory(), shared: undefined, maxBlockBytes: 3_000 } });
    await using running = await startService(service);
    // Dense and sparse, over two units of the grid.
    const minutes = Array.from({ length: 2_000 }, (_, at) => (at < 1_500 ? at : at * 30));
    for (let at = 0; at < minutes.length; at += 500) world.trade('A', timesOf(minutes.slice(at, at + 500)));
    for (let partition = 0; partition < PARTITIONS; partition += 1)
      await world.storeTicks(partition, world.endOffset(TICKS, partition));
    await settled();
    const wanted = create(queryV1.GetTicksRequestSchema, { symbol: 'A' });
    const read = (): Promise<string[]> =>
      rowsOf(queryV1.GetTicksResponseSchema, running.served.getTicks(wanted, call));
    const expected = await rowsOf(queryV1.GetTicksResponseSchema, running.calls.getTicks(wanted, call));
    expect(expected).toHaveLength(minutes.length);
    expect(await read()).toEqual(expected);
    const first = await service.adminCalls.getCacheStats();
    expect(await read()).toEqual(expected);
    const second = await service.adminCalls.getCacheStats();
    expect(first.filled).toBeGreaterThan(20n);
    expect(second.filled).toBe(first.filled);
    expect(second.direct).toEqual(first.direct);
    expect(second.direct.map(({ reads }) => reads)).toEqual(second.direct.map(() => 0n));
  });

  it('of an interval with a record that is not stored yet are those of the store, and are not kept', async () => {
    const world = new World();
    const service = world.service({ cache: { memory: memory(), shared: undefined } });
    await using running = await startService(service);
    const direct = async (): Promise<Readonly<Record<string, bigint>>> => {
      const stats = await service.adminCalls.getCacheStats();
      return Object.fromEntries(stats.direct.map(({ reason, reads }) => [reason, reads]));
    };
    const wanted = create(queryV1.GetBarsRequestSchema, {
      symbol: 'A',
      interval: '1m',
      range: { startNs: MINUTE_NS, endNs: 100n * MINUTE_NS },
    });
    const read = (): Promise<string[]> =>
      rowsOf(queryV1.GetBarsResponseSchema, running.served.getBars(wanted, call));
    world.bar('A', 5n * MINUTE_NS, 1);
    const partition = world.log.partition(BARS, 0).records.length > 0 ? 0 : 1;
    await world.storeBars(partition, world.endOffset(BARS, partition));
    await settled();
    expect(await read()).toHaveLength(1);
    world.bar('A', 7n * MINUTE_NS, 2);
    await settled();
    expect(await read()).toHaveLength(1);
    expect(await direct()).toMatchObject({ 'not-stored-yet': 1n });
    await world.storeBars(partition, world.endOffset(BARS, partition));
    await settled();
    expect(await read()).toHaveLength(2);
    expect(await read()).toHaveLength(2);
    expect(await direct()).toMatchObject({ 'not-stored-yet': 1n });
  });
});

import { create } from '@bufbuild/protobuf';
import { indicatorBatchesFromProto, queryV1 } from '@tickwell/contracts';
import { calculate, parseSpec } from '@tickwell/indicators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeResponse } from '../fixtures/reading.ts';
import { BARS, World, startService, testPartitionOf, PARTITIONS } from '../fixtures/world.ts';

type Init = Parameters<typeof create<typeof queryV1.SubscribeRequestSchema>>[1];
type Message = queryV1.SubscribeResponse | Uint8Array;

const { INDICATORS, BARS: BAR_KIND } = queryV1.StreamKind;
const NEVER = new AbortController().signal;
const SPEC = 'ema(3)';

function request(init: Init): queryV1.SubscribeRequest {
  return create(queryV1.SubscribeRequestSchema, {
    symbols: ['A'],
    kinds: [INDICATORS],
    intervals: ['1m'],
    specs: [SPEC],
    ...init,
  });
}

function flat(message: queryV1.SubscribeResponse): queryV1.SubscribeResponse[] {
  return [message, ...message.more.flatMap(flat)];
}

/** What a reader has of a stream: the current value of every bar, and everything in its order. */
class Reading {
  /** By "symbol source spec start". */
  readonly current = new Map<string, string>();
  readonly order: string[] = [];
  readonly bars: string[] = [];
  isLive = false;
  /** As a client keeps it. */
  readonly position = new Map<string, queryV1.PartitionPosition>();
  readonly #stream: AsyncGenerator<Message>;

  constructor(stream: AsyncGenerator<Message>) {
    this.#stream = stream;
  }

  async until(enough: () => boolean): Promise<void> {
    while (!enough()) {
      const next = await this.#stream.next();
      if (next.done === true) throw new Error(`ended with ${this.order.length} values`);
      for (const message of flat(decodeResponse(next.value))) this.#take(message);
    }
  }

  async close(): Promise<void> {
    await this.#stream.return(undefined);
  }

  #take({ message, position }: queryV1.SubscribeResponse): void {
    for (const place of position?.partitions ?? [])
      this.position.set(`${place.topic}/${place.partition}`, place);
    if (message.case === 'live') this.isLive = true;
    if (message.case === 'bars') this.bars.push(...(message.value.bars?.startNs ?? []).map(String));
    if (message.case !== 'indicators') return;
    const batches = indicatorBatchesFromProto(message.value);
    if (!batches.ok) throw new Error(batches.error.reason);
    for (const { header, specId, startNs, warm, outputs } of batches.value)
      for (const [row, start] of startNs.entries()) {
        const key = `${header.symbol} ${header.source} ${specId} ${start}`;
        const value = warm[row] === true ? outputs.map(({ value: all }) => all[row]).join(' ') : '-';
        this.current.set(key, value);
        this.order.push(`${key} = ${value}`);
      }
  }
}

/** The values of closes by start, as the whole history gives them. */
function expected(
  closes: ReadonlyMap<bigint, number>,
  spec = SPEC,
  symbol = 'A',
  source = 'test',
): Map<string, string> {
  const parsed = parseSpec(spec);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const starts = [...closes.keys()].sort((a, b) => (a < b ? -1 : 1));
  const bars = starts.map((startNs) => ({
    startNs,
    open: 1,
    high: 9,
    low: 0,
    close: closes.get(startNs) ?? 0,
    volume: 0,
  }));
  const columns = calculate(parsed.spec, bars);
  return new Map(
    starts.map((start, row) => {
      const values = columns.map((column) => column[row] ?? NaN);
      const text = values.some(Number.isNaN) ? '-' : values.join(' ');
      return [`${symbol} ${source} ${parsed.spec.id} ${start}`, text];
    }),
  );
}

describe('a subscription with indicators to compute', () => {
  it('brings those of stored bars, then of the log, then live ones, each record whole', async () => {
    const world = new World();
    const closes = new Map<bigint, number>();
    const write = (n: number): void => {
      closes.set(BigInt(n), n % 7);
      world.bar('A', BigInt(n), n % 7);
    };
    for (let n = 1; n <= 20; n += 1) write(n);
    await world.storeBars(testPartitionOf('A', PARTITIONS), 12n);
    await using service = await startService(world.service());
    const stream = service.calls.subscribe(
      request({ kinds: [BAR_KIND, INDICATORS], from: { case: 'sinceNs', value: 5n } }),
      {
        signal: NEVER,
      },
    );
    const reading = new Reading(stream);
    await reading.until(() => reading.isLive);
    const since = (all: ReadonlyMap<string, string>): Map<string, string> =>
      new Map([...all].filter(([key]) => Number(key.split(' ')[3]) >= 5));
    expect(reading.current).toEqual(since(expected(closes)));
    for (let n = 21; n <= 30; n += 1) write(n);
    await reading.until(() => reading.order.length === 26);
    expect(reading.current).toEqual(since(expected(closes)));
    expect(reading.order).toHaveLength(reading.current.size);
    expect(reading.bars).toEqual(Array.from({ length: 26 }, (_, n) => String(n + 5)));
    await reading.close();
  });

  it('sends what a correction changes, with when it became known', async () => {
    const world = new World();
    const closes = new Map<bigint, number>();
    for (let n = 1n; n <= 10n; n += 1n) {
      world.bar('A', n, Number(n));
      closes.set(n, Number(n));
    }
    await using service = await startService(world.service());
    const reading = new Reading(service.calls.subscribe(request({}), { signal: NEVER }));
    await reading.until(() => reading.isLive);
    expect(reading.order).toEqual([]);
    world.bar('A', 8n, 100);
    closes.set(8n, 100);
    await reading.until(() => reading.order.length === 3);
    const wanted = [...expected(closes)].slice(-3).map(([key, value]) => `${key} = ${value}`);
    expect(reading.order).toEqual(wanted);
    // The same again changes nothing.
    world.bar('A', 8n, 100);
    world.bar('A', 11n, 11);
    closes.set(11n, 11);
    await reading.until(() => reading.order.length === 4);
    expect(reading.current.get('A test ema(3,close) 11')).toBe(
      expected(closes).get('A test ema(3,close) 11'),
    );
    await reading.close();
  });

  it('goes on after a position with the values that it would have had', async () => {
    const world = new World();
    const closes = new Map<bigint, number>();
    const write = (n: number): void => {
      closes.set(BigInt(n), (n * 7) % 5);
      world.bar('A', BigInt(n), (n * 7) % 5);
    };
    for (let n = 1; n <= 10; n += 1) write(n);
    await using service = await startService(world.service());
    const first = new Reading(
      service.calls.subscribe(request({ from: { case: 'sinceNs', value: 0n } }), { signal: NEVER }),
    );
    await first.until(() => first.isLive);
    write(11);
    await first.until(() => first.order.length === 11);
    await first.close();
    for (let n = 12; n <= 15; n += 1) write(n);
    // Stored further than the position: what lies between comes from the log all the same.
    await world.storeBars(testPartitionOf('A', PARTITIONS), 14n);
    const after = {
      case: 'after' as const,
      value: create(queryV1.StreamPositionSchema, { partitions: [...first.position.values()] }),
    };
    const second = new Reading(service.calls.subscribe(request({ from: after }), { signal: NEVER }));
    await second.until(() => second.isLive);
    expect(second.order).toHaveLength(4);
    expect(new Map([...first.current, ...second.current])).toEqual(expected(closes));
    await second.close();
  });

  it('is the same for every reader, whenever it came and whatever was corrected meanwhile', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('bar' as const),
          back: fc.constant(0),
          close: fc.integer({ min: 1, max: 50 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('bar' as const),
          back: fc.integer({ min: 1, max: 9 }),
          close: fc.integer({ min: 1, max: 50 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('store' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('read' as const), since: fc.integer({ min: 0, max: 30 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const world = new World();
        const closes = new Map<bigint, number>();
        await using service = await startService(world.service());
        const partition = testPartitionOf('A', PARTITIONS);
        const readings: { readonly since: number; readonly reading: Reading }[] = [];
        let last = 0;
        for (const each of steps) {
          if (each.do === 'bar') {
            const at = BigInt(Math.max(1, each.back === 0 ? (last += 1) : last - each.back));
            world.bar('A', at, each.close);
            closes.set(at, each.close);
            if (last === 0) last = 1;
          } else if (each.do === 'store') await world.storeBars(partition, world.endOffset(BARS, partition));
          else if (each.do === 'read') {
            const from = { case: 'sinceNs' as const, value: BigInt(each.since) };
            const stream = service.calls.subscribe(request({ specs: [SPEC, 'sma(4)'], from }), {
              signal: NEVER,
            });
            readings.push({ since: each.since, reading: new Reading(stream) });
            if (each.since % 2 === 0)
              await readings.at(-1)?.reading.until(() => readings.at(-1)?.reading.isLive === true);
          } else await readings.shift()?.reading.close();
        }
        world.bar('A', 1_000n, 7);
        closes.set(1_000n, 7);
        const wanted = [...expected(closes), ...expected(closes, 'sma(4)')];
        for (const { since, reading } of readings) {
          await reading.until(() => reading.current.has('A test sma(4,close) 1000'));
          const own = new Map(wanted.filter(([key]) => Number(key.split(' ')[3]) >= since));
          expect(new Map([...reading.current].sort())).toEqual(new Map([...own].sort()));
          // A value comes again only where it is another one.
          const seen = new Map<string, string>();
          for (const line of reading.order) {
            const [key = '', value = ''] = line.split(' = ');
            expect(seen.get(key)).not.toBe(value);
            seen.set(key, value);
          }
          await reading.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('begins with a source that comes while it is live, and keeps sources apart', async () => {
    const world = new World();
    for (let n = 1n; n <= 5n; n += 1n) world.bar('A', n, Number(n));
    await using service = await startService(world.service());
    const reading = new Reading(service.calls.subscribe(request({}), { signal: NEVER }));
    await reading.until(() => reading.isLive);
    const closes = new Map<bigint, number>();
    for (let n = 1n; n <= 5n; n += 1n) {
      world.bar('A', n, Number(n) * 2, '1m', 'other');
      closes.set(n, Number(n) * 2);
    }
    world.bar('A', 6n, 6, '5m');
    await reading.until(() => reading.order.length === 5);
    expect(reading.current).toEqual(expected(closes, SPEC, 'A', 'other'));
    await reading.close();
  });

  it('ends with one clear error where a bar is older than what is revised', async () => {
    const world = new World();
    await using service = await startService(world.service());
    const reading = new Reading(service.calls.subscribe(request({}), { signal: NEVER }));
    await reading.until(() => reading.isLive);
    for (let n = 1n; n <= 300n; n += 1n) world.bar('A', n, Number(n));
    await reading.until(() => reading.order.length === 300);
    world.bar('A', 2n, 9);
    await expect(reading.until(() => false)).rejects.toMatchObject({
      code: 'correction-too-old',
      retryable: false,
      message: expect.stringMatching(
        /a 1m bar of A \(test\) from .* came or was corrected, older than the 128 bars/,
      ) as string,
    });
  });

  it('is bounded for all subscribers together, and shared by them', async () => {
    const world = new World();
    for (let n = 1n; n <= 5n; n += 1n) world.bar('A', n, Number(n));
    await using service = await startService(world.service());
    const specs = Array.from({ length: 64 }, (_, n) => `sma(${n + 1})`);
    const readings: Reading[] = [];
    // 100 readers of 64: together more than a process computes, were they not shared.
    for (let n = 0; n < 100; n += 1) {
      const reading = new Reading(service.calls.subscribe(request({ specs }), { signal: NEVER }));
      await reading.until(() => reading.isLive);
      readings.push(reading);
    }
    world.bar('A', 6n, 6);
    for (const reading of readings) await reading.until(() => reading.order.length === 64);
    const many = Array.from({ length: 70 }, (_, n) => `Z${n}`);
    for (const symbol of many) world.bar(symbol, 1n, 1);
    const tooMany = new Reading(
      service.calls.subscribe(request({ symbols: many, specs }), { signal: NEVER }),
    );
    await expect(tooMany.until(() => tooMany.isLive)).rejects.toMatchObject({ code: 'limit-exceeded' });
    for (const reading of readings) await reading.close();
    // All is given back.
    const again = new Reading(
      service.calls.subscribe(request({ symbols: many.slice(0, 60), specs }), { signal: NEVER }),
    );
    await again.until(() => again.isLive);
    await again.close();
  });

  it.each<[string, Init, string]>([
    ['an unknown specification', { specs: ['magic(2)'] }, 'names no indicator with "magic"'],
    ['all symbols', { symbols: [] }, 'name the symbols'],
    ['all intervals', { intervals: [] }, 'name the intervals'],
    ['best', { source: 'best' }, 'source "best" is of GetIndicators'],
    ['another kind only', { kinds: [BAR_KIND] }, 'specs without STREAM_KIND_INDICATORS'],
    ['sessions', { specs: ['vwap(session)'] }, 'goes by sessions'],
    ['too many', { specs: Array.from({ length: 65 }, (_, n) => `sma(${n + 1})`) }, 'at most 64'],
  ])('refuses %s', async (_name, init, message) => {
    await using service = await startService(new World().service());
    await expect(service.calls.subscribe(request(init), { signal: NEVER }).next()).rejects.toThrow(message);
  });
});

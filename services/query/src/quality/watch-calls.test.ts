import { create } from '@bufbuild/protobuf';
import { connect, type QualityEvent, type QualityWatch } from '@tickwell/client';
import { ALL_TOPICS, TABLES, TOPICS, encodeMessage, events, queryV1 } from '@tickwell/contracts';
import { GrpcServer, bindConfig, bindQuality } from '@tickwell/grpc';
import type { EventSink } from '@tickwell/ports';
import { MemoryLog, MemoryStore } from '@tickwell/testkit';
import { describe, expect, it } from 'vitest';
import { World, startService } from '../fixtures/world.ts';

const T0 = 1_720_000_000_000_000_000n;
const MINUTE = 60_000_000_000n;

interface Limits {
  readonly messages?: number;
  readonly bytes?: number;
}

async function served({ messages = 1_000, bytes = 1_000_000 }: Limits = {}) {
  const log = new MemoryLog({ topics: ALL_TOPICS });
  const process = log.openProcess();
  const store = new MemoryStore();
  const clock = { nowNs: T0 };
  const query = new World().service({
    log: process,
    reader: store,
    nowNs: () => clock.nowNs,
    queue: { messages, bytes },
    lookMs: 10,
  });
  const methods = [...bindQuality(query.qualityCalls), ...bindConfig(query.configCalls)];
  const server = new GrpcServer({ host: '127.0.0.1', port: 0, methods });
  const running = await startService(query, server);
  const client = connect({ address: `127.0.0.1:${server.port}`, retry: { maxAttempts: 1 } });
  return {
    client,
    clock,
    store,
    query,
    writer: new Writer(await log.openProcess().createSink({ name: 'test' })),
    async [Symbol.asyncDispose]() {
      client.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

/** What the validator and ingest would have written. */
class Writer {
  readonly #sink: EventSink;
  #n = 0n;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  async finding(symbol: string, rule: string, n?: bigint): Promise<void> {
    this.#n += 1n;
    const header = { source: 'ib', symbol, cause: { origin: 'raw', n: n ?? this.#n, k: 0 }, knownAtNs: T0 };
    const value = encodeMessage(events.QualityEventSchema, {
      header,
      kind: 'bars',
      event: { case: 'finding', value: { rule, severity: events.Severity.WARNING, message: `${rule}!` } },
    });
    await this.#sink.send([{ topic: TOPICS.quality.name, key: symbol, value, headers: {} }]);
  }

  async status(source: string, state: events.SourceState, timeNs: bigint, reason = ''): Promise<void> {
    const cause = { origin: `${source}#status`, n: timeNs, k: 0 };
    const value = encodeMessage(events.SourceStatusSchema, {
      source,
      stream: 'one',
      state,
      reason,
      timeNs,
      cause,
    });
    await this.#sink.send([{ topic: TOPICS.sourceStatus.name, key: source, value, headers: {} }]);
  }
}

async function holdQuote(store: MemoryStore, symbol: string, timeNs: bigint): Promise<void> {
  const texts = { symbol, source: 'ib', epoch: 'e' };
  await store.write([
    {
      table: TABLES.quotes.name,
      timestampNs: [timeNs],
      columns: [
        ...Object.entries(texts).map(([name, values]) => ({ type: 'symbol' as const, name, values })),
        { type: 'timestamp', name: 'known_at', values: timeNs },
        { type: 'long', name: 'record_offset', values: 0n },
        { type: 'long', name: 'seq', values: 0n },
      ],
    },
  ]);
}

function textOf(event: QualityEvent): string {
  switch (event.kind) {
    case 'finding':
      return `${event.finding.rule} ${event.finding.symbol}`;
    case 'source':
      return `${event.source.source} ${event.source.state}${event.source.silent ? ' silent' : ''}`;
    case 'freshness':
      return `${event.series.symbol} ${event.series.state}`;
    case 'current':
      return 'current';
  }
}

/** Reads on until so many events were read. */
function reader(watch: QualityWatch): (count: number) => Promise<string[]> {
  const iterator = watch[Symbol.asyncIterator]();
  return async (count) => {
    const read: string[] = [];
    while (read.length < count) {
      const next = await iterator.next();
      if (next.done === true) break;
      read.push(textOf(next.value));
    }
    return read;
  };
}

const UP = events.SourceState.UP;

describe('Watch', () => {
  it('tells what there is, then a marker, then what changes', async () => {
    await using service = await served();
    const { client, writer, store, clock } = service;
    await client.config.put({
      kind: 'instrument',
      id: 'BTC',
      payloadJson: '{"type":"crypto","calendar":"24-7"}',
    });
    await holdQuote(store, 'BTC', T0 - 10n * MINUTE);
    await writer.finding('BTC', 'unit-error');
    const stop = new AbortController();
    const watch = client.quality.watch({ history: 10, signal: stop.signal });
    const read = reader(watch);
    // The finding is not stored yet: it comes from the log.
    expect(await read(3)).toEqual(['BTC stale', 'unit-error BTC', 'current']);
    await writer.status('ib', UP, T0);
    expect(await read(1)).toEqual(['ib up']);
    await writer.status('ib', UP, T0 + 1n);
    await writer.finding('BTC', 'price-jump', 900n);
    // Written twice, as after a lost acknowledgement.
    await writer.finding('BTC', 'price-jump', 900n);
    await writer.finding('BTC', 'quote-locked', 901n);
    expect(await read(2)).toEqual(['price-jump BTC', 'quote-locked BTC']);
    clock.nowNs = T0 + 10n * MINUTE;
    expect(await read(1)).toEqual(['ib down silent']);
    clock.nowNs = T0 - 9n * MINUTE;
    expect((await read(2)).toSorted()).toEqual(['BTC fresh', 'ib up']);
    stop.abort();
  });

  it('tells each watcher what it asked for', async () => {
    await using service = await served();
    const { client, writer } = service;
    const stop = new AbortController();
    const of = { signal: stop.signal };
    const one = reader(client.quality.watch({ ...of, topics: ['findings'], symbols: ['A'] }));
    const other = reader(client.quality.watch({ ...of, topics: ['sources'], source: 'yahoo' }));
    expect([await one(1), await other(1)]).toEqual([['current'], ['current']]);
    await writer.finding('B', 'x');
    await writer.finding('A', 'x');
    await writer.status('ib', UP, T0);
    await writer.status('yahoo', events.SourceState.PACED, T0);
    expect([await one(1), await other(1)]).toEqual([['x A'], ['yahoo paced']]);
    stop.abort();
  });

  it('goes on after a position, with what came meanwhile', async () => {
    await using service = await served();
    const { client, writer } = service;
    const first = new AbortController();
    const watch = client.quality.watch({ topics: ['findings'], signal: first.signal });
    const read = reader(watch);
    expect(await read(1)).toEqual(['current']);
    await writer.finding('A', 'one');
    expect(await read(1)).toEqual(['one A']);
    const after = watch.position;
    first.abort();
    await writer.finding('A', 'two');
    await writer.finding('B', 'three');
    const second = new AbortController();
    const again = reader(client.quality.watch({ topics: ['findings'], after, signal: second.signal }));
    expect((await again(3)).toSorted()).toEqual(['current', 'three B', 'two A']);
    await writer.finding('A', 'four');
    expect(await again(1)).toEqual(['four A']);
    second.abort();
  });

  it('cuts the watcher who does not read, and serves the other', async () => {
    await using service = await served({ messages: 20 });
    const { client, writer, query } = service;
    const stop = new AbortController();
    const quick = reader(client.quality.watch({ topics: ['findings'], signal: stop.signal }));
    expect(await quick(1)).toEqual(['current']);
    const request = create(queryV1.QualityServiceWatchRequestSchema, {
      topics: [queryV1.QualityTopic.FINDINGS],
    });
    const slow = query.qualityCalls.watch(request, { signal: stop.signal });
    expect((await slow.next()).done).toBe(false);
    for (let at = 0; at < 50; at += 1) {
      await writer.finding(`S${at}`, 'x');
      expect(await quick(1)).toEqual([`x S${at}`]);
    }
    await expect(slow.next()).rejects.toMatchObject({ code: 'reader-too-slow' });
    stop.abort();
  });

  it('refuses what it does not know', async () => {
    await using service = await served();
    const { client } = service;
    const refused = async (options: Parameters<typeof client.quality.watch>[0]): Promise<unknown> =>
      reader(client.quality.watch(options))(1).catch((error: unknown) => error);
    expect(await refused({ history: 1_001 })).toMatchObject({
      message: expect.stringContaining('history 1001 is more than 1000') as unknown,
    });
    expect(await refused({ symbols: ['no good'] })).toMatchObject({ code: 'invalid-argument' });
    const position = { topic: TOPICS.quality.name, epoch: 'x', partition: 0, nextOffset: 0n };
    expect(
      await refused({ after: new Map([['a', create(queryV1.PartitionPositionSchema, position)]]) }),
    ).toMatchObject({
      code: 'position-of-deleted-topic',
    });
  });
});

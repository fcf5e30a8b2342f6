import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_TOPICS, decodeTickBatch, events, parseMessage, TOPICS } from '@tickwell/contracts';
import { CauseMarks } from '@tickwell/domain';
import { createKafkaLog } from '@tickwell/kafka';
import { SILENT } from '@tickwell/ports';
import { startFeedSim, type CapturedMessage } from '@tickwell/websocket-sim';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { isDurable, ofSource, recordsOf, runIngest, type IngestRun } from './fixtures/ingest-run.ts';

const SYMBOLS = 20;
const PER_SYMBOL = 1500;
/** Every so many-th message is a web page. */
const BROKEN = 1000;
const START_MS = 1_700_000_000_000;

const log = createKafkaLog({
  brokers: inject('stack').kafkaBrokers,
  clientId: 'websocket-test',
  logger: SILENT,
});
let folder = '';

beforeAll(async () => {
  await log.ensureTopics(ALL_TOPICS);
  folder = await mkdtemp(join(tmpdir(), 'tickwell-websocket-'));
});

afterAll(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

/** A source that nobody has used before. */
async function newDefinition(url: string): Promise<{ readonly name: string; readonly path: string }> {
  const name = `ws-${randomUUID().slice(0, 20)}`;
  const path = join(folder, `${name}.json`);
  const definition = {
    type: 'websocket',
    name,
    url: `${url}/?of={topics}`,
    channels: [{ kind: 'trades', name: 'trade' }],
    subscribe: { maxTopicsPerConnection: 100 },
    routes: [
      {
        match: { e: 'trade' },
        as: 'trades',
        symbol: 's',
        fields: { time: { path: 't', unit: 'ms' }, price: 'p', size: 'q', seq: 'n' },
        sequence: { path: 'n', scope: 'symbol', step: 'one' },
      },
    ],
    reconnect: { firstSeconds: 0.05, maxSeconds: 0.2 },
  };
  await writeFile(path, JSON.stringify(definition));
  return { name, path };
}

const symbolOf = (index: number): string => `W${index % SYMBOLS}`;
const priceOf = (symbol: string, number: number): number => 100 + Number(symbol.slice(1)) + number / 8;

/** Trades of all symbols in turns, each symbol's numbered from 1. */
function messages(): readonly CapturedMessage[] {
  const list: CapturedMessage[] = [];
  for (let index = 0; index < SYMBOLS * PER_SYMBOL; index++) {
    const [symbol, number] = [symbolOf(index), Math.floor(index / SYMBOLS) + 1];
    const trade = {
      e: 'trade',
      s: symbol,
      t: START_MS + number,
      p: String(priceOf(symbol, number)),
      q: 1,
      n: number,
    };
    list.push({ text: JSON.stringify(trade), atMs: 0 });
    if (index % BROKEN === BROKEN - 1) list.push({ text: `<html>${index}</html>`, atMs: 0 });
  }
  return list;
}

/** Runs the process until so many events and refusals are durable, then stops it as a process manager does. */
function ingest(
  path: string,
  until: { readonly events: number; readonly refused: number },
): Promise<IngestRun> {
  const symbols = Array.from({ length: SYMBOLS }, (_, index) => symbolOf(index));
  return runIngest(
    { type: 'websocket', definition: path, symbols },
    { signalAfter: (lines) => (isDurable(lines, until) ? 'SIGTERM' : undefined) },
  );
}

/** Trades of a source as its readers see them: "number time price" by symbol. */
async function tradesOf(source: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const marks = new CauseMarks();
  const trades = new Map<string, string[]>();
  for (const { value } of await recordsOf(log, [TOPICS.rawTicks], ofSource(source))) {
    const batch = value === null ? undefined : decodeTickBatch(value, true);
    if (batch?.ok !== true || batch.value.kind !== 'trades' || !marks.advance(batch.value.header.cause))
      continue;
    const { header, trades: columns } = batch.value;
    const rows = columns.seq.map((seq, index) => `${seq} ${columns.timeNs[index]} ${columns.price[index]}`);
    trades.set(header.symbol, [...(trades.get(header.symbol) ?? []), ...rows]);
  }
  return trades;
}

describe('a WebSocket feed against a real Kafka', () => {
  it('over connections that are cut brings each trade once, files bad input and its states, and stops in order', async () => {
    const list = messages();
    const cuts = new Set([5000, 12_000, 25_000]);
    const feed = await startFeedSim({
      messages: list,
      speed: 0,
      fault: (sent) => (cuts.delete(sent) ? 'cut' : undefined),
    });
    const { name, path } = await newDefinition(feed.url);
    const broken = (SYMBOLS * PER_SYMBOL) / BROKEN;
    const run = await ingest(path, { events: SYMBOLS * PER_SYMBOL, refused: broken });
    expect(run.code).toBe(0);
    expect(feed.stats()).toMatchObject({ connections: 4, sent: list.length, isDone: true });
    await feed.stop();

    const numbers = Array.from({ length: PER_SYMBOL }, (_, index) => index + 1);
    const expected = Array.from({ length: SYMBOLS }, (_, index) => symbolOf(index)).map(
      (symbol): readonly [string, readonly string[]] => [
        symbol,
        numbers.map((n) => `${n} ${BigInt(START_MS + n) * 1_000_000n} ${priceOf(symbol, n)}`),
      ],
    );
    expect(Object.fromEntries(await tradesOf(name))).toEqual(Object.fromEntries(expected));

    const refused = (await recordsOf(log, [TOPICS.rawRefused], ofSource(name))).map(({ value }) => {
      const parsed = parseMessage(events.RefusedInputSchema, value ?? new Uint8Array());
      return parsed.ok
        ? `${parsed.value.rule} ${Buffer.from(parsed.value.original).toString()}`
        : 'unreadable';
    });
    expect(refused.toSorted()).toEqual(
      Array.from(
        { length: broken },
        (_, index) => `websocket-not-json <html>${(index + 1) * BROKEN - 1}</html>`,
      ).toSorted(),
    );

    // Each cut is a hole of each symbol, and the next number shows that nothing is missing.
    const holes = run.lines.filter((line) => line.type === 'hole');
    expect(holes.length).toBe(3 * SYMBOLS);
    expect(holes.every(({ unrepaired }) => unrepaired === null)).toBe(true);
    const reasons = (await recordsOf(log, [TOPICS.sourceStatus], ofSource(name))).map(({ value }) => {
      const parsed = parseMessage(events.SourceStatusSchema, value ?? new Uint8Array());
      return parsed.ok ? parsed.value.reason : 'unreadable';
    });
    expect(reasons).toContain('connection: live');
    expect(reasons).toContainEqual(expect.stringMatching(/^connection: the server closed the connection/));
  });

  it('with a mistake in its definition is not started: every mistake is told', async () => {
    const path = join(folder, 'wrong.json');
    await writeFile(path, '{"type":"websocket","name":"wrong"}');
    const { code, lines } = await ingest(path, { events: 1, refused: 0 });
    expect(code).toBe(2);
    expect(lines).toEqual([]);
  });
});

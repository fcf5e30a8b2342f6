import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  create,
  fromJson,
  toJson,
  type DescMethod,
  type DescService,
  type JsonObject,
  type JsonValue,
} from '@bufbuild/protobuf';
import { BytesValueSchema } from '@bufbuild/protobuf/wkt';
import type { Platform } from '@tickwell/cli/platform';
import { connect, type TickwellClient } from '@tickwell/client';
import { ALL_TABLES, ALL_TOPICS, queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { Channel } from '@tickwell/grpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContentHash } from '../support/content-hash.ts';
import { endOffsets, untilDrained } from '../support/drained.ts';
import {
  absurdNumbers,
  fieldPaths,
  HARMLESS,
  HOSTILE_TEXTS,
  isRange,
  isText,
  pathName,
  withValue,
  type FieldPath,
} from '../support/hostile.ts';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { queryStore } from '../support/store.ts';

const SYMBOL = 'GOOD';
const START_NS = BigInt(Date.UTC(2024, 0, 2, 15)) * 1_000_000n;
/** What a call may end with: the caller's fault, said to be so. */
const REFUSALS = [
  'invalid-argument',
  'not-found',
  'failed-precondition',
  'version-conflict',
  'position-of-deleted-topic',
  'position-expired',
  'limit-exceeded',
];
/** Depend on when a call is made. */
const OF_THE_MOMENT = ['nowNs', 'timeNs', 'range', 'position', 'ageNs', 'overdueNs'];
const MANY = 100_000;

function isService(one: unknown): one is DescService {
  return typeof one === 'object' && one !== null && 'kind' in one && one.kind === 'service';
}

const EXPORTED: readonly unknown[] = Object.values(queryV1);
const METHODS = EXPORTED.filter(isService)
  .flatMap((service) => service.methods)
  .map((method) => [`${method.parent.name}.${method.name}`, method] as const);

/** Requests that are answered, or, of calls that write, refused for what they ask and nothing else: so they leave nothing behind. */
const OF_METHOD: Readonly<Record<string, JsonObject>> = {
  'MarketDataService.GetBars': { symbol: SYMBOL, interval: '1m' },
  'MarketDataService.JoinAsOf': {
    left: { symbols: [SYMBOL], kind: 'STREAM_KIND_BARS', interval: '1m' },
    right: { kind: 'STREAM_KIND_BARS', interval: '1m' },
  },
  'MarketDataService.Subscribe': {
    symbols: [SYMBOL],
    kinds: ['STREAM_KIND_BARS'],
    sinceNs: String(START_NS),
    until: {},
  },
  'ConfigService.Put': {
    kind: 'strategy',
    id: 'kept',
    payloadJson: '{"symbols":["GOOD"]}',
    expectedVersion: '9',
  },
  'ConfigService.Delete': { kind: 'strategy', id: 'kept', expectedVersion: '9' },
  'ConfigService.Get': { kind: 'strategy', id: 'kept' },
  'ConfigService.History': { kind: 'strategy', id: 'kept' },
  'ConfigService.List': { kind: 'strategy' },
  'ConfigService.GetSchema': { kind: 'strategy' },
  'DeadLetterService.Get': { id: 'md.raw.bars/0/999999/0' },
  'DeadLetterService.Replay': { ids: ['md.raw.bars/0/999999/0'] },
  'DeadLetterService.Purge': { ids: ['md.raw.bars/0/999999/0'] },
  'QualityService.GetCoverage': {
    symbols: [SYMBOL],
    interval: '1m',
    calendar: '24-7',
    range: { startNs: String(START_NS), endNs: String(START_NS + 3_600_000_000_000n) },
  },
};
/** Requests of calls that take some fields with others only. */
const OF_FIELD: Readonly<Record<string, JsonObject>> = {
  'MarketDataService.Subscribe specs': { symbols: [SYMBOL], intervals: ['1m'], sinceNs: String(START_NS) },
};
const COMMON: JsonObject = { symbol: SYMBOL, interval: '1m', symbols: [SYMBOL], specId: 'sma(3)' };

function goodRequest(name: string, { input }: DescMethod, path: FieldPath): JsonObject {
  const known = OF_FIELD[`${name} ${pathName(path)}`] ?? OF_METHOD[name];
  if (known !== undefined) return known;
  return Object.fromEntries(Object.entries(COMMON).filter(([field]) => field in input.field));
}

/** What messages call a field that has another name on the wire. */
const CALLED: Readonly<Record<string, string>> = {
  payload_json: 'strategy kept',
  at_fingerprint: 'fingerprint',
  fix_json: 'fix',
  spec_id: 'specification',
  specs: 'specification',
};
/** Orders, and does not choose. */
const NO_FILTERS = ['after_id'];
/** Bytes that no text has, as the first field of whatever they are sent as. */
const NO_MESSAGE = create(BytesValueSchema, { value: new Uint8Array([0xff, 0xfe, 0x80]) });

const trades = (): string => {
  const rows = Array.from({ length: 120 }, (_, at) =>
    [String(START_NS + BigInt(at) * 5_000_000_000n), SYMBOL, 100 + (at % 7) / 100, 1].join(','),
  );
  return ['time,symbol,price,size', ...rows, ''].join('\n');
};
/** The second has its high below its low. */
const BARS = `time,symbol,open,high,low,close
2024-01-02,GOOD,10,11,9,10
2024-01-03,GOOD,10,1,9,10
2024-01-04,GOOD,10,11,9,10
`;

async function firstOf<T>(stream: AsyncIterable<T>): Promise<T | undefined> {
  for await (const one of stream) return one;
  return undefined;
}

describe('bad input', () => {
  let platform: Platform;
  let folder: string;
  let channel: Channel;
  let client: TickwellClient;
  let before: ReadonlyMap<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-bad-'));
    // What writes of itself would look like what bad input wrote; what died must not come back unseen.
    platform = await startTestPlatform({
      supervise: false,
      copies: { monitor: 0 },
      serviceEnv: { query: { TICKWELL_CACHE_BYTES: '67108864' } },
    });
    channel = new Channel({ address: platform.grpcAddress });
    client = connect({ address: platform.grpcAddress });
    const [bars, ticks] = [join(folder, 'bars.csv'), join(folder, 'trades.csv')];
    writeFileSync(bars, BARS);
    writeFileSync(ticks, trades());
    const files = [
      { path: bars, dataset: 'bars', kind: 'bars', interval: '1d' },
      { path: ticks, dataset: 'ticks', kind: 'trades', timeFormat: 'epoch-ns' },
    ];
    const { code, output } = await runIngest(platform.endpoints, { type: 'files', files }).ended;
    expect(code, output.slice(-2_000)).toBe(0);
    await client.saveStrategyConfig('kept', { symbols: [SYMBOL] }, { author: 'ann' });
    await client.savePortfolioConfig('kept', { baseCurrency: 'USD' }, { author: 'ann' });
    await untilDrained(platform.endpoints);
    before = await everything();
  }, 240_000);
  afterAll(async () => {
    // Absent where it could not start.
    (channel as Channel | undefined)?.close();
    (client as TickwellClient | undefined)?.close();
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Number and hash of the rows of every table, of every configuration document with its history, and where every topic ends. */
  async function everything(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const { name } of ALL_TABLES) {
      const hash = new ContentHash();
      for (const row of await queryStore(platform.endpoints, `select * from ${name}`)) hash.add(...row);
      found.set(name, hash.digest());
    }
    for (const kind of ['strategy', 'portfolio', 'instrument', 'source'] as const) {
      const hash = new ContentHash();
      for await (const { id } of client.config.list({ kind }))
        for await (const one of client.config.history({ kind, id }))
          hash.add(id, one.version, one.author, one.payloadJson);
      found.set(`documents of ${kind}`, hash.digest());
    }
    const topics = ALL_TOPICS.map(({ name }) => name);
    for (const [partition, end] of await endOffsets(platform.endpoints, topics))
      found.set(partition, String(end));
    return found;
  }

  /** The answer as JSON without what depends on the moment, or the error that the call ended with. */
  async function ask(method: DescMethod, request: JsonObject): Promise<string | TickwellError> {
    const { name, parent, input, output } = method;
    const message = fromJson(input, request);
    const answers: JsonValue[] = [];
    try {
      if (method.methodKind === 'unary') {
        const unary = { methodKind: 'unary' as const, name, parent, input, output };
        answers.push(toJson(output, await channel.unary(unary, message, { timeoutMs: 60_000 })));
      } else {
        const stream = { methodKind: 'server_streaming' as const, name, parent, input, output };
        for await (const one of channel.stream(stream, message, { timeoutMs: 60_000 })) {
          const answer = toJson(output, one) as JsonObject;
          answers.push(answer);
          // From here on it waits for what is to come.
          if ('current' in answer || 'live' in answer) break;
        }
      }
    } catch (error) {
      if (!(error instanceof TickwellError)) throw error;
      return error;
    }
    return JSON.stringify(answers, (key, value: unknown) =>
      OF_THE_MOMENT.includes(key) ? undefined : value,
    );
  }

  /** That a refusal says in one line what is wrong with which field. */
  function checkRefusal(error: TickwellError, path: FieldPath, request: string): void {
    const what = `${pathName(path)} ${request.slice(0, 300)}: ${error.code} ${error.message}`;
    expect(REFUSALS, what).toContain(error.code);
    expect(error.message, what).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    expect(error.message.length, what).toBeLessThanOrEqual(1_100);
    if (error.code !== 'invalid-argument') return;
    const names = path.map(({ name }) => CALLED[name] ?? name.replace(/s$/, ''));
    expect(
      names.some((name) => error.message.includes(name)),
      what,
    ).toBe(true);
  }

  it.each(METHODS)('%s takes no text for more than a text', async (name, method) => {
    for (const path of fieldPaths(method.input, isText)) {
      const harmless = await ask(method, withValue(goodRequest(name, method, path), path, HARMLESS));
      if (harmless instanceof TickwellError) checkRefusal(harmless, path, HARMLESS);
      for (const text of HOSTILE_TEXTS) {
        const found = await ask(method, withValue(goodRequest(name, method, path), path, text));
        if (found instanceof TickwellError) checkRefusal(found, path, text);
        // An answer may say the text once more.
        else if (!NO_FILTERS.includes(pathName(path)))
          expect(
            found.replaceAll(JSON.stringify(text).slice(1, -1), HARMLESS),
            `${pathName(path)} ${text.slice(0, 80)}`,
          ).toBe(harmless);
      }
    }
  });

  it.each(METHODS)('%s answers or refuses absurd numbers', async (name, method) => {
    for (const path of fieldPaths(method.input, (field) => absurdNumbers(field).length > 0)) {
      const last = path.at(-1);
      if (last === undefined) continue;
      for (const number of absurdNumbers(last)) {
        const found = await ask(method, withValue(goodRequest(name, method, path), path, number));
        if (found instanceof TickwellError) checkRefusal(found, path, JSON.stringify(number));
      }
    }
  });

  it.each(METHODS)('%s refuses lists without end', async (name, method) => {
    const many = Array.from({ length: MANY }, (_, at) => `S${at}`);
    for (const path of fieldPaths(method.input, (field) => isText(field) && field.fieldKind === 'list')) {
      const found = await ask(method, withValue(goodRequest(name, method, path), path, many));
      expect(found, pathName(path)).toBeInstanceOf(TickwellError);
      if (found instanceof TickwellError) checkRefusal(found, path, `${MANY} of them`);
    }
  });

  it.each(METHODS)('%s refuses what is no message, and what is too long', async (name, method) => {
    const { parent, output } = method;
    const sent = { name: method.name, parent, input: BytesValueSchema, output };
    const long = { ...NO_MESSAGE, value: new Uint8Array(50 * 1024 * 1024) };
    for (const [message, code] of [
      [NO_MESSAGE, 'invalid-argument'],
      [long, 'limit-exceeded'],
    ] as const) {
      const call =
        method.methodKind === 'unary'
          ? channel.unary({ ...sent, methodKind: 'unary' }, message)
          : channel.stream({ ...sent, methodKind: 'server_streaming' }, message).next();
      // Whatever is in a message that has no fields is a field of later versions.
      if (message === NO_MESSAGE && method.input.fields.length === 0) await call;
      else await expect(call, name).rejects.toMatchObject({ code, retryable: false });
    }
  });

  it.each(METHODS.filter(([, { input }]) => fieldPaths(input, isRange).length > 0))(
    '%s refuses ranges that mean nothing',
    async (name, method) => {
      for (const path of fieldPaths(method.input, isRange)) {
        for (const [startNs, endNs] of [
          [START_NS + 1n, START_NS],
          [START_NS, START_NS],
          [-1n, 0n],
          [0n, -1n],
          [-(2n ** 63n), 2n ** 63n - 1n],
        ] as const) {
          const range = { startNs: String(startNs), endNs: String(endNs) };
          const found = await ask(method, withValue(goodRequest(name, method, path), path, range));
          expect(found, `${pathName(path)} ${startNs} ${endNs}`).toMatchObject({ code: 'invalid-argument' });
          if (found instanceof TickwellError) checkRefusal(found, path, `${startNs} ${endNs}`);
        }
      }
    },
  );

  it('a subscription from the future is told that it is one', async () => {
    const inYears = BigInt(Date.now()) * 1_000_000n + 86_400_000_000_000n * 1_000n;
    await expect(firstOf(client.subscribe({ symbols: [SYMBOL], sinceNs: inYears }))).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(
        /from\.since_ns \S+Z is in the future, by now it is \S+Z: say it in ns/,
      ) as string,
    });
  });

  it('left nothing behind, and everything goes on', async () => {
    expect([...(await everything())]).toEqual([...before]);
    for (const { label, exitCode } of platform.services) expect(exitCode, label).toBeUndefined();
  });

  it('may be what a person wrote: it is kept as it is', async () => {
    const author = "Robert'); drop table bars; --";
    const config = { parameters: { note: '\u0000\n\u202e $1 %', text: 'x'.repeat(100_000) } };
    const { version } = await client.saveStrategyConfig('bobby', config, { author });
    expect(await client.fetchStrategies({ prefix: 'bobby' })).toMatchObject([{ version, author, config }]);
    const { id } = await firstOf(client.deadLetters.list({})).then((found) => found ?? { id: 'none' });
    await client.deadLetters.purge({ ids: [id], author, note: author });
    expect(await firstOf(client.deadLetters.list({ states: ['purged'] }))).toMatchObject({
      id,
      resolvedBy: author,
      note: author,
    });
    const now = await everything();
    for (const { name } of ALL_TABLES)
      if (!name.startsWith('dead_letter')) expect(now.get(name), name).toBe(before.get(name));
  });
});

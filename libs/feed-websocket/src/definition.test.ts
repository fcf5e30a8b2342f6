import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SMALL } from './fixtures/small-feed.ts';
import { loadWebsocketDefinition } from './job-reader.ts';
import { parseWebsocketDefinition, readWebsocketDefinition } from './read-definition.ts';

const READY = readdirSync(join(import.meta.dirname, '../definitions')).map((file) =>
  file.replace('.json', ''),
);

/** Problems of the small feed with something changed. */
function problemsOf(change: object): readonly string[] {
  const read = readWebsocketDefinition({ ...SMALL, ...change }, 'mine.json');
  return read.ok ? [] : read.error;
}

describe('a definition', () => {
  it.each(READY)('that is ready is right: %s', (name) => {
    const loaded = loadWebsocketDefinition(name);
    expect(loaded.ok ? [] : loaded.error).toEqual([]);
  });

  it('names every mistake at once, each with its path', () => {
    const problems = problemsOf({
      name: 'My Feed',
      url: 'https://example.org',
      colour: 'blue',
      secrets: { key: { env: 'A', file: 'b' } },
      channels: [
        { kind: 'trades', name: 'trade' },
        { kind: 'bars', name: 'kline' },
        { kind: 'news', name: 'n' },
      ],
      subscribe: {
        ...SMALL.subscribe,
        topic: '{sybmol}',
        message: { a: ['{tpoics}', '{secret:other}'] },
        maxTopicsPerMessage: 0,
      },
      routes: [
        {
          match: { 'a..b': 1 },
          as: 'trades',
          symbol: 's',
          fields: { price: 'p[x]', size: { unit: 'ms' }, colour: 'c' },
        },
        { match: {}, as: 'tades' },
        { match: { e: {} }, as: 'ignored' },
        { match: { e: 1 }, as: 'quotes', symbol: 's', interval: '1m', fields: { time: 't' } },
      ],
      heartbeat: { silenceSeconds: 'long', ping: { everySeconds: -1 } },
      reconnect: { firstSeconds: 10, maxSeconds: 1 },
      limits: { messageBytes: 12 },
    });
    expect(problems).toMatchInlineSnapshot(`
      [
        "mine.json.name must be 1 to 32 of a-z, 0-9 and -: it is the source of the events",
        "mine.json.secrets.key.env or file is required: where the secret is, never the secret itself",
        "mine.json.url must begin with wss:// (or ws://) and a host",
        "mine.json.channels[1].interval is required of bars, for example 1m",
        "mine.json.channels[2].kind must be one of trades, quotes, bars",
        "mine.json.subscribe.maxTopicsPerMessage must be a whole number from 1 to 10000",
        "mine.json.routes[0].match "a..b" is no path: write names with dots between them and array indexes in brackets, for example data.price, [1][0], $[3]",
        "mine.json.routes[0].fields.time is required: a path, or an object with one",
        "mine.json.routes[0].fields.price "p[x]" is no path: write names with dots between them and array indexes in brackets, for example data.price, [1][0], $[3]",
        "mine.json.routes[0].fields.size.path is required: a path, or constant, or received",
        "mine.json.routes[0].fields.colour is not known; known are time, price, size, seq, side, conditions, venue",
        "mine.json.routes[1].as must be one of trades, quotes, bars, subscribed, rejected, logged-in, login-refused, heartbeat, error, ignored",
        "mine.json.routes[2].match.e must be a value, a list of values, {"exists": true} or {"contains": "a text"}",
        "mine.json.routes[3].interval is of bars only",
        "mine.json.routes[3].fields.bid or ask is required",
        "mine.json.heartbeat.ping.everySeconds must be from 0.1 to 3600",
        "mine.json.heartbeat.silenceSeconds must be a number",
        "mine.json.reconnect.maxSeconds must not be below firstSeconds",
        "mine.json.limits.messageBytes must be a whole number from 1024 to 67108864",
        "mine.json.subscribe.message uses {tpoics}; it may use {topics}, {symbols}, {channel}, {id}, {nowMs}, {nowSeconds}, {secret:NAME}",
        "mine.json.subscribe.message uses {secret:other}, which secrets does not name",
        "mine.json.subscribe.topic uses {sybmol}; it may use {symbol}, {symbol:lower}, {symbol:upper}, {channel}",
        "mine.json.routes have none for bars, which channels name",
        "mine.json.colour is not known; known are type, name, secrets, description, example, url, topicSeparator, headers, priceBasis, channels, subscribe, login, sequence, routes, heartbeat, reconnect, limits",
      ]
    `);
  });

  it('must say how the feed learns what is wanted, in one way', () => {
    const both = { url: 'ws://example.org/{topics}' };
    const neither = { subscribe: { topic: '{symbol}' } };
    for (const change of [both, neither])
      expect(problemsOf(change)).toEqual([
        'mine.json.subscribe.message or {topics} in url is required, one of both: how the feed learns what is wanted',
      ]);
  });

  it('must have a route for each channel, one channel a series, and a way to see that a login was accepted', () => {
    const channels = [
      ...SMALL.channels,
      { kind: 'trades', name: 'other' },
      { kind: 'bars', interval: '5m', name: 'bar' },
    ];
    const routes = SMALL.routes.filter(({ as }) => as !== 'logged-in');
    expect(problemsOf({ channels, routes, login: { message: {} } })).toEqual([
      'mine.json.routes have none for bars of 5m, which channels name',
      'mine.json.channels name trades twice: a series comes from one channel',
      'mine.json.routes have none as logged-in: how the feed says that the login was accepted',
    ]);
  });

  it('that is no JSON, or no object, is told so', () => {
    const problems = ['{"type":', '[]', '"x"'].map((text) => parseWebsocketDefinition(text, 'mine.json'));
    expect(problems.map((read) => (read.ok ? '' : read.error[0]))).toEqual([
      expect.stringMatching(/^mine.json is no JSON: /),
      'mine.json must be an object',
      'mine.json must be an object',
    ]);
  });

  it('that is not there is named', () => {
    const own = loadWebsocketDefinition('./nowhere.json');
    const ready = loadWebsocketDefinition('nasdaq');
    expect(own.ok ? '' : own.error[0]).toMatch(/^definition .\/nowhere.json cannot be read/);
    expect(ready.ok ? '' : ready.error[0]).toMatch(/^definition nasdaq is none of the ready ones/);
  });

  it('holds no secret and no address of a person: the ready ones are as they are shown', () => {
    for (const name of READY) {
      const text = readFileSync(join(import.meta.dirname, '../definitions', `${name}.json`), 'utf8');
      expect(JSON.parse(text)).toMatchObject({ type: 'websocket', name });
    }
  });
});

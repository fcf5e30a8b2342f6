import type { FeedItem, LiveReport } from '@tickwell/ports';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { countOf, definitionOf, readFeed, rowsOf, type ReadFeed } from './fixtures/feed.ts';
import { acknowledge, SMALL, smallFeed, trade } from './fixtures/small-feed.ts';

const WAIT = { timeout: 10_000, interval: 10 };

const feeds: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.allSettled(feeds.splice(0).map((feed) => feed.stop()));
});

type Sim = Awaited<ReturnType<typeof smallFeed>>;

async function session(
  texts: readonly string[],
  of: {
    readonly sim?: Parameters<typeof smallFeed>[1];
    readonly definition?: object;
    readonly symbols?: readonly string[];
    readonly read?: Parameters<typeof readFeed>[2];
  } = {},
): Promise<{ readonly sim: Sim; readonly feed: ReadFeed }> {
  const sim = await smallFeed(texts, of.sim);
  const definition = definitionOf({ ...SMALL, url: sim.url, ...of.definition });
  const feed = await readFeed(definition, of.symbols ?? ['A'], of.read);
  // In this order: the feed is to stop before its server.
  feeds.push(feed, sim);
  return { sim, feed };
}

const numbers = (items: readonly FeedItem[]): readonly unknown[] =>
  rowsOf(items, 'trades').map((row) => row[2]);

async function untilTrades(feed: ReadFeed, count: number): Promise<void> {
  await vi.waitFor(() => {
    expect(countOf(feed.items, 'trades')).toBe(count);
  }, WAIT);
}

const holesOf = (feed: ReadFeed): readonly Extract<LiveReport, { kind: 'hole' }>[] =>
  feed.reports.filter((report) => report.kind === 'hole');
const statesOf = (feed: ReadFeed): readonly string[] =>
  feed.reports.flatMap((report) => (report.kind === 'connection' ? [report.state] : []));

describe('numbers of a feed', () => {
  it('leaves out what comes twice, and tells a gap with its numbers and times', async () => {
    const texts = [trade(1), trade(2), trade(2), trade(1), trade(6), trade(7)];
    const { feed } = await session(texts);
    await untilTrades(feed, 4);
    await feed.stop();
    expect(numbers(feed.items)).toEqual([1n, 2n, 6n, 7n]);
    expect(holesOf(feed)).toMatchObject([
      {
        symbol: 'A',
        series: 'trades',
        fromNs: 1_700_000_000_020_000_000n,
        toNs: 1_700_000_000_060_000_000n,
        unrepaired: 'numbers 3 to 5 never came, and the feed has no history',
      },
    ]);
    expect(feed.refusals()).toEqual([]);
  });

  it('asks for the state anew after a gap', async () => {
    const { sim, feed } = await session([trade(1), trade(5)]);
    await vi.waitFor(() => {
      expect(sim.heard.map((text) => (JSON.parse(text) as { op: string }).op)).toEqual([
        'sub',
        'unsub',
        'sub',
      ]);
    }, WAIT);
    await feed.stop();
  });

  it('refuses what comes after later ones, with its bytes', async () => {
    const { feed } = await session([trade(1), trade(4), trade(2), trade(5)]);
    await untilTrades(feed, 3);
    await feed.stop();
    expect(feed.refusals()).toMatchObject([{ rule: 'websocket-late', symbol: 'A' }]);
    expect(Buffer.from(feed.refusals()[0]?.original ?? []).toString()).toBe(trade(2));
  });

  it('goes on with a feed that begins its numbers anew', async () => {
    const { feed } = await session([
      trade(500),
      trade(1, 'A', { t: 1_700_000_009_000 }),
      trade(2, 'A', { t: 1_700_000_009_010 }),
    ]);
    await untilTrades(feed, 3);
    await feed.stop();
    expect(holesOf(feed)).toMatchObject([
      { unrepaired: 'the feed began its numbers anew: what was before them is not known' },
    ]);
  });

  it('checks a count of the whole connection', async () => {
    const numbered = (n: number, sequence: number): string => trade(n, n % 2 === 0 ? 'A' : 'B', { sequence });
    const texts = [numbered(1, 1), numbered(2, 2), numbered(2, 2), numbered(3, 3), numbered(4, 5)];
    const { feed } = await session(texts, {
      symbols: ['A', 'B'],
      definition: { sequence: { path: 'sequence', step: 'one' }, routes: withoutCount() },
    });
    await untilTrades(feed, 4);
    await feed.stop();
    expect(holesOf(feed)).toMatchObject([
      { symbol: 'A', reason: '1 numbers of the feed after 3 never came' },
      { symbol: 'B', reason: '1 numbers of the feed after 3 never came' },
    ]);
  });
});

/** The routes of the small feed, trades without a count of their own. */
function withoutCount(): readonly object[] {
  return SMALL.routes.map((route) => ({ ...route, ...('sequence' in route ? { sequence: undefined } : {}) }));
}

describe('connections', () => {
  it('comes back after a cut; the next number proves that nothing was missed', async () => {
    let cuts = 0;
    const { sim, feed } = await session(
      ['1', '2', '3', '4'].map((n) => trade(Number(n))),
      {
        sim: { fault: (sent) => (sent === 2 && cuts++ === 0 ? 'cut' : undefined) },
      },
    );
    await untilTrades(feed, 4);
    await feed.stop();
    expect(sim.stats().connections).toBe(2);
    expect(numbers(feed.items)).toEqual([1n, 2n, 3n, 4n]);
    expect(holesOf(feed)).toMatchObject([{ unrepaired: undefined, events: 0 }]);
    expect(statesOf(feed)).toMatchObject([
      'live',
      expect.stringMatching(/closed the connection \(1006\); again in/),
      'live',
      'closed',
    ]);
  });

  it('cuts a socket that is silent, and comes back', async () => {
    const { sim, feed } = await session([trade(1), trade(2)], {
      definition: { heartbeat: { silenceSeconds: 0.3, ping: { everySeconds: 3600 } } },
      sim: { fault: (sent, { number }) => (sent === 1 && number === 1 ? 'silent' : undefined) },
    });
    await untilTrades(feed, 2);
    await feed.stop();
    expect(sim.stats().connections).toBeGreaterThan(1);
    expect(statesOf(feed)).toContainEqual(expect.stringMatching(/^nothing was heard for 0.3 s/));
  });

  it('keeps a quiet socket that answers pings', async () => {
    const { sim, feed } = await session([trade(1), '{"e":"noise"}'], {
      definition: { heartbeat: { silenceSeconds: 0.4, ping: { everySeconds: 0.1 } } },
    });
    await untilTrades(feed, 1);
    // More pings than any silence would last.
    await vi.waitFor(() => {
      expect(sim.stats().pings).toBeGreaterThan(10);
    }, WAIT);
    expect(sim.stats().connections).toBe(1);
    await feed.stop();
  });

  it('cuts a subscription that brings nothing, where the feed promises heartbeats', async () => {
    const { feed } = await session([trade(1)], {
      definition: { heartbeat: { silenceSeconds: 5, quietSeconds: 0.3, ping: { everySeconds: 0.1 } } },
    });
    await vi.waitFor(() => {
      expect(statesOf(feed)).toContainEqual(
        expect.stringMatching(/^no event and no heartbeat came for 0.3 s/),
      );
    }, WAIT);
    await feed.stop();
  });

  it('answers the pings of a feed that sends them as messages', async () => {
    const { sim, feed } = await session(['{"ping":17}', trade(1)]);
    await vi.waitFor(() => {
      expect(sim.heard).toContain('{"pong":17}');
    }, WAIT);
    await feed.stop();
  });

  it('comes back when the feed says goodbye, and tells its errors', async () => {
    const texts = [trade(1), '{"e":"error","why":"slow down"}', '{"e":"bye","why":"maintenance"}', trade(2)];
    const { sim, feed } = await session(texts, {
      sim: { fault: (sent, { number }) => (sent === 3 && number === 1 ? 'silent' : undefined) },
    });
    await untilTrades(feed, 2);
    await feed.stop();
    expect(sim.stats().connections).toBe(2);
    expect(statesOf(feed)).toContain('the feed says: slow down');
    expect(statesOf(feed)).toContainEqual(expect.stringMatching(/^the feed says: maintenance; again in/));
  });

  it('spreads topics over as many connections as the feed allows', async () => {
    const symbols = ['A', 'B', 'C', 'D', 'E'];
    const { sim, feed } = await session(
      symbols.map((symbol) => trade(1, symbol)),
      {
        symbols,
        definition: { subscribe: { ...SMALL.subscribe, maxTopicsPerConnection: 2 } },
      },
    );
    await untilTrades(feed, 5);
    await vi.waitFor(() => {
      expect(feed.reports.at(-1)).toMatchObject({ kind: 'connection', isUp: true });
    }, WAIT);
    await feed.stop();
    expect(sim.stats().connections).toBe(3);
  });

  it('slows the feed down while the reader is slow, and loses nothing', async () => {
    const padding = { pad: 'x'.repeat(2000) };
    const texts = Array.from({ length: 15_000 }, (_, index) => trade(index + 1, 'A', padding));
    let isHeld = true;
    const { sim, feed } = await session(texts, {
      definition: { heartbeat: { silenceSeconds: 0.5, ping: { everySeconds: 3600 } } },
      read: {
        context: { maxQueued: 1000 },
        beforeEach: async () => {
          while (isHeld) await new Promise((resolve) => setTimeout(resolve, 5));
        },
      },
    });
    // The sender stands still well before its end: what waits is bounded.
    let sent = -1;
    await vi.waitFor(
      () => {
        const before = sent;
        sent = sim.stats().sent;
        expect(sent).toBe(before);
        expect(sent).toBeGreaterThan(0);
      },
      { timeout: 20_000, interval: 500 },
    );
    expect(sent).toBeLessThan(texts.length);
    isHeld = false;
    await vi.waitFor(
      () => {
        expect(countOf(feed.items, 'trades')).toBe(texts.length);
      },
      { timeout: 30_000, interval: 50 },
    );
    await feed.stop();
    expect(numbers(feed.items)).toEqual(texts.map((_, index) => BigInt(index + 1)));
    expect(sim.stats().connections).toBe(1);
    expect(holesOf(feed)).toEqual([]);
  }, 60_000);
});

describe('bad input', () => {
  it('refuses what cannot be read, one by one, and takes the rest', async () => {
    const bad = [
      '<!DOCTYPE html><html><body>502 Bad Gateway</body></html>',
      '{"e":"trade","s":"A"',
      '{"e":"surprise"}',
      trade(2, 'A', { p: 'n/a' }),
      trade(3, 'A', { t: 'yesterday' }),
      trade(4, 'A', { q: null }),
      trade(5, 'A', { s: 7 }),
      trade(6, 'A', { n: -1 }),
      '[]',
      '"A"',
      'null',
    ];
    const { feed } = await session([trade(1), ...bad, trade(2)]);
    await untilTrades(feed, 2);
    await vi.waitFor(() => {
      expect(feed.refusals().length).toBe(bad.length);
    }, WAIT);
    await feed.stop();
    const said = feed.refusals().map(({ rule, reason }) => `${rule}: ${reason}`);
    expect(said).toEqual([
      'websocket-not-json: small: a message is a web page, not JSON: a proxy or a login page answers in place of the feed',
      expect.stringMatching(/^websocket-not-json: small: a message is no JSON/),
      expect.stringMatching(/^websocket-unmatched: small: a message is of no kind/),
      'websocket-field: small: a message routes[0] (trades): price (p) "n/a" is not a number',
      'websocket-field: small: a message routes[0] (trades): time (t) "yesterday" is not a time in ms since the epoch',
      'websocket-field: small: a message routes[0] (trades): size (q) is missing',
      'websocket-field: small: a message routes[0] (trades): symbol (s) 7 is not a text',
      'websocket-field: small: a message routes[0] (trades): seq (n) -1 is not a whole number',
      ...Array.from({ length: 3 }, (): unknown => expect.stringMatching(/^websocket-unmatched/)),
    ]);
    expect(feed.refusals().map(({ original }) => Buffer.from(original).toString())).toEqual(bad);
  });

  it('cuts a connection that sends an oversized message, says so, and goes on', async () => {
    const texts = [trade(1), JSON.stringify({ e: 'noise', text: 'x'.repeat(100_000) }), trade(2)];
    const { sim, feed } = await session(texts, {
      sim: { fault: (sent, { number }) => (sent === 2 && number === 1 ? 'silent' : undefined) },
    });
    await untilTrades(feed, 2);
    await feed.stop();
    expect(sim.stats().connections).toBe(2);
    expect(statesOf(feed)).toContainEqual(
      expect.stringMatching(/larger than the limit: raise limits.messageBytes/),
    );
  });

  it('leaves out a topic that the feed rejects, and serves the others', async () => {
    const { feed } = await session([trade(1, 'A'), trade(1, 'B')], {
      symbols: ['A', 'X', 'B'],
      sim: {
        onMessage: (text) =>
          acknowledge(text).map((answer) =>
            answer.includes('trade.X') ? '{"e":"refused","topic":"trade.X","why":"no such symbol"}' : answer,
          ),
      },
    });
    await untilTrades(feed, 2);
    await feed.stop();
    expect(feed.reports).toContainEqual({
      kind: 'refused',
      symbol: 'X',
      series: 'trades',
      reason: 'small: the subscription to trade.X was rejected: no such symbol',
    });
    expect(feed.refusals()).toMatchObject([{ rule: 'websocket-rejected', symbol: 'X' }]);
  });

  it('asks one by one where a rejection does not say what it means', async () => {
    const answer = (text: string): readonly string[] =>
      text.includes('trade.X') ? ['{"e":"refused","why":"bad request"}'] : acknowledge(text);
    const { sim, feed } = await session([trade(1, 'A'), trade(1, 'B')], {
      symbols: ['A', 'X', 'B'],
      sim: { onMessage: answer, asks: 4 },
    });
    await untilTrades(feed, 2);
    await feed.stop();
    expect(sim.heard.map((text) => (JSON.parse(text) as { topics: string[] }).topics)).toEqual([
      ['trade.A', 'trade.X', 'trade.B'],
      ['trade.A'],
      ['trade.X'],
      ['trade.B'],
    ]);
    expect(feed.reports).toContainEqual(expect.objectContaining({ kind: 'refused', symbol: 'X' }));
  });

  it('fails when everything is rejected', async () => {
    const { feed } = await session([], { sim: { onMessage: () => ['{"e":"refused","why":"closed"}'] } });
    await expect(feed.ended).rejects.toMatchObject({ code: 'websocket-rejected', retryable: false });
  });

  it('names a server that never acknowledges, again and again, then gives up', async () => {
    const { sim, feed } = await session([], {
      definition: {
        subscribe: { ...SMALL.subscribe, acknowledgeSeconds: 0.1 },
        reconnect: { ...SMALL.reconnect, attempts: 3 },
      },
      sim: { onMessage: () => [] },
    });
    await expect(feed.ended).rejects.toMatchObject({
      code: 'websocket-unreachable',
      retryable: true,
      message: `small: ${sim.url} could not be used in 3 attempts; the last one: the subscription to trade.A was not acknowledged within 0.1 s`,
    });
    expect(sim.stats().connections).toBe(3);
  });

  it('fails at once where the handshake is refused as wrong', async () => {
    const { feed } = await session([], { sim: { refuse: () => ({ status: 403 }) } });
    await expect(feed.ended).rejects.toMatchObject({
      code: 'websocket-refused',
      message: expect.stringMatching(/answered HTTP 403 Forbidden; check url/) as unknown,
    });
  });

  it('tries again where the server is busy', async () => {
    const { feed } = await session([trade(1)], {
      sim: { refuse: ({ number }) => (refusals++ < 2 && number === 1 ? { status: 503 } : undefined) },
    });
    let refusals = 0;
    await untilTrades(feed, 1);
    await feed.stop();
  });
});

describe('secrets', () => {
  const WITH_LOGIN = {
    secrets: { key: { env: 'FEED_KEY' } },
    login: { message: { op: 'login', key: '{secret:key}' }, timeoutSeconds: 1 },
  };
  const read = { context: { env: { FEED_KEY: 'very-secret-key' } } };

  it('logs in before it subscribes', async () => {
    const answer = (text: string): readonly string[] =>
      text.includes('very-secret-key') ? ['{"e":"in"}'] : acknowledge(text);
    const { sim, feed } = await session([trade(1)], {
      definition: WITH_LOGIN,
      read,
      sim: { onMessage: answer, asks: 2 },
    });
    await untilTrades(feed, 1);
    await feed.stop();
    expect(sim.heard.map((text) => (JSON.parse(text) as { op: string }).op)).toEqual(['login', 'sub']);
  });

  it('tells a refused login without the key, also where the feed repeats it', async () => {
    const { feed } = await session([], {
      definition: WITH_LOGIN,
      read,
      sim: {
        onMessage: () => [
          '{"e":"other","key":"very-secret-key"}',
          '{"e":"out","why":"very-secret-key has expired"}',
        ],
      },
    });
    await expect(feed.ended).rejects.toMatchObject({
      code: 'websocket-refused',
      message: 'small: the login was refused: *** has expired',
    });
    const originals = feed.refusals().map(({ original }) => Buffer.from(original).toString());
    expect(
      JSON.stringify([originals, feed.reports.map((report) => Object.values(report).join())]),
    ).not.toContain('very-secret');
  });

  it('names a secret that is not there', async () => {
    await expect(session([], { definition: WITH_LOGIN })).rejects.toMatchObject({
      code: 'websocket-secret',
      message: 'small: secret key: set the environment variable FEED_KEY',
    });
  });
});

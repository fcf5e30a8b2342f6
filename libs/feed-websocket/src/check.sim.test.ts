import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedSim } from '@tickwell/websocket-sim';
import { afterEach, expect, it } from 'vitest';
import { checkWebsocket, type WebsocketFinding } from './check.ts';
import { acknowledge, SMALL, smallFeed, trade } from './fixtures/small-feed.ts';

const clock = {
  nowNs: () => BigInt(Date.now()) * 1_000_000n,
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};

const feeds: FeedSim[] = [];
afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
});

/** Refuses the symbol that nobody has. */
function answer(text: string): readonly string[] {
  const isUnknown = text.includes('NOSUCH');
  return isUnknown
    ? ['{"e":"refused","topic":"trade.ZZQX9NOSUCH","why":"no such symbol"}']
    : acknowledge(text);
}

async function feedOf(texts: readonly string[], of: Parameters<typeof smallFeed>[1] = {}): Promise<FeedSim> {
  const feed = await smallFeed(texts, { onMessage: answer, ...of });
  feeds.push(feed);
  return feed;
}

function file(definition: object | string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tickwell-ws-check-')), 'small.json');
  writeFileSync(path, typeof definition === 'string' ? definition : JSON.stringify(definition));
  return path;
}

async function check(
  path: string,
  of: { symbol?: string; liveMs?: number } = {},
): Promise<Record<string, WebsocketFinding>> {
  const found: Record<string, WebsocketFinding> = {};
  const options = { symbol: of.symbol, liveMs: of.liveMs ?? 10_000 };
  for await (const finding of checkWebsocket(path, { clock, env: {} }, options))
    found[finding.check] = finding;
  return found;
}

function outcomes(found: Record<string, WebsocketFinding>): Record<string, string> {
  return Object.fromEntries(Object.entries(found).map(([name, { outcome }]) => [name, outcome]));
}

it('passes a definition that its feed agrees with', async () => {
  const { url } = await feedOf([trade(1), trade(2)]);
  const found = await check(file({ ...SMALL, url, example: 'A' }));
  expect(outcomes(found)).toEqual({
    loads: 'pass',
    'live: connects': 'pass',
    'live trades: delivers': 'pass',
    'live: every message is understood': 'pass',
    'live: stops when told': 'pass',
    'live: an unknown symbol is clear': 'pass',
  });
  expect(found['live: an unknown symbol is clear']?.message).toContain('no such symbol');
});

it('names what is not understood, and what no channel delivers', async () => {
  const texts = ['{"e":"news"}', trade(1, 'A', { p: 'cheap' })];
  const { url } = await feedOf(texts);
  const found = await check(file({ ...SMALL, url }), { symbol: 'A', liveMs: 700 });
  expect(found['live trades: delivers']).toMatchObject({ outcome: 'skip' });
  expect(found['live: every message is understood']).toMatchObject({
    outcome: 'fail',
    message: expect.stringMatching(
      /^2 messages or events would become dead letters: .*news.*cheap/s,
    ) as string,
  });
});

it('says why it does not connect, that a symbol is refused, and every mistake of a definition', async () => {
  const nowhere = await check(file({ ...SMALL, url: 'ws://127.0.0.1:9' }), { symbol: 'A', liveMs: 500 });
  expect(nowhere['live: connects']).toMatchObject({
    outcome: 'fail',
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
  expect(nowhere['live: an unknown symbol is clear']).toBeUndefined();
  const { url } = await feedOf([trade(1)]);
  const refused = await check(file({ ...SMALL, url }), { symbol: 'ZZQX9NOSUCH', liveMs: 700 });
  expect(outcomes(refused)).toMatchObject({ 'live trades: delivers': 'fail' });
  const wrong = await check(file({ ...SMALL, url: 'http://x', routes: [] }));
  expect(wrong).toEqual({
    loads: {
      check: 'loads',
      outcome: 'fail',
      message: expect.stringMatching(
        /small\.json\.url must begin with wss:.*; small\.json\.routes/,
      ) as string,
    },
  });
  expect(outcomes(await check(file({ ...SMALL, url })))).toEqual({ loads: 'pass', 'live: connects': 'skip' });
});

import { SILENT } from '@tickwell/ports';
import type { EventSource, FeedItem } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { chunks, fileOf, ns, readAll, refusals, testHost, type TestHost } from './fixtures/testing.ts';
import { readProviderJob } from './jobs.ts';

const BASE = `name: 'mine', kinds: ['trades', 'quotes'], priceBasis: 'raw'`;

async function open(
  body: string,
  job: Readonly<Record<string, unknown>> = {},
  base = BASE,
  speed?: number,
): Promise<TestHost & { readonly source: EventSource }> {
  const path = fileOf('mine.ts', `export default { ${base}, async *live(request, context) { ${body} } };`);
  const test = testHost({}, speed);
  const all = {
    type: 'provider',
    module: path,
    live: true,
    symbols: [{ symbol: 'A', vendor: 'a' }, 'B'],
    ...job,
  };
  const read = readProviderJob(all, 'job', test.host);
  if (!read.ok) throw new Error(read.error.join());
  const opened = await read.value[0]?.open(SILENT);
  if (opened?.ok !== true) throw opened?.error ?? new Error('no job');
  return { ...test, source: opened.value };
}

/** Reads until so many events and refusals have come, then stops. */
async function take(source: EventSource, count: number) {
  const stop = new AbortController();
  const items: FeedItem[] = [];
  let seen = 0;
  for await (const item of source.read({ afterPosition: 0n, signal: stop.signal })) {
    items.push(item);
    if (item.kind === 'refused') seen += 1;
    else if (item.kind !== 'progress') seen += item.positions.length;
    if (seen >= count) stop.abort();
  }
  return { source, items, error: undefined };
}

const row = (more: string): string =>
  `yield { kind: 'trades', symbol: 'a', time: new Date('2026-01-01T10:00:00Z'), price: 1, ...{ ${more} } };`;

describe('a live session', () => {
  it('delivers rows of several instruments and kinds under their ids', async () => {
    const { source } = await open(`
      ${row('price: 5')} ${row('price: 6')}
      ${row(`symbol: 'B', size: 3`)}
      yield { kind: 'quotes', symbol: 'a', time: '2026-01-01T10:00:01Z', bid: 1, ask: null };
      await new Promise(() => {});`);
    const outcome = await take(source, 4);
    const trades = chunks(outcome).flatMap((chunk) => (chunk.kind === 'trades' ? [chunk] : []));
    expect(
      trades.flatMap(({ symbol, trades: { price, size, seq } }) =>
        price.map((one, at) => [symbol, one, size[at], seq[at]]),
      ),
    ).toEqual([
      ['A', 5, 0, 0n],
      ['A', 6, 0, 1n],
      ['B', 1, 3, 0n],
    ]);
    expect(chunks(outcome).at(-1)).toMatchObject({
      kind: 'quotes',
      symbol: 'A',
      quotes: { bidPrice: [1], askPrice: [NaN] },
    });
    expect(source.streamId).toMatch(/^mine:live:\d+:[0-9a-f]{8}$/);
    expect(outcome.items.at(-1)).toMatchObject({ kind: 'progress', position: 4n });
  });

  it('refuses rows that are of nobody, of no kind and out of order; others go on', async () => {
    const { source } = await open(`
      ${row('')} ${row(`symbol: 'C'`)} ${row('symbol: undefined')} ${row('kind: undefined')}
      ${row(`time: new Date('2026-01-01T09:00:00Z')`)} ${row('price: 2')}
      await new Promise(() => {});`);
    const outcome = await take(source, 6);
    expect(refusals(outcome).map(({ rule, symbol }) => [rule, symbol])).toEqual([
      ['row-symbol', ''],
      ['row-symbol', ''],
      ['row-kind', 'A'],
      ['row-order', 'A'],
    ]);
    expect(refusals(outcome)[0]?.reason).toBe('mine live row 2: it is of "C", which nobody asked for');
    expect(chunks(outcome).flatMap((chunk) => (chunk.kind === 'trades' ? chunk.trades.price : []))).toEqual([
      1, 2,
    ]);
  });

  it('leaves out what a provider that was started again has delivered before, and then knows of no hole', async () => {
    const trade = (number: number): string =>
      row(`time: new Date(Date.UTC(2026, 0, 1, 10, ${number})), seq: ${number}`);
    const { source, reports } = await open(`
      globalThis.startsOfRepeating = (globalThis.startsOfRepeating ?? 0) + 1;
      ${trade(1)} ${trade(2)}
      if (globalThis.startsOfRepeating === 1) throw new Error('connection lost');
      ${trade(3)}
      await new Promise(() => {});`);
    const outcome = await take(source, 3);
    expect(chunks(outcome).flatMap((chunk) => (chunk.kind === 'trades' ? chunk.trades.seq : []))).toEqual([
      1n,
      2n,
      3n,
    ]);
    expect(refusals(outcome)).toEqual([]);
    expect(reports.map(({ kind }) => kind)).toEqual(['connection', 'connection']);
  });

  it('takes a refused key for an outage where it was right before', async () => {
    const { source } = await open(`
      globalThis.startsOfRefused = (globalThis.startsOfRefused ?? 0) + 1;
      if (globalThis.startsOfRefused === 2) context.fail('unauthorized', 'the vendor answers 401');
      ${row('time: new Date(Date.UTC(2026, 0, 1, 10, globalThis.startsOfRefused))')}
      if (globalThis.startsOfRefused === 1) throw new Error('connection lost');
      await new Promise(() => {});`);
    expect(chunks(await take(source, 2)).flatMap(({ positions }) => positions)).toEqual([1n, 2n]);
  });

  it('starts a provider again that fails, and tells the hole', async () => {
    const { source, reports } = await open(`
      globalThis.startsOfMine = (globalThis.startsOfMine ?? 0) + 1;
      if (globalThis.startsOfMine === 1) { ${row('')} throw new Error('connection lost'); }
      ${row(`time: new Date('2026-01-01T10:05:00Z')`)}
      await new Promise(() => {});`);
    const outcome = await take(source, 2);
    expect(chunks(outcome).flatMap((chunk) => chunk.positions)).toEqual([1n, 2n]);
    expect(reports).toMatchObject([
      { kind: 'connection', isUp: false, state: expect.stringContaining('connection lost') as string },
      { kind: 'connection', isUp: true },
      {
        kind: 'hole',
        symbol: 'A',
        series: 'trades',
        fromNs: ns('2026-01-01T10:00:00Z'),
        toNs: ns('2026-01-01T10:05:00Z'),
      },
    ]);
  });

  it('ends where a start would be in vain', async () => {
    const wrongKey = await open(`context.fail('unauthorized', 'the key is wrong');`);
    expect((await readAll(wrongKey.source, 0n)).error).toMatchObject({
      code: 'provider-unauthorized',
      retryable: false,
    });
    const mistake = await open(`undefined.price;`);
    expect((await readAll(mistake.source, 0n)).error).toMatchObject({ code: 'provider-failed' });
    const ends = await open(`return;`, {}, BASE, 1000);
    const { error } = await readAll(ends.source, 0n);
    expect(error).toMatchObject({ code: 'provider-unavailable', retryable: true });
    expect(error?.message).toContain('it ended by itself');
  });

  it('starts one again that is silent for longer than it says', async () => {
    const { source, reports } = await open(
      `${row(`time: new Date('2026-01-01T10:0' + (globalThis.silentOfMine = (globalThis.silentOfMine ?? 0) + 1) + ':00Z')`)}
       await new Promise(() => {});`,
      {},
      `${BASE}, limits: { liveSilenceSeconds: 2 }`,
    );
    await take(source, 2);
    expect(reports[0]).toMatchObject({
      kind: 'connection',
      isUp: false,
      state: expect.stringContaining('it answered nothing for 2 s') as string,
    });
  });

  it('passes on what the provider itself says it missed', async () => {
    const { source, reports } = await open(
      `
      context.missed({ symbol: 'a', from: '2026-01-01T09:00:00Z', to: '2026-01-01T09:30:00Z', reason: 'reconnected' });
      context.status('degraded', 'slow');
      ${row('')} await new Promise(() => {});`,
      { kinds: ['trades'] },
    );
    await take(source, 1);
    expect(reports).toMatchObject([
      { kind: 'hole', symbol: 'A', series: 'trades', reason: 'reconnected' },
      { kind: 'connection', isUp: false, state: 'slow' },
    ]);
  });

  it('slows a provider down that is faster than its reader, and loses nothing', async () => {
    const { source } = await open(`
      for (let number = 1; number <= 30000; number++) yield { kind: 'trades', symbol: 'B', time: BigInt(Date.UTC(2026, 0, 1)) * 1000000n + BigInt(number), price: 1, seq: number };
      await new Promise(() => {});`);
    const outcome = await take(source, 30_000);
    expect(Math.max(...chunks(outcome).map(({ positions }) => positions.length))).toBeLessThanOrEqual(1000);
    const seqs = chunks(outcome).flatMap((chunk) => (chunk.kind === 'trades' ? chunk.trades.seq : []));
    expect(seqs).toEqual(Array.from({ length: 30_000 }, (_, index) => BigInt(index + 1)));
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileOf, ns, testHost } from '../fixtures/testing.ts';
import { startVendorServer, vendors, type VendorServer } from '../fixtures/vendor-server.ts';
import { readyNames } from '../ready.ts';
import type { Finding } from './finding.ts';
import { checkProvider } from './suite.ts';

let server: VendorServer;
beforeAll(async () => {
  server = await startVendorServer(vendors);
});
afterAll(() => server.close());

const SPAN = { fromNs: ns('2024-02-05'), toNs: ns('2024-02-16'), liveMs: 2000 };

async function check(path: string, more: object = {}): Promise<readonly Finding[]> {
  const env = { TIINGO_API_KEY: 'right-key', STOOQ_API_KEY: 'right-key' };
  const { host } = testHost({ network: server.network, env });
  const findings: Finding[] = [];
  for await (const finding of checkProvider(host, path, { ...SPAN, ...more })) findings.push(finding);
  return findings;
}

function failed(findings: readonly Finding[]): readonly string[] {
  return findings.flatMap(({ check: name, outcome, message }) =>
    outcome === 'fail' ? [`${name}: ${message}`] : [],
  );
}

describe('the contract of a provider', () => {
  it.each(readyNames())('is kept by %s', async (name) => {
    const findings = await check(name);
    expect(failed(findings)).toEqual([]);
    expect(findings.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(8);
  });

  it('is kept by examples/provider', async () => {
    const findings = await check(join(import.meta.dirname, '../../../../examples/provider/src/main.ts'), {
      interval: '1d',
    });
    expect(failed(findings)).toEqual([]);
    expect(findings.map(({ check: name }) => name)).toContain('live: starts');
  });
});

describe('a provider that does not keep it', () => {
  const history = (body: string): string =>
    fileOf(
      'mine.ts',
      `let calls = 0; export default { name: 'mine', kinds: ['bars'], intervals: ['1d'], priceBasis: 'raw', example: 'A',
      async *history({ symbol, from, to }, context) { calls++;
        const days = []; for (let ms = Math.max(from.getTime(), Date.UTC(2024, 0, 1)); ms < to.getTime(); ms += 86400000) if (symbol === 'A') days.push(new Date(ms));
        const bar = (time, more = {}) => ({ time, open: 1, high: 2, low: 1, close: 2, ...more });
        ${body} } };`,
    );

  it.each([
    [
      'rows that are no events',
      `for (const day of days) yield bar(day, { close: null });`,
      /delivers: 11 rows, none an event/,
    ],
    [
      'some of them',
      `for (const day of days) yield bar(day, day.getUTCDate() === 9 ? { close: '2' } : {});`,
      /rows are events: 1 rows are refused: .*close is "2"/,
    ],
    [
      'values that the rules refuse',
      `for (const day of days) yield bar(day, { high: 1.5 });`,
      /pass the platform's rules: 11 events would become dead letters/,
    ],
    [
      'rows that come twice',
      `for (const day of days) { yield bar(day); yield bar(day); }`,
      /pass the platform's rules: 11 events come twice/,
    ],
    [
      'newest first',
      `for (const day of days.reverse()) yield bar(day);`,
      /in order, in the span: .*sort rows by time/,
    ],
    [
      'other values each time',
      `for (const day of days) yield bar(day, { close: 1 + (calls % 5) / 10 });`,
      /twice the same: two readings differ at event 1/,
    ],
    [
      'an end that is counted in',
      `for (const day of days.slice(1)) yield bar(day);`,
      /parts make the whole: two parts, .* honour from and to exactly/,
    ],
    [
      'data of everything',
      `if (days.length === 0) days.push(from); for (const day of days) yield bar(day);`,
      /an empty span is no failure: [1-9]\d* events at .* \("earliest"\)/,
    ],
    [
      'an empty span that fails',
      `if (days.length === 0) throw new Error('nothing'); for (const day of days) yield bar(day);`,
      /an empty span is no failure: a span without data fails/,
    ],
    [
      'an unknown symbol that is a mistake',
      `if (symbol !== 'A') undefined.price; for (const day of days) yield bar(day);`,
      /an unknown symbol is clear: it ends with provider-failed/,
    ],
    [
      'requests past the limits',
      `await fetch('http://127.0.0.1:9/').catch(() => 0); for (const day of days) yield bar(day);`,
      /keeps to its limits: requests to 127\.0\.0\.1:9 went past context\.fetch/,
    ],
  ])('%s', async (_name, body, message) => {
    expect(failed(await check(history(body))).join('\n')).toMatch(message);
  });

  it('does not look for an empty span before data that begins so early', async () => {
    const old = history(`for (const day of days) yield bar(day);`).replace('.ts', '-old.ts');
    writeFileSync(
      old,
      `export default { name: 'old', kinds: ['bars'], intervals: ['1d'], priceBasis: 'raw', example: 'A', earliest: '1970-01-05',
      *history({ symbol, from, to }) { if (symbol === 'A') for (let ms = from.getTime(); ms < to.getTime(); ms += 86400000)
        yield { time: new Date(ms), open: 1, high: 1, low: 1, close: 1 }; } };`,
    );
    const found = await check(old);
    expect(failed(found)).toEqual([]);
    expect(found.find(({ check: name }) => name.includes('empty span'))?.outcome).toBe('skip');
  });

  it('tells a missing key as such', async () => {
    const path = fileOf(
      'mine.ts',
      `export default { name: 'mine', kinds: ['trades'], priceBasis: 'raw', example: 'A',
      async *live(request, context) { yield { time: 1n, price: 1, raw: context.secret('NOT_SET') }; } };`,
    );
    expect(failed(await check(path)).join()).toMatch(/NOT_SET.*nothing else of live was checked/);
  });

  it('ends no live session', async () => {
    const path = fileOf(
      'mine.ts',
      `export default { name: 'mine', kinds: ['trades'], priceBasis: 'raw', example: 'A',
      async *live() { for (let number = 0; ; number++) { yield { time: 1n + BigInt(number), price: '1' }; await new Promise((done) => setTimeout(done, 5)); } } };`,
    );
    expect(failed(await check(path)).join()).toMatch(
      /live: rows are events: \d+ rows are refused: .*price is "1", not a number/,
    );
  });

  it('cannot be loaded, or has nothing to ask for', async () => {
    expect(await check(fileOf('mine.ts', 'export default 5;'))).toMatchObject([
      { check: 'loads', outcome: 'fail' },
    ]);
    const path = fileOf(
      'mine.ts',
      `export default { name: 'mine', kinds: ['trades'], priceBasis: 'raw', history: () => [] };`,
    );
    expect((await check(path)).at(-1)).toMatchObject({
      outcome: 'skip',
      message: expect.stringContaining('--symbol') as string,
    });
  });
});

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { connect, formatNs, type Reconciliation, type TickwellClient } from '@tickwell/client';
import { endpointVariables } from '@tickwell/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.ts';
import { RECONCILE_GROUP, untilDrained } from '../support/drained.ts';
import { runIngest } from '../support/ingest.ts';
import { startTestPlatform } from '../support/platform.ts';
import { countRows } from '../support/store.ts';
import { until } from '../support/wait.ts';

const FIRST_MS = Date.parse('2025-10-06T14:00:00Z');
const STEP_MS = { '1m': 60_000, '1d': 86_400_000 };
const BARS = 40;

type Source = 'a' | 'b' | 'c';
type Interval = keyof typeof STEP_MS;

interface Bar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

const cents = (value: number): number => Math.round(value * 100) / 100;

/** A quiet market in cents, the same at every source where nothing is scripted. */
function quiet(at: number): Bar {
  const wave = (of: number): number => cents(100 + 0.6 * Math.sin(of / 7) + 0.25 * Math.cos(of * 1.7));
  const [open, close] = [wave(at), wave(at + 1)];
  const high = cents(Math.max(open, close) + 0.05 + (at % 4) / 100);
  const low = cents(Math.min(open, close) - 0.05 - (at % 3) / 100);
  return { open, close, high, low, volume: 10_000 + ((at * 3_701) % 4_003) };
}

/** What each source says instead, one thing a class; undefined: it leaves the bar out. */
const SCRIPT: Readonly<Record<number, Partial<Record<Source, (bar: Bar) => Bar | undefined>>>> = {
  20: { a: (bar) => ({ ...bar, close: bar.close + 0.0037 }) },
  22: { b: (bar) => ({ ...bar, low: cents(bar.low * 0.8) }) },
  24: {
    b: (bar) => ({
      ...bar,
      close: cents(bar.close + 0.02),
      high: cents(bar.high + 0.02),
      volume: bar.volume + 400,
    }),
  },
  26: { c: () => undefined },
  28: { a: (bar) => ({ ...bar, open: cents(bar.open + 0.04), close: cents(bar.close - 0.04) }) },
  30: { a: (bar) => ({ ...bar, high: cents(bar.high * 1.3) }) },
};
const STARTS = Object.keys(SCRIPT).map(Number);
const GOOD = { 28: quiet(28) };
/** Decisions on them all: one when the second source comes (not on 26), one when the third does, and one when the first is corrected. */
const HISTORY = 5 + 6 + 1;

function minuteBar(source: Source, at: number): Bar | undefined {
  const change = SCRIPT[at]?.[source];
  return change === undefined ? quiet(at) : change(quiet(at));
}

/** b is adjusted for a split of 4:1 that is to come; a and c are not. */
function splitBar(source: Source, at: number): Bar {
  const bar = quiet(at);
  if (source !== 'b') return bar;
  const { open, high, low, close, volume } = bar;
  return { open: open / 4, high: high / 4, low: low / 4, close: close / 4, volume: volume * 4 };
}

/** Hours outside the session count at b on one day. */
function dailyBar(source: Source, at: number): Bar {
  const bar = quiet(at);
  if (source !== 'b' || at !== 25) return bar;
  return { ...bar, high: cents(bar.high + 0.4), low: cents(bar.low - 0.3), volume: bar.volume + 1_500 };
}

const startNs = (at: number, interval: Interval = '1m'): bigint =>
  BigInt(FIRST_MS - (interval === '1d' ? FIRST_MS % STEP_MS['1d'] : 0) + at * STEP_MS[interval]) * 1_000_000n;

describe('two and three sources that disagree about bars', () => {
  let platform: Platform;
  let home: CliHome;
  let folder: string;
  let client: TickwellClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-reconcile-'));
    platform = await startTestPlatform();
    home = await CliHome.create({
      ...endpointVariables(platform.endpoints),
      TICKWELL_GRPC_ADDRESS: platform.grpcAddress,
    });
    client = connect({ address: platform.grpcAddress });
    for (const interval of ['1m', '1d'] as const)
      await client.config.put({
        kind: 'source',
        id: `bars-${interval}`,
        payloadJson: JSON.stringify(policy(interval)),
      });
  });
  afterAll(async () => {
    // Absent where it could not start.
    (client as TickwellClient | undefined)?.close();
    await (platform as Platform | undefined)?.stop();
    (home as CliHome | undefined)?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  function policy(interval: Interval): object {
    const names = ['a', 'b', 'c'].map((name) => `file:${name}`);
    return {
      type: 'policy',
      instruments: ['ONE', 'TWO', 'SPLIT', 'DAYS'],
      series: { kind: 'bars', interval },
      sources: names.map((source) => ({ source, everySeconds: 3_600, job: { type: 'files' } })),
      reconcile: { sources: names },
    };
  }

  interface Part {
    readonly symbol: string;
    readonly interval?: Interval;
    readonly priceBasis?: string;
    readonly bars: ReadonlyMap<number, Bar>;
  }

  let files = 0;

  /** Imports parts of one source, through the whole flow; `meanwhile` happens while they are on their way. */
  async function bring(
    source: Source,
    parts: readonly Part[],
    meanwhile?: () => Promise<void>,
  ): Promise<void> {
    const jobs = parts.map(({ symbol, interval = '1m', priceBasis = 'raw', bars }) => {
      const path = join(folder, `${symbol}-${source}-${(files += 1)}.csv`);
      const rows = [...bars].map(([at, { open, high, low, close, volume }]) =>
        [startNs(at, interval), open, high, low, close, volume].join(','),
      );
      writeFileSync(path, `time,open,high,low,close,volume\n${rows.join('\n')}\n`);
      return { path, symbol, interval, priceBasis, dataset: source, kind: 'bars', timeFormat: 'epoch-ns' };
    });
    const run = runIngest(platform.endpoints, { type: 'files', files: jobs });
    await meanwhile?.();
    const { code, output } = await run.ended;
    expect(code, output.slice(-2000)).toBe(0);
    await meanwhile?.();
    await untilDrained(platform.endpoints, [RECONCILE_GROUP]);
  }

  function barsOf(
    of: (source: Source, at: number) => Bar | undefined,
    source: Source,
  ): ReadonlyMap<number, Bar> {
    const bars = new Map<number, Bar>();
    for (let at = 0; at < BARS; at++) {
      const bar = of(source, at);
      if (bar !== undefined) bars.set(at, bar);
    }
    return bars;
  }

  /** Everything that is scripted of one symbol; answers the time between its first source and the others. */
  async function play(symbol: string, meanwhile?: () => Promise<void>): Promise<bigint> {
    // Nobody dies here: policies that are newer than a partition's last record are in force from its next record on.
    await bring('a', [{ symbol, bars: barsOf(minuteBar, 'a') }]);
    await until(
      'the first source',
      () => countRows(platform.endpoints, `bars where symbol = '${symbol}' and source = 'reconciled'`),
      (count) => count === BARS,
    );
    const betweenNs = BigInt(Date.now()) * 1_000_000n;
    await bring('b', [{ symbol, bars: barsOf(minuteBar, 'b') }], meanwhile);
    await bring('c', [{ symbol, bars: barsOf(minuteBar, 'c') }], meanwhile);
    await bring(
      'a',
      [{ symbol, bars: new Map(Object.entries(GOOD).map(([at, bar]) => [Number(at), bar])) }],
      meanwhile,
    );
    return betweenNs;
  }

  async function decisions(
    options: Parameters<TickwellClient['reconciliations']>[0],
  ): Promise<Reconciliation[]> {
    const all: Reconciliation[] = [];
    for await (const one of client.reconciliations(options)) all.push(one);
    return all.reverse();
  }

  /** All decisions on a symbol, once there are so many. */
  function untilDecided(symbol: string, count: number): Promise<Reconciliation[]> {
    return until(
      `${count} decisions on ${symbol}`,
      () => decisions({ symbol, history: true }),
      (found) => found.length >= count,
    );
  }

  async function bar(
    symbol: string,
    at: number,
    asOf: { asOfNs?: bigint; strict?: boolean } = {},
  ): Promise<unknown> {
    const [found] = await client
      .bars({
        symbol,
        interval: '1m',
        source: 'reconciled',
        startNs: startNs(at),
        endNs: startNs(at + 1),
        ...asOf,
      })
      .toArray();
    if (found === undefined) return undefined;
    const { open, high, low, close, volume, backfilled } = found;
    return { open, high, low, close, volume, ...(backfilled === true ? { backfilled } : {}) };
  }

  /** What was decided, without when: that is another time in every run. */
  function contentOf(all: readonly Reconciliation[]): string {
    const content = all.map(
      ({ startNs: start, class: of, winner, reason, published, missing, bars, differences }) => [
        start.toString(),
        of,
        winner,
        reason,
        published,
        missing,
        bars.map(({ source, open, high, low, close, volume }) => [source, open, high, low, close, volume]),
        differences,
      ],
    );
    return createHash('sha256').update(JSON.stringify(content)).digest('hex');
  }

  it('are explained bar by bar, the winner is by the policy, and as_of before a correction answers the old value', async () => {
    const betweenNs = await play('ONE');
    await untilDecided('ONE', HISTORY);
    const now = await decisions({ symbol: 'ONE' });
    expect(
      now.map(({ startNs: start, class: of, winner }) => [Number(start - startNs(0)) / 6e10, of, winner]),
    ).toEqual([
      [20, 'rounding', 'file:a'],
      [22, 'bad-print', 'file:a'],
      [24, 'late-trade', 'file:b'],
      [26, 'missing', 'file:a'],
      [28, 'equal', 'file:a'],
      [30, 'bad-print', 'file:b'],
    ]);
    expect(now.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('differ by rounding'),
      expect.stringMatching(/low [\d.]+ of file:b is \d+ times the usual move away from the bars around/),
      expect.stringContaining(
        'later trades of the bar count there; file:b is taken, the one with the most volume',
      ),
      expect.stringContaining('file:c has bars before and after, and not this one; file:a is taken'),
      expect.stringContaining('all agree'),
      expect.stringMatching(/high [\d.]+ of file:a is \d+ times .*; file:b is taken/),
    ] as unknown[]);
    // Between the third source and the correction two of three agreed against the first.
    const before = (await decisions({ symbol: 'ONE', history: true })).filter(
      ({ startNs: start }) => start === startNs(28),
    );
    expect(before.map(({ class: of, winner }) => [of, winner]).slice(-2)).toEqual([
      ['unexplained', 'file:b'],
      ['equal', 'file:a'],
    ]);
    expect(before.at(-2)?.reason).toMatch(/file:b is taken: 2 of 3 agree$/);

    for (const at of [22, 24, 28, 30]) {
      expect(await bar('ONE', at, { asOfNs: betweenNs }), `${at} then`).toEqual(minuteBar('a', at));
      const winner = at === 22 ? minuteBar('a', at) : minuteBar('b', at);
      expect(await bar('ONE', at), `${at} now`).toEqual(winner);
      expect(await bar('ONE', at, { asOfNs: betweenNs, strict: true })).toEqual(minuteBar('a', at));
    }
    // Nothing was known right after the bar; it is answered as backfilled, or not at all.
    expect(await bar('ONE', 24, { asOfNs: startNs(26) })).toEqual({
      ...minuteBar('a', 24),
      backfilled: true,
    });
    expect(await bar('ONE', 24, { asOfNs: startNs(26), strict: true })).toBeUndefined();
    const rows = `bars where symbol = 'ONE' and source = 'reconciled'`;
    // One of every bar, and one of each correction: 24, 28 and 30.
    await until(
      'every version',
      () => countRows(platform.endpoints, rows),
      (count) => count >= BARS + 3,
    );
    expect(await countRows(platform.endpoints, rows)).toBe(BARS + 3);
  }, 600_000);

  it('may be on another basis, or count other hours', async () => {
    for (const source of ['a', 'b'] as const)
      await bring(source, [
        {
          symbol: 'SPLIT',
          bars: barsOf(splitBar, source),
          priceBasis: source === 'b' ? 'split-adjusted' : 'raw',
        },
        { symbol: 'DAYS', interval: '1d', bars: barsOf(dailyBar, source) },
      ]);
    await untilDecided('DAYS', 1);
    const split = await untilDecided('SPLIT', BARS);
    expect(split.map(({ class: of, winner, published }) => `${of} ${winner} ${published}`)).toEqual(
      Array.from({ length: BARS }, () => 'adjustment file:a false'),
    );
    expect(split.at(-1)?.reason).toContain('a split of 4:1');
    expect(await decisions({ symbol: 'SPLIT', classes: ['bad-print'] })).toEqual([]);
    const [day, ...others] = await decisions({ source: 'file:b', interval: '1d' });
    expect(others).toEqual([]);
    expect(day).toMatchObject({
      symbol: 'DAYS',
      class: 'session',
      winner: 'file:a',
      startNs: startNs(25, '1d'),
    });

    const { code, stdout, stderr } = await home.run('reconcile', 'list', 'DAYS', '--json');
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      start: formatNs(startNs(25, '1d')),
      class: 'session',
      winner: 'file:a',
      bars: [{ source: 'file:a' }, { source: 'file:b' }],
    });
    const table = await home.run('reconcile', 'list', 'ONE', '--class', 'missing');
    expect(table.stdout).toMatch(/file:c has bars before and after, and not this one/);
  }, 600_000);

  it('are decided the same where monitor is killed while their bars come', async () => {
    const monitor = platform.services.find(({ spec }) => spec.name === 'monitor');
    if (monitor === undefined) throw new Error('no monitor');
    await play('TWO', async () => {
      await monitor.kill();
    });
    expect(monitor.restarts).toBeGreaterThan(3);
    const killed = await untilDecided('TWO', HISTORY);
    const undisturbed = await decisions({ symbol: 'ONE', history: true });
    expect(killed.length).toBe(undisturbed.length);
    expect(contentOf(killed)).toBe(contentOf(undisturbed));
    expect(STARTS.every((at) => killed.some(({ startNs: start }) => start === startNs(at)))).toBe(true);
    const rows = `bars where symbol = 'TWO' and source = 'reconciled'`;
    await until(
      'every version',
      () => countRows(platform.endpoints, rows),
      (count) => count >= BARS + 3,
    );
    expect(await countRows(platform.endpoints, rows)).toBe(BARS + 3);
  }, 600_000);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@tickwell/cli/platform';
import { connect, verify, type TickwellClient } from '@tickwell/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endOffsets, untilDrained } from '../support/drained.ts';
import { runIngest, tradesJob } from '../support/ingest.ts';
import { generateTrades, START_NS, type GeneratedTrades } from '../support/market-data.ts';
import { startTestPlatform } from '../support/platform.ts';
import { mulberry32, someOf, wholeBelow } from '../support/random.ts';
import { SeamReader, TOPIC_OF_KIND, type SeamFrom } from '../support/seam-reader.ts';
import { SEAM_KINDS, storedSeamRows, type SeamKind } from '../support/seam-rows.ts';
import { countRows } from '../support/store.ts';
import { until } from '../support/wait.ts';

const ROWS = 250_000;
const SYMBOLS = 40;
const STEP_NS = 100_000_000n;
const READERS = 50;
const SEED = Number(process.env['TICKWELL_SEAM_SEED'] ?? Date.now() % 1_000_000);

/** What happens, when so much of the replay is stored. */
interface Act {
  readonly at: number;
  readonly name: string;
  readonly run: () => unknown;
}

describe(`fifty subscribers of a replay at full speed (TICKWELL_SEAM_SEED=${SEED})`, () => {
  const random = mulberry32(SEED);
  const readers: SeamReader[] = [];
  let platform: Platform;
  let client: TickwellClient;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickwell-seam-'));
    platform = await startTestPlatform({
      env: { TICKWELL_LOG_LEVEL: 'info', TICKWELL_GRPC_HEARTBEAT_MS: '500' },
    });
    client = connect({ address: platform.grpcAddress, retry: { maxAttempts: 200, maxBackoffMs: 1_000 } });
  });
  afterAll(async () => {
    for (const reader of readers) reader.leave();
    (client as TickwellClient | undefined)?.close();
    // Absent where it could not start.
    await (platform as Platform | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function subscribe(sent: GeneratedTrades): void {
    const symbols = someOf(random, sent.symbols, SYMBOLS / 2);
    const kinds = someOf(random, SEAM_KINDS, SEAM_KINDS.length);
    readers.push(new SeamReader(client, { from: fromOf(kinds), symbols, kinds }));
  }

  /** Half of them ask for history, the others begin now or where one of the first stands. */
  function fromOf(kinds: readonly SeamKind[]): SeamFrom {
    const choice = random();
    const sinceNs = START_NS + BigInt(wholeBelow(random, ROWS)) * STEP_NS;
    if (choice < 0.2) return { live: true };
    if (choice < 0.35) return { sinceNs: 0n };
    if (choice < 0.65) return { sinceNs };
    const others = readers.flatMap(({ kinds: theirs, position: after }, of) =>
      after !== undefined && kinds.every((kind) => theirs.has(kind)) ? [{ after, of }] : [],
    );
    return others[wholeBelow(random, others.length)] ?? { sinceNs };
  }

  function kill(name: string): Promise<void> {
    const service = platform.services.find((one) => one.spec.name === name);
    if (service === undefined) throw new Error(`no service ${name}`);
    return service.kill();
  }

  function plan(sent: GeneratedTrades): readonly Act[] {
    const near = (share: number): number => share + random() * 0.1;
    const acts: Act[] = [
      // The file is in the log long before it is stored: Kafka has to die early to die while it is read.
      { at: near(0.05), name: 'Kafka dies', run: () => platform.stack.stack?.kafka.kill() },
      { at: near(0.2), name: 'storage dies', run: () => kill('storage') },
      { at: near(0.4), name: 'query dies', run: () => kill('query') },
      { at: near(0.6), name: 'storage dies', run: () => kill('storage') },
    ];
    for (let n = 0; n < READERS; n += 1)
      acts.push({
        at: random() * 0.9,
        name: `subscriber ${n}`,
        run: () => {
          subscribe(sent);
        },
      });
    return acts.sort((a, b) => a.at - b.at);
  }

  it('gives each of them every row once, through deaths of storage, of query and of Kafka', async () => {
    const sent = await generateTrades({
      path: join(folder, 'seam.csv'),
      rows: ROWS,
      symbols: SYMBOLS,
      seed: SEED,
      stepNs: STEP_NS,
    });
    const ingest = runIngest(platform.endpoints, tradesJob(sent.path, 'seam'));
    for (const act of plan(sent)) {
      await until(
        `${act.name}: rows`,
        () => countRows(platform.endpoints, 'trades'),
        (rows) => rows >= act.at * ROWS,
      );
      await act.run();
    }
    const { code, output } = await ingest.ended;
    expect(code, output.slice(-2000)).toBe(0);
    await untilDrained(platform.endpoints);
    const ends = await endOffsets(platform.endpoints, Object.values(TOPIC_OF_KIND));
    await until(
      'subscribers at the end',
      () => readers.filter((reader) => !reader.hasReached(ends)).length,
      (behind) => behind === 0,
    );
    for (const reader of readers) reader.leave();
    await Promise.all(readers.map((reader) => reader.done));
    await expectAllOnce(sent);
    const report = await verify(client, { symbols: sent.symbols.slice(0, 10) });
    expect(report.series.filter(({ same }) => !same)).toEqual([]);
    expect(new Set(report.series.map(({ kind }) => kind))).toEqual(new Set(SEAM_KINDS));
  }, 600_000);

  async function expectAllOnce(sent: GeneratedTrades): Promise<void> {
    const rows = await storedSeamRows(platform.endpoints);
    expect(rows.filter(({ kind }) => kind === 'trades').length).toBe(sent.rows);
    for (const kind of SEAM_KINDS) expect(rows.some((row) => row.kind === kind)).toBe(true);
    expect(readers.length).toBe(READERS);
    const wrong = readers.flatMap((reader, n) => {
      const wanted = reader.expected(rows).digests();
      const got = reader.sums.digests();
      const series = [...new Set([...Object.keys(wanted), ...Object.keys(got)])].filter(
        (one) => wanted[one] !== got[one],
      );
      const { from, troubles, reconnects } = reader;
      if (series.length === 0) return [];
      const first = series
        .slice(0, 4)
        .map((one) => `${one}: ${got[one] ?? 0} instead of ${wanted[one] ?? 0}`);
      return [{ n, from, troubles, reconnects, kinds: [...reader.kinds], wrong: series.length, first }];
    });
    expect({ seed: SEED, wrong }).toEqual({ seed: SEED, wrong: [] });
  }
});

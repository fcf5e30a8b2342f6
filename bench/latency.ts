/**
 * Tick → strategy latency on the whole running platform, beside bare kafkajs over two hops, in turns and in one run: from the
 * moment a tick is made until a live subscriber has it. Producer and subscriber share a process, and therefore a clock.
 *
 * Before the first round that counts the platform runs at the same rate for BENCH_FIRST_SECONDS: what a platform of a trading day is after
 * its first minute. In that time Kafka's just-in-time compiler alone takes up to 40 % of a core; the figures of it are printed too.
 *
 * BENCH_RATE (10,000 ticks/s), BENCH_FIRST_SECONDS (60), BENCH_SECONDS (20 measured per round), BENCH_WARMUP_SECONDS (5), BENCH_ROUNDS (2).
 * Not measured: a network between the parts, more than one copy of a service, disks that sync every write.
 */
import { startTestPlatform } from '../test/support/platform.ts';
import { bareRound } from './support/bare-hops.ts';
import type { LatencyResult } from './support/latencies.ts';
import { percentile, printTable, setting } from './support/numbers.ts';
import { platformRound, type LatencyOptions } from './support/platform-hops.ts';

const OPTIONS: LatencyOptions = {
  ratePerSecond: setting('BENCH_RATE', 10_000),
  warmupSeconds: setting('BENCH_WARMUP_SECONDS', 5),
  seconds: setting('BENCH_SECONDS', 20),
  symbols: 100,
};
const FIRST_SECONDS = setting('BENCH_FIRST_SECONDS', 60);
const ROUNDS = setting('BENCH_ROUNDS', 2);
const SHARES = [0.5, 0.9, 0.99, 1];

const percentiles = (sortedMs: Float64Array): number[] => SHARES.map((share) => percentile(sortedMs, share));
const count = (value: number): string => value.toLocaleString('en');

function row(name: string, result: LatencyResult): string[] {
  const values = percentiles(result.sortedMs).map((ms) => ms.toFixed(2));
  return [name, ...values, count(result.sent), count(result.received), result.lateP99Ms.toFixed(2)];
}

/** All rounds of one side as one. */
function pooled(rounds: readonly LatencyResult[]): LatencyResult {
  const sum = (of: (round: LatencyResult) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0);
  return {
    sent: sum(({ sent }) => sent),
    received: sum(({ received }) => received),
    sortedMs: Float64Array.from(rounds.flatMap(({ sortedMs }) => [...sortedMs])).sort(),
    lateP99Ms: Math.max(...rounds.map(({ lateP99Ms }) => lateP99Ms)),
  };
}

const { ratePerSecond, symbols, seconds, warmupSeconds } = OPTIONS;
console.log(
  `${count(ratePerSecond)} ticks/s of ${symbols} symbols, ${ROUNDS} rounds of ${seconds} s after ${warmupSeconds} s of warm-up; ms`,
);
const rows = [['', 'p50', 'p90', 'p99', 'max', 'sent', 'received', 'made late p99']];
const bare: LatencyResult[] = [];
const tickwell: LatencyResult[] = [];
const platform = await startTestPlatform();
try {
  const first = await platformRound(platform, 0, { ...OPTIONS, seconds: FIRST_SECONDS });
  rows.push(row(`Tickwell, first ${FIRST_SECONDS} s`, first));
  for (let round = 1; round <= ROUNDS; round += 1) {
    const one = await bareRound(platform, round, OPTIONS);
    const other = await platformRound(platform, round, OPTIONS);
    bare.push(one);
    tickwell.push(other);
    rows.push(row(`bare kafkajs, round ${round}`, one), row(`Tickwell, round ${round}`, other));
  }
} finally {
  await platform.stop();
}
const all = { bare: pooled(bare), tickwell: pooled(tickwell) };
rows.push(row('bare kafkajs, all', all.bare), row('Tickwell, all', all.tickwell));
const below = percentiles(all.bare.sortedMs);
const ratios = percentiles(all.tickwell.sortedMs).map((ms, at) =>
  (ms / (below[at] ?? Number.NaN)).toFixed(2),
);
rows.push(['Tickwell / bare kafkajs', ...ratios, '', '', '']);
printTable(rows);
console.log('goal: p50 5 ms, p99 25 ms on an otherwise idle machine');

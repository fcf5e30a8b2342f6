import type { Command } from 'commander';
import type { CacheLevelStats, CacheReport } from '@tickwell/client';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import { withExamples, withInstance, withJson } from '../options.ts';

interface Flags {
  readonly instance: string;
  readonly address?: string;
  readonly json?: true;
}

const BYTES_PER_MIB = 1024 * 1024;

/** `tickwell cache` */
export function addCache(program: Command, context: CliContext): void {
  const command = program
    .command('cache')
    .description('how often a query process had what it was asked for, in memory or in Redis')
    .option('--address <host:port>', 'of query; default: that of the running platform');
  withExamples(withJson(withInstance(command)), ['tickwell cache', 'tickwell cache --json | jq .memoryHits']);
  command.action(async (flags: Flags) => {
    const client = openClient(await findGrpcAddress(context, flags));
    try {
      const report = await client.cacheStats();
      if (flags.json === true) context.terminal.print(JSON.stringify(report));
      else for (const line of cacheLines(report)) context.terminal.print(line);
    } finally {
      client.close();
    }
  });
}

function cacheLines(report: CacheReport): readonly string[] {
  if (!report.enabled) return ['nothing is cached: TICKWELL_CACHE_BYTES is 0'];
  const { memoryHits, sharedHits, filled, waited, direct, memory, shared } = report;
  const parts = [
    ['in memory', memoryHits],
    ['in Redis', sharedHits],
    ['read and kept', filled],
    ['waited for a read under way', waited],
    ...Object.entries(direct).map(([reason, reads]) => [`from the store: ${reason}`, reads] as const),
  ] as const;
  const all = parts.reduce((sum, [, count]) => sum + count, 0);
  const share = (count: number): string => (all === 0 ? '-' : `${((count * 100) / all).toFixed(1)} %`);
  return [
    ...formatTable(
      [{ title: 'parts of answers' }, { title: 'count', align: 'right' }, { title: 'share', align: 'right' }],
      parts.map(([name, count]) => [name, formatCount(count), share(count)]),
    ),
    ...(memory === undefined ? [] : [`memory: ${heldText(memory)}`]),
    shared === undefined ? 'Redis: none (TICKWELL_REDIS_URL)' : `Redis: ${sharedText(shared)}`,
  ];
}

function heldText({ entries, bytes, maxBytes, evicted }: CacheLevelStats): string {
  const mib = (count: number): string => (count / BYTES_PER_MIB).toFixed(1);
  return `${formatCount(entries)} entries, ${mib(bytes)} of ${mib(maxBytes)} MiB, ${formatCount(evicted)} made room`;
}

function sharedText({ hits, misses, failures, problem }: CacheLevelStats): string {
  const state = problem === undefined ? '' : `; not used now: ${problem}`;
  return `${formatCount(hits)} found, ${formatCount(misses)} not, ${formatCount(failures)} calls failed${state}`;
}

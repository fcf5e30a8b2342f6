import type { Command } from 'commander';
import type { Instrument } from '@tickwell/client';
import { formatNs } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import { wholeNumber, withExamples, withInstance, withJson } from '../options.ts';

interface Flags {
  readonly instance: string;
  readonly address?: string;
  readonly limit: number;
  readonly json?: true;
}

/** `tickwell get instruments` */
export function addInstruments(get: Command, context: CliContext): void {
  const command = get
    .command('instruments')
    .description('what is stored: every series with its rows and span')
    .argument('[prefix]', 'only symbols that begin so', '')
    .option('--limit <series>', 'at most so many', wholeNumber(1, 50_000), 1_000)
    .option('--address <host:port>', 'of query; default: that of the running platform');
  withExamples(withJson(withInstance(command)), [
    'tickwell get instruments',
    'tickwell get instruments BTC --json',
  ]);
  command.action(async (prefix: string, flags: Flags) => {
    const { terminal } = context;
    const client = openClient(await findGrpcAddress(context, flags));
    try {
      const { instruments, truncated } = await client.instruments({ prefix, limit: flags.limit });
      const lines = flags.json === true ? instruments.map(jsonLine) : tableLines(instruments);
      await terminal.write(lines.map((line) => `${line}\n`).join(''));
      if (truncated) terminal.note(`the first ${flags.limit}: --limit shows more`);
    } finally {
      client.close();
    }
  });
}

/** Indicators of one series and interval on one line: they differ in their specification only. */
function grouped(instruments: readonly Instrument[]): readonly Instrument[] {
  const lines = new Map<string, Instrument & { count: number }>();
  for (const each of instruments) {
    const key = [each.symbol, each.source, each.kind, each.interval].join(' ');
    const before = lines.get(key);
    lines.set(key, {
      ...each,
      count: (before?.count ?? 0) + 1,
      rows: (before?.rows ?? 0n) + each.rows,
      firstNs: before !== undefined && before.firstNs < each.firstNs ? before.firstNs : each.firstNs,
      lastNs: before !== undefined && before.lastNs > each.lastNs ? before.lastNs : each.lastNs,
    });
  }
  return [...lines.values()].map(({ count, ...each }) => ({
    ...each,
    kind: count > 1 ? `${each.kind} (${count})` : each.kind,
  }));
}

function tableLines(instruments: readonly Instrument[]): readonly string[] {
  const columns = [
    { title: 'symbol' },
    { title: 'kind' },
    { title: 'interval' },
    { title: 'rows', align: 'right' as const },
    { title: 'first' },
    { title: 'last' },
    { title: 'source' },
  ];
  const rows = grouped(instruments).map(
    ({ symbol, kind, interval, rows: count, firstNs, lastNs, source }) => [
      symbol,
      kind,
      interval,
      formatCount(count),
      formatNs(firstNs),
      formatNs(lastNs),
      source,
    ],
  );
  return formatTable(columns, rows);
}

function jsonLine({ rows, firstNs, lastNs, ...rest }: Instrument): string {
  return JSON.stringify({ ...rest, rows: Number(rows), first: formatNs(firstNs), last: formatNs(lastNs) });
}

import type { Command } from 'commander';
import type { Instrument } from '@tickwell/client';
import { formatNs, TickwellError } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import { instanceOption, type CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import { wholeNumber, withExamples, withInstance, withJson } from '../options.ts';

const MAX_SERIES = 50_000;

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
    .description(
      'what is stored: every series with its rows and span, and the specifications of its indicators',
    )
    .argument('[prefix]', 'only symbols that begin so', '')
    .option('--limit <series>', 'at most so many', wholeNumber(1, MAX_SERIES), 1_000)
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

interface IndicatorFlags {
  readonly instance: string;
  readonly address?: string;
  readonly csv?: true;
  readonly json?: true;
  readonly out?: string;
}

/** Which indicators are stored of a symbol, and how to see one; `--csv` and its like want the values of one. */
export async function showIndicators(
  context: CliContext,
  symbol: string,
  flags: IndicatorFlags,
): Promise<void> {
  const { terminal } = context;
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    const { instruments } = await client.instruments({ prefix: symbol, limit: MAX_SERIES });
    const found = instruments.filter((each) => each.symbol === symbol && each.kind === 'indicators');
    const [first] = found;
    if (first === undefined) {
      terminal.note(`no indicators are stored of ${symbol}; see "tickwell get instruments"`);
      return;
    }
    const specs = [...new Set(found.map(({ specId }) => specId))].sort();
    if (flags.csv === true || flags.json === true || flags.out !== undefined)
      throw new TickwellError(
        'invalid-argument',
        `say which indicator with --spec: of ${symbol} there are ${specs.join(', ')}`,
      );
    for (const line of tableLines(found)) terminal.print(line);
    const example = `--interval ${first.interval} --spec '${first.specId}'`;
    terminal.note(
      `one of them: tickwell get indicators ${symbol} ${example}${instanceOption(flags.instance)}`,
    );
  } finally {
    client.close();
  }
}

/** A line of the table: indicators of one series and interval share one, as they differ in their specification only. */
interface InstrumentLine extends Instrument {
  /** In order of their names; empty where the line is none of indicators. */
  readonly specs: readonly string[];
}

function grouped(instruments: readonly Instrument[]): readonly InstrumentLine[] {
  const lines = new Map<string, InstrumentLine>();
  for (const each of instruments) {
    const key = [each.symbol, each.source, each.kind, each.interval, each.priceType].join(' ');
    const before = lines.get(key);
    const specs = [...(before?.specs ?? []), ...(each.specId === '' ? [] : [each.specId])].sort();
    lines.set(key, {
      ...each,
      specs,
      rows: (before?.rows ?? 0n) + each.rows,
      firstNs: before !== undefined && before.firstNs < each.firstNs ? before.firstNs : each.firstNs,
      lastNs: before !== undefined && before.lastNs > each.lastNs ? before.lastNs : each.lastNs,
    });
  }
  return [...lines.values()];
}

/** Columns that every series has something in. */
const ALWAYS_SHOWN = 7;

export function tableLines(instruments: readonly Instrument[]): readonly string[] {
  const columns = [
    { title: 'symbol' },
    { title: 'kind' },
    { title: 'interval' },
    { title: 'rows', align: 'right' as const },
    { title: 'first' },
    { title: 'last' },
    { title: 'source' },
    { title: 'specifications' },
    { title: 'type' },
    { title: 'name' },
    { title: 'exchange' },
    { title: 'currency' },
  ];
  const rows = grouped(instruments).map(
    ({ symbol, kind, interval, priceType, rows: count, firstNs, lastNs, source, specs, ...facts }) => [
      symbol,
      kind,
      priceType === 'trade' ? interval : `${interval} ${priceType}`,
      formatCount(count),
      formatNs(firstNs),
      formatNs(lastNs),
      source,
      specs.join(' '),
      facts.instrumentType,
      facts.name,
      facts.exchange,
      facts.currency,
    ],
  );
  // What nothing says anything of is no column: without indicators there is nothing to specify.
  const isSaid = columns.map((_, at) => at < ALWAYS_SHOWN || rows.some((row) => row[at] !== ''));
  const said = <T>(cells: readonly T[]): readonly T[] => cells.filter((_, at) => isSaid[at]);
  return formatTable(said(columns), rows.map(said));
}

function jsonLine({ rows, firstNs, lastNs, ...rest }: Instrument): string {
  return JSON.stringify({ ...rest, rows: Number(rows), first: formatNs(firstNs), last: formatNs(lastNs) });
}

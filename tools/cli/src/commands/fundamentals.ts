import { Option, type Command } from 'commander';
import type { FundamentalOptions, SourcedFundamental } from '@tickwell/client';
import { checkSymbol, TickwellError } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { timeFormat } from '../format/time.ts';
import { checkOutput, output, type OutputFlags } from '../get/output.ts';
import { fundamentalsChunk, type DataChunk } from '../get/rows.ts';
import { list, time, wholeNumber } from '../options.ts';
import { withConnection, type ConnectionFlags } from '../config/connection.ts';

/** Values held at a time. */
const CHUNK_ROWS = 1_000;
const MAX_LIMIT = 100_000_000;
const PERIOD_TYPES = ['annual', 'quarterly', 'ttm', 'instant'] as const;

type Flags = Omit<ConnectionFlags, 'json'> &
  OutputFlags & {
    readonly items?: readonly string[];
    readonly period?: (typeof PERIOD_TYPES)[number];
    readonly source?: string;
    readonly from?: bigint;
    readonly to?: bigint;
    readonly asOf?: bigint;
    readonly strict?: true;
    readonly limit?: number;
  };

/** `tickwell get fundamentals` */
export function addFundamentals(get: Command, context: CliContext): void {
  const command = get
    .command('fundamentals')
    .description('statements and key figures of one or more symbols, by period end')
    .argument('<symbols...>')
    .option('--items <names>', 'only these, for example totalRevenue,netIncome', list)
    .addOption(new Option('--period <type>', 'only of this kind of period').choices([...PERIOD_TYPES]))
    .option('--source <name>', 'of one source only; default: all')
    .option('--from <time>', 'first period end wanted, ISO 8601', time)
    .option('--to <time>', 'first period end not wanted', time)
    .option(
      '--as-of <time>',
      'what was known then; of periods that had ended, what became known later is marked backfilled: it looks ahead',
      time,
    )
    .option('--strict', 'with --as-of: leave out what was not known then')
    .option('--limit <values>', 'at most so many', wholeNumber(1, MAX_LIMIT))
    .option('--csv', 'CSV on standard output')
    .option('--out <file>', 'a file that ends in .parquet, .csv or .jsonl');
  withConnection(command, [
    'tickwell get fundamentals AAPL --period annual',
    'tickwell get fundamentals AAPL MSFT --items totalRevenue,netIncome --from 2020-01-01 --json',
    'tickwell get fundamentals AAPL --as-of 2026-11-02T21:00 --strict --out aapl.parquet   # what was known then',
  ]);
  command.action((symbols: readonly string[], flags: Flags) => show(context, symbols, flags));
}

async function show(context: CliContext, symbols: readonly string[], flags: Flags): Promise<void> {
  const { terminal } = context;
  for (const symbol of symbols) {
    const checked = checkSymbol(symbol);
    if (!checked.ok) throw new TickwellError('invalid-argument', checked.error);
  }
  checkOutput(flags);
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    const chunks = chunksOf(client.fundamentals(options(symbols, flags)), flags.asOf !== undefined);
    const rows = await output(terminal, flags, timeFormat(undefined), chunks);
    if (flags.out !== undefined) terminal.note(`${formatCount(rows)} values in ${flags.out}`);
    else if (rows === 0)
      terminal.note(
        `no fundamentals of ${symbols.join(', ')} are stored there: "tickwell ingest yahoo ${symbols.join(' ')} --fundamentals" fetches them`,
      );
  } finally {
    client.close();
  }
}

function options(
  symbols: readonly string[],
  { items, period, source, from, to, asOf, strict, limit }: Flags,
): FundamentalOptions {
  return {
    symbols,
    ...(items === undefined ? {} : { items }),
    ...(period === undefined ? {} : { periodType: period }),
    ...(source === undefined ? {} : { source }),
    ...(from === undefined ? {} : { startNs: from }),
    ...(to === undefined ? {} : { endNs: to }),
    ...(asOf === undefined ? {} : { asOfNs: asOf }),
    ...(strict === undefined ? {} : { strict }),
    ...(limit === undefined ? {} : { limit }),
  };
}

async function* chunksOf(
  values: AsyncIterable<SourcedFundamental>,
  isAsOf: boolean,
): AsyncGenerator<DataChunk> {
  let waiting: SourcedFundamental[] = [];
  for await (const value of values) {
    waiting.push(value);
    if (waiting.length < CHUNK_ROWS) continue;
    yield fundamentalsChunk(waiting, isAsOf);
    waiting = [];
  }
  if (waiting.length > 0) yield fundamentalsChunk(waiting, isAsOf);
}

import { Option, type Command } from 'commander';
import type { AlignedOptions, AsOfSide, JoinAsOfOptions, TickwellClient } from '@tickwell/client';
import { TickwellError } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { timeFormat } from '../format/time.ts';
import { checkOutFile, pour, writeFile } from '../get/file-out.ts';
import type { DataChunk } from '../get/rows.ts';
import { alignedChunk, asOfChunk } from '../get/several-rows.ts';
import { csvSink, jsonLinesSink, tableSink } from '../get/text-sinks.ts';
import { list, time, wholeNumber, withExamples, withInstance, withJson } from '../options.ts';

interface SeveralFlags {
  readonly instance: string;
  readonly address?: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly source?: string;
  readonly columns?: readonly string[];
  readonly interval: string;
  readonly adjustment?: 'raw' | 'split' | 'all';
  readonly asOf?: bigint;
  readonly csv?: true;
  readonly json?: true;
  readonly out?: string;
  readonly timeZone?: string;
}

interface AlignedFlags extends SeveralFlags {
  readonly join: 'outer' | 'inner' | 'left' | 'sessions';
  readonly fill?: number;
  readonly calendar?: string;
  readonly resample?: string;
}

type Kind = 'trades' | 'quotes' | 'bars';

interface AsOfFlags extends SeveralFlags {
  readonly left: Kind;
  readonly right: Kind;
  readonly rightSymbol?: string;
  readonly rightInterval: string;
  readonly rightSource?: string;
  readonly rightColumns?: readonly string[];
  readonly spec?: string;
  readonly toleranceSeconds?: number;
  readonly before?: true;
  readonly atStart?: true;
}

/** What is asked of a client, and who is told of symbols without an answer. */
type Read = (
  client: TickwellClient,
  note: (symbol: string, problem: string) => void,
) => AsyncIterable<DataChunk>;

/** `tickwell get aligned|asof` */
export function addSeveral(get: Command, context: CliContext): void {
  addAligned(get, context);
  addAsOf(get, context);
}

function addAligned(get: Command, context: CliContext): void {
  const command = get
    .command('aligned')
    .description('bars of several symbols on one axis of time: a column for each')
    .argument('<symbol...>')
    .addOption(
      new Option('--join <kind>', 'times of any symbol, of all, of the first, or those that sessions want')
        .choices(['outer', 'inner', 'left', 'sessions'])
        .default('outer'),
    )
    .option('--fill <rows>', 'carry the last value on for so many rows', wholeNumber(1, 1_000_000))
    .option(
      '--calendar <id>',
      'whose sessions count; default: that of the first instrument, for --join sessions',
    )
    .option('--resample <from>', 'make the bars of shorter ones, for example 1m');
  withSeveral(command, [
    'tickwell get aligned AAPL MSFT SPY --interval 1d --from 2024-01-01 --adjustment all --csv',
    'tickwell get aligned AAPL SPY --interval 1m --join sessions --calendar XNYS --fill 5 --from 2024-03-05 --to 2024-03-06',
    'tickwell get aligned AAPL MSFT --columns close,volume --join inner --out pairs.parquet',
  ]);
  command.action((symbols: string[], flags: AlignedFlags) => {
    const options: AlignedOptions = {
      symbols,
      interval: flags.interval,
      join: flags.join,
      ...rangeOf(flags),
      ...wishOf(flags),
      ...(flags.source === undefined ? {} : { source: flags.source }),
      ...(flags.columns === undefined ? {} : { columns: flags.columns }),
      ...(flags.fill === undefined ? {} : { fillRows: flags.fill }),
      ...(flags.calendar === undefined ? {} : { calendar: flags.calendar }),
      ...(flags.resample === undefined ? {} : { resampleFrom: flags.resample }),
    };
    return show(context, flags, (client, onProblem) =>
      map(client.aligned({ ...options, onProblem }), alignedChunk),
    );
  });
}

function addAsOf(get: Command, context: CliContext): void {
  const kinds = ['bars', 'trades', 'quotes'];
  const command = get
    .command('asof')
    .description('to each bar, trade or quote the latest row of another series that was known by then')
    .argument('<symbol...>')
    .addOption(new Option('--left <kind>', 'whose rows are shown').choices(kinds).default('bars'))
    .addOption(new Option('--right <kind>', 'what is looked up').choices(kinds).default('quotes'))
    .option('--right-symbol <symbol>', 'of this one for all; default: of the same symbol')
    .option('--right-interval <interval>', 'of the bars or indicators that are looked up', '1d')
    .option('--right-source <name>', 'default: best of bars, all of the others')
    .option('--right-columns <names>', 'only these', list)
    .option('--spec <specification>', 'look up values of an indicator, for example "sma(20)"')
    .option(
      '--tolerance-seconds <seconds>',
      'nothing that was known longer before',
      wholeNumber(1, 1_000_000_000),
    )
    .option('--before', 'only what was known before, not at the same instant')
    .option('--at-start', 'of bars: what was known when they began, not when they ended');
  withSeveral(command, [
    'tickwell get asof AAPL --left trades --right quotes --from 2024-03-05T14:30 --to 2024-03-05T14:31 --json',
    'tickwell get asof AAPL MSFT --interval 1m --right bars --right-symbol SPY --right-interval 1m --csv',
    'tickwell get asof AAPL --interval 5m --spec "sma(20)" --right-interval 1d --at-start',
  ]);
  command.action((symbols: string[], flags: AsOfFlags) =>
    show(context, flags, (client, onProblem) =>
      map(client.joinAsOf({ ...joinOf(symbols, flags), onProblem }), asOfChunk),
    ),
  );
}

function joinOf(symbols: readonly string[], flags: AsOfFlags): JoinAsOfOptions {
  const { left, right, spec, rightSymbol, rightSource, rightColumns, rightInterval } = flags;
  const isBars = left === 'bars';
  const side: AsOfSide = {
    kind: spec === undefined ? right : 'indicators',
    ...(spec === undefined ? {} : { specId: spec }),
    ...(spec === undefined && right !== 'bars' ? {} : { interval: rightInterval, ...wishOf(flags) }),
    ...(rightSource === undefined ? {} : { source: rightSource }),
    ...(rightColumns === undefined ? {} : { columns: rightColumns }),
  };
  return {
    left: {
      kind: left,
      symbols,
      ...(isBars ? { interval: flags.interval, ...wishOf(flags) } : {}),
      ...(flags.source === undefined ? {} : { source: flags.source }),
      ...(flags.columns === undefined ? {} : { columns: flags.columns }),
    },
    right: { ...side, ...(rightSymbol === undefined ? {} : { symbol: rightSymbol }) },
    ...rangeOf(flags),
    ...(flags.toleranceSeconds === undefined
      ? {}
      : { toleranceNs: BigInt(flags.toleranceSeconds) * 1_000_000_000n }),
    ...(flags.before === undefined ? {} : { strictlyBefore: true }),
    ...(flags.atStart === undefined ? {} : { leftAtStart: true }),
  };
}

function withSeveral(command: Command, examples: readonly string[]): void {
  command
    .option('--interval <interval>', 'of the bars', '1d')
    .option('--from <time>', 'first time wanted, ISO 8601', time)
    .option('--to <time>', 'first time not wanted', time)
    .option('--source <name>', 'of one source only; default: best of bars, all of the others')
    .option('--columns <names>', 'only these, for example close,volume', list)
    .addOption(
      new Option(
        '--adjustment <basis>',
        'of bars: prices as quoted, adjusted for splits, or for all',
      ).choices(['raw', 'split', 'all']),
    )
    .option('--as-of <time>', 'of bars: what was known then', time)
    .option('--csv', 'CSV on standard output')
    .option('--out <file>', 'a file that ends in .parquet, .csv or .jsonl')
    .option('--time-zone <zone>', 'times of this zone, for example America/New_York; default UTC')
    .option('--address <host:port>', 'of query; default: that of the running platform');
  withExamples(withJson(withInstance(command)), examples);
}

function rangeOf({ from, to }: SeveralFlags): { readonly startNs?: bigint; readonly endNs?: bigint } {
  return { ...(from === undefined ? {} : { startNs: from }), ...(to === undefined ? {} : { endNs: to }) };
}

function wishOf({ adjustment, asOf }: SeveralFlags) {
  return {
    ...(adjustment === undefined ? {} : { adjustment }),
    ...(asOf === undefined ? {} : { asOfNs: asOf }),
  };
}

async function show(context: CliContext, flags: SeveralFlags, read: Read): Promise<void> {
  const { terminal } = context;
  const { csv, json, out } = flags;
  if ([csv, json, out].filter((flag) => flag !== undefined).length > 1)
    throw new TickwellError('invalid-argument', 'choose one of --csv, --json and --out');
  if (out !== undefined) checkOutFile(out);
  const format = timeFormat(flags.timeZone);
  const client = openClient(await findGrpcAddress(context, flags));
  const write = (text: string): Promise<void> => terminal.write(text);
  try {
    const chunks = read(client, (_symbol, problem) => {
      terminal.note(problem);
    });
    if (out !== undefined)
      terminal.note(`${formatCount(await writeFile(out, chunks, format))} rows in ${out}`);
    else if (csv === true) await pour(chunks, csvSink(write, format));
    else await pour(chunks, json === true ? jsonLinesSink(write, format) : tableSink(write, format));
  } finally {
    client.close();
  }
}

async function* map<C>(chunks: AsyncIterable<C>, of: (chunk: C) => DataChunk): AsyncGenerator<DataChunk> {
  for await (const chunk of chunks) yield of(chunk);
}

import { Option, type Command } from 'commander';
import type {
  BackAdjustment,
  BarAlignment,
  EmptyIntervals,
  PriceType,
  ResampleOptions,
  SeriesOptions,
  TickwellClient,
} from '@tickwell/client';
import { checkSymbol, TickwellError } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { timeFormat } from '../format/time.ts';
import { nothingText } from '../get/nothing.ts';
import { fingerprintOf } from '../get/fingerprint.ts';
import { checkOutput, output } from '../get/output.ts';
import { barsChunk, indicatorsChunk, quotesChunk, tradesChunk, type DataChunk } from '../get/rows.ts';
import { list, time, wholeNumber, withExamples, withInstance, withJson } from '../options.ts';
import { addActions } from './actions.ts';
import { addSeveral } from './get-several.ts';
import { addFundamentals } from './fundamentals.ts';
import { addInstruments, showIndicators } from './instruments.ts';

const TABLE_ROWS = 20;
const MAX_INSTRUMENTS = 1000;
const MAX_LIMIT = 100_000_000;

interface GetFlags {
  readonly instance: string;
  readonly address?: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly limit?: number;
  readonly newest?: true;
  readonly source?: string;
  readonly columns?: readonly string[];
  readonly interval: string;
  readonly priceType: PriceType;
  readonly complete?: true;
  readonly calendar?: string;
  readonly backAdjustment?: BackAdjustment;
  readonly adjustment?: 'raw' | 'split' | 'all';
  readonly asOf?: bigint;
  readonly strict?: true;
  readonly fingerprint?: true;
  readonly expectFingerprint?: string;
  readonly resample?: string;
  readonly sessions?: true | 'all-hours';
  readonly empty?: EmptyIntervals;
  readonly spec?: string;
  readonly mode?: 'stored' | 'computed';
  readonly csv?: true;
  readonly json?: true;
  readonly out?: string;
  readonly timeZone?: string;
}

/** `tickwell get bars|trades|quotes|indicators|instruments|aligned|asof|actions|fundamentals` */
export function addGet(program: Command, context: CliContext): void {
  const get = program
    .command('get')
    .description('read stored data over gRPC: table, CSV, JSON lines, Parquet');
  addBars(get, context);
  withSeries(get, context, {
    name: 'trades',
    about: 'trades of one symbol, oldest first',
    examples: ['tickwell get trades BTCUSD --from 2013-11-25T12:00 --limit 100 --csv'],
    options: [],
    read: (client, query, { columns }) =>
      map(client.ticks({ ...query, ...chosen(columns) }), (each) => tradesChunk(each, columns)),
  });
  withSeries(get, context, {
    name: 'quotes',
    about: 'best quotes of one symbol, oldest first',
    examples: ['tickwell get quotes EURUSD --newest --limit 10 --json'],
    options: [],
    read: (client, query, { columns }) =>
      map(client.quotes({ ...query, ...chosen(columns) }), (each) => quotesChunk(each, columns)),
  });
  addIndicators(get, context);
  addInstruments(get, context);
  addActions(get, context);
  addSeveral(get, context);
  addFundamentals(get, context);
}

const interval = (): Option => new Option('--interval <interval>', 'of the bars').default('1d');

function addBars(get: Command, context: CliContext): void {
  withSeries(get, context, {
    name: 'bars',
    about: 'bars of one symbol and interval, oldest first',
    examples: [
      'tickwell get bars AAPL --interval 1d --newest --limit 5',
      'tickwell get bars AAPL --from 2019-01-01 --adjustment all',
      'tickwell get bars BTCUSD --interval 1m --from 2013-11-25 --to 2013-11-26 --out btc.parquet',
      'tickwell get bars AAPL --from 2019-01-01 --as-of 2026-11-02T21:00 --strict   # what was known then',
      'tickwell get bars ES.C --from 2013-01-01 --back-adjustment ratio   # a continuous future, stitched',
      'tickwell get bars AAPL --interval 1d --resample 1m --sessions --source best   # days of minutes, by sessions',
      'tickwell get bars AAPL --from 2019-01-01 --source yahoo --out aapl.parquet --fingerprint   # to quote what was read',
      'tickwell get bars BTCUSD --interval 1000tick --resample trades --from 2013-11-25',
    ],
    options: [
      interval(),
      ...wishOptions(),
      new Option(
        '--complete',
        'fail, and say what is missing, unless all bars of the sessions are there; with --source and --from',
      ),
      new Option('--calendar <id>', 'of --complete and --sessions; default: that of the instrument'),
      ...resampleOptions(),
      new Option('--fingerprint', 'say at the end what the answer was, to quote and check it'),
      new Option(
        '--expect-fingerprint <value>',
        'what was answered when it was quoted, with the same flags; fail where that has changed',
      ),
    ],
    read: (client, query, flags) => {
      const { interval: of, priceType, columns } = flags;
      const whole = { requireComplete: flags.complete === true, calendar: flags.calendar ?? '' };
      const bars = {
        ...query,
        interval: of,
        priceType,
        ...wishOf(flags),
        ...whole,
        ...resampled(flags),
        ...chosen(columns),
        ...fingerprintOf(context.terminal, flags),
      };
      return map(client.bars(bars), (each) => barsChunk(each, columns));
    },
  });
}

function addIndicators(get: Command, context: CliContext): void {
  withSeries(get, context, {
    name: 'indicators',
    about:
      'indicators over stored bars, oldest first, each stored or computed: a column per output, empty where one is not warm; without --spec, what is stored',
    examples: [
      'tickwell get indicators ETHUSD',
      'tickwell get indicators AAPL --spec "RSI(14),MACD(12,26,9)" --interval 1d --csv',
      'tickwell get indicators AAPL --spec "ema(9,rsi(14))" --source best --adjustment all --from 2024-01-01',
    ],
    options: [
      interval(),
      new Option('--spec <list>', 'for example "RSI(14),MACD(12,26,9)"; docs/indicators.md has them all'),
      ...wishOptions(),
      new Option(
        '--mode <mode>',
        'only what is stored, or computed whatever is stored; default: of one specification what is stored where that is whole',
      ).choices(['stored', 'computed']),
      new Option(
        '--calendar <id>',
        'whose sessions count, of vwap(session); default: that of the instrument',
      ),
    ],
    read: (client, query, flags) => {
      const { interval: of, priceType, spec = '', mode, calendar } = flags;
      const options = {
        ...query,
        interval: of,
        priceType,
        specs: spec,
        ...wishOf(flags),
        ...(mode === undefined ? {} : { mode }),
        ...(calendar === undefined ? {} : { calendar }),
      };
      return map(client.indicatorTable(options), indicatorsChunk);
    },
    showInstead: (symbol, flags) =>
      flags.spec === undefined ? showIndicators(context, symbol, flags) : undefined,
  });
}

/** How the prices of bars are wanted. */
const wishOptions = (): Option[] => [
  new Option('--price-type <type>', 'what the bars are built of')
    .choices(['trade', 'bid', 'ask', 'mid'])
    .default('trade'),
  new Option(
    '--back-adjustment <kind>',
    'of a continuous future: what is done to the prices before a roll; default: as its instrument says',
  ).choices(['none', 'difference', 'ratio']),
  new Option(
    '--adjustment <basis>',
    'prices as quoted, adjusted for splits, or for splits and dividends; default: as they are stored',
  ).choices(['raw', 'split', 'all']),
  new Option(
    '--as-of <time>',
    'what was known then; bars that were over, but not known yet, are marked backfilled',
  ).argParser(time),
  new Option('--strict', 'with --as-of: leave out what was not known then'),
];

function wishOf({ adjustment, backAdjustment, asOf, strict }: GetFlags) {
  return {
    ...(backAdjustment === undefined ? {} : { backAdjustment }),
    ...(adjustment === undefined ? {} : { adjustment }),
    ...(asOf === undefined ? {} : { asOfNs: asOf }),
    ...(strict === undefined ? {} : { strict }),
  };
}

/** Bars that are made when they are read (docs/bars.md). */
function resampleOptions(): readonly Option[] {
  return [
    new Option(
      '--resample <from>',
      'make the bars of shorter ones, for example 1m, of trades or of quotes; default: as they are stored',
    ),
    new Option(
      '--sessions [hours]',
      'with --resample: by the sessions of the calendar, all-hours: with what trades outside of them; default: by UTC',
    ).choices(['all-hours']),
    new Option('--empty <policy>', 'with --resample: what becomes of intervals without a bar').choices([
      'absent',
      'none',
      'carried',
    ]),
  ];
}

function resampled({ resample, sessions, empty }: GetFlags): ResampleOptions {
  const alignment: BarAlignment | undefined =
    sessions === undefined ? undefined : sessions === true ? 'sessions' : 'sessions-all-hours';
  return {
    ...(resample === undefined ? {} : { resampleFrom: resample }),
    ...(alignment === undefined ? {} : { alignment }),
    ...(empty === undefined ? {} : { empty }),
  };
}

interface SeriesCommand {
  readonly name: string;
  readonly about: string;
  readonly examples: readonly string[];
  readonly options: readonly Option[];
  readonly read: (client: TickwellClient, query: SeriesOptions, flags: GetFlags) => AsyncIterable<DataChunk>;
  /** What is shown where the flags do not name a series. */
  readonly showInstead?: (symbol: string, flags: GetFlags) => Promise<void> | undefined;
}

function withSeries(get: Command, context: CliContext, series: SeriesCommand): void {
  const command = get.command(series.name).description(series.about).argument('<symbol>');
  for (const option of series.options) command.addOption(option);
  command
    .option('--from <time>', 'first time wanted, ISO 8601', time)
    .option('--to <time>', 'first time not wanted', time)
    .option('--limit <rows>', 'at most so many, the oldest', wholeNumber(1, MAX_LIMIT))
    .option('--newest', 'the newest instead, still oldest first')
    .option('--source <name>', 'of one source only; default: all, by time')
    .option('--csv', 'CSV on standard output')
    .option('--out <file>', 'a file that ends in .parquet, .csv or .jsonl')
    .option('--time-zone <zone>', 'times of this zone, for example America/New_York; default UTC')
    .option('--address <host:port>', 'of query; default: that of the running platform');
  if (series.name !== 'indicators')
    command.option('--columns <names>', 'only these, for example close,volume', list);
  withExamples(withJson(withInstance(command)), series.examples);
  command.action(
    (symbol: string, flags: GetFlags) =>
      series.showInstead?.(symbol, flags) ?? showSeries(context, symbol, flags, series),
  );
}

async function showSeries(
  context: CliContext,
  symbol: string,
  flags: GetFlags,
  { name: kind, read }: SeriesCommand,
): Promise<void> {
  const { terminal } = context;
  checkFlags(symbol, flags);
  const format = timeFormat(flags.timeZone);
  const asTable = flags.csv !== true && flags.json !== true && flags.out === undefined;
  const isChosen = [flags.limit, flags.from, flags.to, flags.fingerprint, flags.expectFingerprint].some(
    (flag) => flag !== undefined,
  );
  const isCut = asTable && !isChosen;
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    const chunks = read(client, seriesQuery(symbol, flags, isCut), flags);
    const rows = await output(terminal, flags, format, chunks);
    if (flags.out !== undefined) terminal.note(`${formatCount(rows)} rows in ${flags.out}`);
    else if (rows === 0) terminal.note(await nothing(client, symbol, flags, kind));
    else if (isCut && rows === TABLE_ROWS)
      terminal.note(`the newest ${TABLE_ROWS}: --limit, --from or --to show others`);
  } finally {
    client.close();
  }
}

async function nothing(
  client: TickwellClient,
  symbol: string,
  { interval, priceType }: GetFlags,
  kind: string,
): Promise<string> {
  const { instruments } = await client.instruments({ prefix: symbol, limit: MAX_INSTRUMENTS });
  return nothingText({ symbol, kind, interval, priceType }, instruments);
}

function checkFlags(symbol: string, flags: GetFlags): void {
  const checked = checkSymbol(symbol);
  if (!checked.ok) throw new TickwellError('invalid-argument', checked.error);
  if (flags.newest === true && flags.limit === undefined)
    throw new TickwellError('invalid-argument', '--newest needs --limit, for example --newest --limit 10');
  checkOutput(flags);
}

function seriesQuery(symbol: string, flags: GetFlags, isCut: boolean): SeriesOptions {
  const { from, to, limit, newest, source } = flags;
  return {
    symbol,
    ...(source === undefined ? {} : { source }),
    ...(from === undefined ? {} : { startNs: from }),
    ...(to === undefined ? {} : { endNs: to }),
    ...(isCut ? { limit: TABLE_ROWS, newest: true } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(newest === undefined ? {} : { newest }),
  };
}

function chosen(columns: readonly string[] | undefined): { readonly columns?: readonly string[] } {
  return columns === undefined ? {} : { columns: columns.filter((name) => name !== 'time') };
}

async function* map<C>(chunks: AsyncIterable<C>, of: (chunk: C) => DataChunk): AsyncGenerator<DataChunk> {
  for await (const chunk of chunks) yield of(chunk);
}

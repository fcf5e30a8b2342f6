import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { errorMessage, formatNs, TickwellError } from '@tickwell/domain';
import type { CliContext } from '../context.ts';
import { importJobs, withImportOptions, type Import, type ImportFlags } from '../ingest/import.ts';
import { list, time, wholeNumber, withExamples } from '../options.ts';

const DAY_SECONDS = 86_400;
/** Streams at a time: an answer takes longer than the pause between two requests. */
const PARALLEL_STREAMS = '8';

interface YahooFlags extends ImportFlags {
  readonly symbolsFile?: string;
  readonly interval?: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly priceBasis?: string;
  readonly actions?: true;
  readonly fundamentals?: true;
  readonly quotes?: true;
  readonly series?: readonly string[];
  readonly every?: number;
  readonly for?: number;
  readonly url?: string;
  readonly requestsPerSecond?: number;
  readonly requestsPerHour?: number;
}

/** `tickwell ingest yahoo` */
export function addIngestYahoo(ingest: Command, context: CliContext): void {
  const command = ingest
    .command('yahoo')
    .description(
      'from Yahoo Finance: history (--from: bars; of a day and longer also dividends and splits), quotes until Ctrl-C (--quotes), dividends and ' +
        'splits alone (--actions), statements and key figures (--fundamentals). The same command again, every day for example, brings what is new ' +
        'and, with it, the last five bars again: what Yahoo revised becomes a correction',
    )
    .argument(
      '[symbol...]',
      'instruments by id or Yahoo ticker, as the instrument map has them; ID:TICKER files one under an id of your own',
    )
    .option('--symbols-file <file>', 'one symbol a line, # begins a comment')
    .option('--from <time>', 'first day or time', time)
    .option('--to <time>', 'first day or time not wanted; default: now', time)
    .option(
      '--interval <interval>',
      'of the bars: 1m (Yahoo keeps 30 days), 2m, 5m, 15m, 30m, 90m (60 days), 1h (730 days), 1d, 1w, 1mo; default 1d',
    )
    .addOption(
      new Option(
        '--price-basis <basis>',
        'raw, as they were quoted: splits are undone (default); split-adjusted, as Yahoo has them',
      ).choices(['raw', 'split-adjusted']),
    )
    .option('--actions', 'dividends and splits only')
    .option('--fundamentals', 'annual, quarterly and trailing statements, and the key figures of today')
    .option('--quotes', 'follow bid, ask and last price')
    .option('--series <names>', 'of --quotes: quotes (bid and ask), trades (last price); default both', list)
    .option('--every <seconds>', 'of --quotes: between two looks; default 15', wholeNumber(1, 3600))
    .option('--for <seconds>', 'of --quotes: stop after so long', wholeNumber(1, 365 * DAY_SECONDS))
    .option('--requests-per-second <number>', 'at most so many; default 2', positive)
    .option(
      '--requests-per-hour <count>',
      'at most so many; default: no such limit',
      wholeNumber(1, 1_000_000),
    )
    .option('--url <url>', 'instead of Yahoo, for example a simulator; default $TICKWELL_YAHOO_URL');
  withImportOptions(command);
  withExamples(command, [
    'tickwell ingest yahoo AAPL MSFT --from 2015-01-01',
    'tickwell ingest yahoo BTCUSD:BTC-USD EURUSD:EURUSD=X --interval 1h --from 2026-01-01 --wait',
    'tickwell ingest yahoo --symbols-file sp500.txt --from 2015-01-01 --requests-per-second 3',
    'tickwell ingest yahoo AAPL MSFT --quotes --every 10',
    'tickwell ingest yahoo AAPL --fundamentals --wait',
  ]);
  command.action((symbols: string[], flags: YahooFlags) =>
    importJobs(context, flags, yahooImport([...symbols, ...fileSymbols(flags.symbolsFile)], flags)),
  );
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/** @throws TickwellError `invalid-argument` where the flags do not say one thing. */
export function yahooImport(symbols: readonly string[], flags: YahooFlags): Import {
  if (symbols.length === 0)
    throw new TickwellError(
      'invalid-argument',
      'name at least one ticker, or a file of them with --symbols-file',
    );
  const { actions, fundamentals, quotes, interval, priceBasis, series, every } = flags;
  const feeds = [actions, fundamentals, quotes].filter((flag) => flag !== undefined).length;
  if (feeds > 1)
    throw new TickwellError('invalid-argument', 'choose one of --actions, --fundamentals and --quotes');
  const { from, to } = { from: text(flags.from), to: text(flags.to) };
  const { url: baseUrl, requestsPerSecond, requestsPerHour } = flags;
  const access = { baseUrl, requestsPerSecond, requestsPerHour };
  const of = { type: 'yahoo', symbols: symbols.map(yahooInstrument), ...access };
  const variables = { TICKWELL_INGEST_PARALLEL_JOBS: PARALLEL_STREAMS };
  if (quotes === true)
    return {
      jobs: [given({ ...of, feed: 'quotes', series, everySeconds: every, interval, from, to, priceBasis })],
      sources: ['yahoo:live'],
      ...(flags.for === undefined ? {} : { untilMs: flags.for * 1000 }),
    };
  const sources = ['yahoo'];
  if (fundamentals === true)
    return {
      jobs: [given({ ...of, feed: 'fundamentals', from, to, interval, priceBasis })],
      sources,
      variables,
    };
  if (from === undefined)
    throw new TickwellError(
      'invalid-argument',
      'say since when: --from TIME for history and --actions, or ask for --quotes or --fundamentals',
    );
  const what = actions === true ? { feed: 'actions' } : { feed: 'history' };
  return { jobs: [given({ ...of, ...what, interval, from, to, priceBasis })], sources, variables };
}

function text(timeNs: bigint | undefined): string | undefined {
  return timeNs === undefined ? undefined : formatNs(timeNs);
}

/** Without what was not said, which is left to the service; what a feed does not know is its to refuse. */
function given(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** @throws TickwellError `invalid-argument`, naming the file. */
function fileSymbols(file: string | undefined): string[] {
  if (file === undefined) return [];
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TickwellError('invalid-argument', `--symbols-file ${file}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  return content
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** "BTCUSD:BTC-USD" is the ticker BTC-USD filed as BTCUSD; no ticker holds a colon. */
function yahooInstrument(symbol: string): string | { readonly symbol: string; readonly ticker: string } {
  const at = symbol.indexOf(':');
  return at < 0 ? symbol : { symbol: symbol.slice(0, at), ticker: symbol.slice(at + 1) };
}

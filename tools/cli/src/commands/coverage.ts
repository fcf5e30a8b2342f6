import { Option, type Command } from 'commander';
import type { PriceType, SeriesCoverage, TickwellClient } from '@tickwell/client';
import { formatNs, TickwellError } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { coverageMap, LEGEND } from '../quality/day-map.ts';
import { holeJson, repairedText, whyText } from '../quality/hole-text.ts';
import { formatCount } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import { time, wholeNumber, withExamples, withInstance, withJson } from '../options.ts';

const DEFAULT_NS = 30n * 86_400_000_000_000n;
const MAX_INSTRUMENTS = 10_000;
const MAX_SYMBOLS = 1_000;
/** Shown to people. */
const MAX_REPAIRED = 10;

interface CoverageFlags {
  readonly instance: string;
  readonly address?: string;
  readonly interval: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly source?: string;
  readonly priceType: PriceType;
  readonly calendar?: string;
  readonly gaps: number;
  readonly complete?: true;
  readonly json?: true;
}

/** `tickwell coverage` */
export function addCoverage(program: Command, context: CliContext): void {
  const command = program
    .command('coverage')
    .description(
      'which bars should be there, by the sessions of a calendar, and which are: a map of days, and the gaps',
    )
    .argument('[symbol...]', 'default: every one that has bars of the interval')
    .option('--interval <interval>', 'of the bars', '1d')
    .option('--from <time>', 'first day or time; default: 30 days ago', time)
    .option('--to <time>', 'first day or time not wanted; default: now', time)
    .option('--source <name>', 'default: each by itself; "best": what any source of the policy has')
    .addOption(
      new Option('--price-type <type>', 'what the bars are built of')
        .choices(['trade', 'bid', 'ask', 'mid'])
        .default('trade'),
    )
    .option('--calendar <id>', 'default: that of each instrument ("tickwell calendar list")')
    .option('--gaps <count>', 'most gaps shown of a series', wholeNumber(1, 1_000), 10)
    .option('--complete', 'fail unless everything that is expected is there')
    .option('--address <host:port>', 'of query; default: that of the running platform');
  withExamples(withJson(withInstance(command)), [
    'tickwell coverage AAPL MSFT --interval 1m --from 2026-11-01',
    'tickwell coverage BTCUSD --calendar 24-7 --interval 1m --from 2013-11-25 --to 2013-12-02 --json',
  ]);
  command.action((symbols: string[], flags: CoverageFlags) => show(context, symbols, flags));
}

async function show(context: CliContext, symbols: readonly string[], flags: CoverageFlags): Promise<void> {
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    const series = await read(client, symbols.length > 0 ? symbols : await symbolsOf(client, flags), flags);
    if (flags.json === true) for (const one of series) context.terminal.print(JSON.stringify(jsonOf(one)));
    else tell(context, series);
    if (flags.complete === true) requireComplete(series);
  } finally {
    client.close();
  }
}

/** Those that have bars of the interval. */
async function symbolsOf(
  client: TickwellClient,
  { interval, source }: CoverageFlags,
): Promise<readonly string[]> {
  const { instruments } = await client.instruments({ limit: MAX_INSTRUMENTS });
  const found = instruments.filter(
    (one) =>
      one.kind === 'bars' &&
      one.interval === interval &&
      (source === undefined || source === 'best' || source === one.source),
  );
  if (found.length === 0)
    throw new TickwellError(
      'not-found',
      `no bars of ${interval} are stored: name symbols, or another --interval`,
    );
  return [...new Set(found.map(({ symbol }) => symbol))];
}

async function read(
  client: TickwellClient,
  symbols: readonly string[],
  flags: CoverageFlags,
): Promise<readonly SeriesCoverage[]> {
  const { interval, source, priceType, calendar, gaps: maxGaps, to } = flags;
  const startNs = flags.from ?? (to ?? BigInt(Date.now()) * 1_000_000n) - DEFAULT_NS;
  const answers: SeriesCoverage[] = [];
  for (let at = 0; at < symbols.length; at += MAX_SYMBOLS)
    answers.push(
      ...(await client.coverage({
        symbols: symbols.slice(at, at + MAX_SYMBOLS),
        interval,
        startNs,
        priceType,
        maxGaps,
        ...(to === undefined ? {} : { endNs: to }),
        ...(source === undefined ? {} : { source }),
        ...(calendar === undefined ? {} : { calendar }),
      })),
    );
  return answers;
}

function tell({ terminal }: CliContext, series: readonly SeriesCoverage[]): void {
  const map = coverageMap(series);
  for (const line of map) terminal.print(line);
  if (map.length > 0) terminal.print(terminal.paint('dim', LEGEND));
  const judged = series.filter(({ problem }) => problem === '');
  const titles = ['symbol', 'source', 'calendar', 'expected', 'there', '%', 'gaps', 'outside sessions'];
  if (judged.length > 0)
    for (const line of formatTable(
      titles.map((title, at) => ({ title, align: at < 3 ? 'left' : 'right' })),
      judged.map((one) => [
        one.symbol,
        one.source === '' ? '-' : one.source,
        one.calendar,
        formatCount(one.expected),
        formatCount(one.arrived),
        percent(one),
        formatCount(one.gapCount),
        formatCount(one.outside),
      ]),
    ))
      terminal.print(line);
  for (const one of judged) tellGaps(terminal, one);
  for (const { problem } of series) if (problem !== '') terminal.note(problem);
}

/** What is missing, and why; then what was and is no longer. */
function tellGaps(
  terminal: CliContext['terminal'],
  { symbol, source, gaps, gapCount, repaired }: SeriesCoverage,
): void {
  const name = `${symbol} ${source === '' ? '-' : source}`;
  for (const { startNs, endNs, missing, hole } of gaps)
    terminal.print(
      `${name}: ${formatCount(missing)} missing from ${formatNs(startNs)} to ${formatNs(endNs)}${hole === undefined ? '' : ` (${whyText(hole)})`}`,
    );
  if (gapCount > gaps.length)
    terminal.print(`${name}: ${formatCount(gapCount - gaps.length)} more gaps; --gaps shows more`);
  for (const hole of repaired.slice(0, MAX_REPAIRED)) terminal.print(repairedText(hole));
  if (repaired.length > MAX_REPAIRED)
    terminal.print(
      `${name}: ${formatCount(repaired.length - MAX_REPAIRED)} more repaired; --json shows them`,
    );
}

/** Rounded down, so that 100 means all. */
function percent({ expected, arrived }: SeriesCoverage): string {
  return expected === 0 ? '-' : (Math.floor((arrived / expected) * 1_000) / 10).toFixed(1);
}

function jsonOf({ gaps, repaired, ...series }: SeriesCoverage): object {
  return {
    ...series,
    gaps: gaps.map(({ startNs, endNs, missing, hole }) => ({
      start: formatNs(startNs),
      end: formatNs(endNs),
      missing,
      hole: hole === undefined ? null : holeJson(hole),
    })),
    repaired: repaired.map(holeJson),
  };
}

function requireComplete(series: readonly SeriesCoverage[]): void {
  const lacking = series.filter(({ problem, expected, arrived }) => problem !== '' || arrived < expected);
  const [first] = lacking;
  if (first === undefined) return;
  const { symbol, source, problem, expected, arrived } = first;
  throw new TickwellError(
    'failed-precondition',
    problem !== ''
      ? problem
      : `${lacking.length} of ${series.length} series are not complete: ${symbol} of ${source === '' ? 'no source' : source} lacks ${expected - arrived} of ${expected} bars`,
  );
}

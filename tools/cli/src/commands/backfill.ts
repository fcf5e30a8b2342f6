import { Option, type Command } from 'commander';
import type { Calendar } from '@tickwell/calendar';
import type { TickwellClient } from '@tickwell/client';
import { formatNs, TickwellError, type PriceType } from '@tickwell/domain';
import { findEndpoints, findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCounted } from '../format/numbers.ts';
import { askedHistory, type AskedOf } from '../ingest/asked-history.ts';
import {
  gatewayOfJob,
  ibInstrument,
  INSTRUMENT_HELP,
  withGatewayOptions,
  type GatewayFlags,
} from '../ingest/ib-flags.ts';
import { calendarFor, closedDays } from '../ingest/closed-days.ts';
import { importJobs, withImportOptions, type ImportFlags } from '../ingest/import.ts';
import { byDay, gapsOf, joined, unasked } from '../ingest/gap-spans.ts';
import { StoredDays, type Span } from '../ingest/missing-days.ts';
import { time, withExamples } from '../options.ts';
import { ibHistoryOfJob } from './ingest-ib.ts';

/** Where history of Interactive Brokers is filed. */
const SOURCE = 'ib:history';
const PRICE_TYPES: Readonly<Record<string, PriceType>> = { MIDPOINT: 'mid', BID: 'bid', ASK: 'ask' };

interface BackfillFlags extends ImportFlags, GatewayFlags {
  readonly from: bigint;
  readonly to?: bigint;
  readonly interval?: string;
  readonly kind?: 'bars' | 'trades' | 'quotes';
  readonly what?: string;
  readonly allHours?: true;
  readonly calendar?: string;
  readonly again?: true;
  readonly dryRun?: true;
}

/** `tickwell backfill` */
export function addBackfill(program: Command, context: CliContext): void {
  const command = program
    .command('backfill')
    .description(
      'fetch the history that is missing: looks which days of a range are stored, and with a calendar which bars of them, and asks Interactive Brokers for the others only. ' +
        'Interrupted, it goes on where it stopped; days that IB had nothing of are not asked for again without --again',
    )
    .argument('<instrument...>', INSTRUMENT_HELP)
    .requiredOption('--from <time>', 'first day or time', time)
    .option('--to <time>', 'first day or time not wanted; default: now', time)
    .option('--interval <interval>', 'of the bars; default 1d')
    .addOption(new Option('--kind <kind>', 'what').choices(['bars', 'trades', 'quotes']))
    .option('--what <price>', 'of bars: TRADES, MIDPOINT, BID, ASK, ADJUSTED_LAST')
    .option('--all-hours', 'not only regular trading hours')
    .option('--calendar <id>', 'days without a session are not asked for; default: that of the instrument')
    .option('--again', 'also the days that IB had nothing of when it was asked before')
    .option('--dry-run', 'only say what would be asked for');
  withImportOptions(withGatewayOptions(command));
  withExamples(command, [
    'tickwell backfill AAPL MSFT --from 2025-01-01 --interval 1m --all-hours',
    'tickwell backfill EURUSD:CASH --kind quotes --from 2025-10-06 --to 2025-10-08 --dry-run',
  ]);
  command.action((instruments: string[], flags: BackfillFlags) => backfill(context, instruments, flags));
}

async function backfill(
  context: CliContext,
  instruments: readonly string[],
  flags: BackfillFlags,
): Promise<void> {
  const { terminal } = context;
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const span = { fromNs: flags.from, toNs: flags.to ?? nowNs };
  if (span.fromNs >= span.toNs)
    throw new TickwellError(
      'invalid-argument',
      `--from ${formatNs(span.fromNs)} is not before --to ${formatNs(span.toNs)}`,
    );
  const { questdbHttpUrl } = await findEndpoints(context, flags.instance);
  const client = openClient(await findGrpcAddress(context, flags));
  const jobs: unknown[] = [];
  try {
    for (const text of instruments) {
      const instrument = ibInstrument(text);
      const symbol = text.split(':')[0] ?? text;
      const priceType = priceTypeOf(instrument, flags.what);
      const of = { symbol, priceType, ...flags };
      const stored = await storedDays(client, of, span);
      const sessions = await calendarFor(client, symbol, flags.calendar);
      if (sessions !== undefined) stored.addClosed(closedDays(sessions, span, flags.allHours === true));
      const asked =
        flags.again === true
          ? []
          : await askedHistory(questdbHttpUrl, SOURCE, askedOf(symbol, instrument, flags));
      for (const each of asked) stored.addAsked(each.span, each.atNs);
      const gaps = sessions === undefined ? [] : await gapsWithin(client, of, span, sessions);
      const { spans, givenUp } = unasked(gaps, asked);
      const missing = joined([...stored.missing(span, nowNs), ...byDay(spans)]);
      const plan = { missing, emptyDays: stored.empty(span), emptyGaps: givenUp };
      for (const line of planLines(symbol, plan, flags.json === true)) terminal.print(line);
      for (const { fromNs, toNs } of missing) {
        const again = flags.again === true ? { again: Number(nowNs / 1_000_000n) } : {};
        const job = { ...gatewayOfJob(flags), ...again, instruments: [instrument] };
        jobs.push(ibHistoryOfJob(job, { ...flags, from: fromNs, to: toNs }));
      }
    }
  } finally {
    client.close();
  }
  if (flags.dryRun !== true && jobs.length > 0) await importJobs(context, flags, { jobs, sources: [SOURCE] });
}

/** Bars of currencies have no trades: IB's midpoints, unless another price is named. */
function whatOf(instrument: ReturnType<typeof ibInstrument>, what: string | undefined): string {
  const isCash = typeof instrument !== 'string' && instrument['secType'] === 'CASH';
  return what ?? (isCash ? 'MIDPOINT' : 'TRADES');
}

function priceTypeOf(instrument: ReturnType<typeof ibInstrument>, what: string | undefined): PriceType {
  return PRICE_TYPES[whatOf(instrument, what)] ?? 'trade';
}

function askedOf(
  symbol: string,
  instrument: ReturnType<typeof ibInstrument>,
  { kind = 'bars', interval = '1d', what, allHours }: BackfillFlags,
): AskedOf {
  if (kind !== 'bars') return { symbol, what: kind, useRth: false };
  return { symbol, what: `${interval}:${whatOf(instrument, what)}`, useRth: allHours !== true };
}

async function storedDays(
  client: TickwellClient,
  wanted: Pick<BackfillFlags, 'kind' | 'interval'> & {
    readonly symbol: string;
    readonly priceType: PriceType;
  },
  { fromNs: startNs, toNs: endNs }: Span,
): Promise<StoredDays> {
  const { symbol, priceType, kind = 'bars', interval = '1d' } = wanted;
  const days = new StoredDays();
  const of = { symbol, source: SOURCE, startNs, endNs };
  if (kind === 'bars') {
    for await (const { bars } of client.bars({ ...of, interval, priceType, columns: ['start_ns'] }))
      days.add(bars.startNs);
  } else if (kind === 'trades') {
    for await (const { trades } of client.ticks({ ...of, columns: ['time_ns'] })) days.add(trades.timeNs);
  } else {
    for await (const { quotes } of client.quotes({ ...of, columns: ['time_ns'] })) days.add(quotes.timeNs);
  }
  return days;
}

/** Gaps within days of which something is stored. Of trades and quotes nothing says what to expect. */
async function gapsWithin(
  client: TickwellClient,
  wanted: Pick<BackfillFlags, 'kind' | 'interval'> & {
    readonly symbol: string;
    readonly priceType: PriceType;
  },
  { fromNs: startNs, toNs: endNs }: Span,
  sessions: Calendar,
): Promise<readonly Span[]> {
  const { symbol, priceType, kind = 'bars', interval = '1d' } = wanted;
  if (kind !== 'bars') return [];
  return gapsOf(client, { symbol, priceType, interval, startNs, endNs, source: SOURCE }, sessions);
}

/** What was asked for before, and had nothing, is not missing. */
interface Plan {
  readonly missing: readonly Span[];
  readonly emptyDays: number;
  readonly emptyGaps: number;
}

function planLines(symbol: string, { missing, emptyDays, emptyGaps }: Plan, asJson: boolean): string[] {
  const spans = missing.map(({ fromNs, toNs }) => ({ from: formatNs(fromNs), to: formatNs(toNs) }));
  if (asJson) return [JSON.stringify({ type: 'missing', symbol, spans, emptyDays, emptyGaps })];
  const lines =
    spans.length === 0
      ? [`${symbol}: nothing is missing`]
      : [
          `${symbol}: ${formatCounted(spans.length, 'span')} to ask for`,
          ...spans.map(({ from, to }) => `  ${from} to ${to}`),
        ];
  if (emptyDays > 0)
    lines.push(
      `${symbol}: IB had nothing of ${formatCounted(emptyDays, 'day')} when it was asked before (weekends and holidays have nothing); --again asks once more`,
    );
  if (emptyGaps > 0)
    lines.push(
      `${symbol}: IB had nothing of ${formatCounted(emptyGaps, 'gap')} within days when it was asked before; --again asks once more`,
    );
  return lines;
}

import { Option, type Command } from 'commander';
import type { TickwellClient } from '@tickwell/client';
import { formatNs, TickwellError, type PriceType } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCounted } from '../format/numbers.ts';
import {
  gatewayOfJob,
  ibInstrument,
  INSTRUMENT_HELP,
  withGatewayOptions,
  type GatewayFlags,
} from '../ingest/ib-flags.ts';
import { importJobs, withImportOptions, type ImportFlags } from '../ingest/import.ts';
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
  readonly dryRun?: true;
}

/** `tickwell backfill` */
export function addBackfill(program: Command, context: CliContext): void {
  const command = program
    .command('backfill')
    .description(
      'fetch the history that is missing: looks which days of a range are stored and asks Interactive Brokers for the others only. ' +
        'Interrupted, it goes on where it stopped; what IB has nothing of is asked once',
    )
    .argument('<instrument...>', INSTRUMENT_HELP)
    .requiredOption('--from <time>', 'first day or time', time)
    .option('--to <time>', 'first day or time not wanted; default: now', time)
    .option('--interval <interval>', 'of the bars; default 1d')
    .addOption(new Option('--kind <kind>', 'what').choices(['bars', 'trades', 'quotes']))
    .option('--what <price>', 'of bars: TRADES, MIDPOINT, BID, ASK, ADJUSTED_LAST')
    .option('--all-hours', 'not only regular trading hours')
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
  const client = openClient(await findGrpcAddress(context, flags));
  const jobs: unknown[] = [];
  try {
    for (const text of instruments) {
      const instrument = ibInstrument(text);
      const symbol = text.split(':')[0] ?? text;
      const priceType = priceTypeOf(instrument, flags.what);
      const stored = await storedDays(client, { symbol, priceType, ...flags }, span);
      const missing = stored.missing(span, nowNs);
      for (const line of planLines(symbol, missing, flags.json === true)) terminal.print(line);
      for (const { fromNs, toNs } of missing) {
        const of = { ...gatewayOfJob(flags), instruments: [instrument] };
        jobs.push(ibHistoryOfJob(of, { ...flags, from: fromNs, to: toNs }));
      }
    }
  } finally {
    client.close();
  }
  if (flags.dryRun !== true && jobs.length > 0) await importJobs(context, flags, { jobs, sources: [SOURCE] });
}

/** Bars of currencies have no trades: IB's midpoints, unless another price is named. */
function priceTypeOf(instrument: ReturnType<typeof ibInstrument>, what: string | undefined): PriceType {
  const isCash = typeof instrument !== 'string' && instrument['secType'] === 'CASH';
  return PRICE_TYPES[what ?? (isCash ? 'MIDPOINT' : 'TRADES')] ?? 'trade';
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

function planLines(symbol: string, missing: readonly Span[], asJson: boolean): string[] {
  const spans = missing.map(({ fromNs, toNs }) => ({ from: formatNs(fromNs), to: formatNs(toNs) }));
  if (asJson) return [JSON.stringify({ type: 'missing', symbol, spans })];
  if (spans.length === 0) return [`${symbol}: nothing is missing`];
  return [
    `${symbol}: ${formatCounted(spans.length, 'span')} without data`,
    ...spans.map(({ from, to }) => `  ${from} to ${to}`),
  ];
}

import { Option, type Command } from 'commander';
import { formatNs, TickwellError } from '@tickwell/domain';
import type { CliContext } from '../context.ts';
import {
  gatewayOfJob,
  ibInstrument,
  INSTRUMENT_HELP,
  withGatewayOptions,
  type GatewayFlags,
} from '../ingest/ib-flags.ts';
import { importJobs, withImportOptions, type Import, type ImportFlags } from '../ingest/import.ts';
import { list, time, wholeNumber, withExamples } from '../options.ts';

const DAY_SECONDS = 86_400;

interface IbFlags extends ImportFlags, GatewayFlags {
  readonly live?: true;
  readonly series?: readonly string[];
  readonly for?: number;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly interval?: string;
  readonly kind?: 'bars' | 'trades' | 'quotes';
  readonly what?: string;
  readonly allHours?: true;
  readonly fundamentals?: true;
  readonly report?: string;
  readonly portfolio?: true;
  readonly account?: string;
}

/** `tickwell ingest ib` */
export function addIngestIb(ingest: Command, context: CliContext): void {
  const command = ingest
    .command('ib')
    .description(
      'from Interactive Brokers (TWS or Gateway): live ticks and bars until Ctrl-C (--live), history (--from), fundamentals, portfolio',
    )
    .argument('[instrument...]', INSTRUMENT_HELP)
    .option('--live', 'follow live; what was missed while the connection was down is fetched from history')
    .option(
      '--series <names>',
      'live: trades, quotes, top (sampled quotes), bars (5 s); default trades,quotes',
      list,
    )
    .option('--for <seconds>', 'live: stop after so long', wholeNumber(1, 365 * DAY_SECONDS))
    .option('--from <time>', 'history: first day or time', time)
    .option('--to <time>', 'history: first day or time not wanted; default: now', time)
    .option('--interval <interval>', 'history: of the bars; default 1d')
    .addOption(new Option('--kind <kind>', 'history: what').choices(['bars', 'trades', 'quotes']))
    .option('--what <price>', 'of bars: TRADES, MIDPOINT, BID, ASK, ADJUSTED_LAST')
    .option('--all-hours', 'history: not only regular trading hours')
    .option('--fundamentals', 'a fundamentals report')
    .option('--report <type>', 'of --fundamentals; default ReportSnapshot')
    .option('--portfolio', 'positions, account values, profit and loss, executions, until Ctrl-C')
    .option('--account <id>', 'of --portfolio; default: the only one of the login');
  withImportOptions(withGatewayOptions(command));
  withExamples(command, [
    'tickwell ingest ib AAPL EURUSD:CASH --live',
    'tickwell ingest ib AAPL --from 2025-01-01 --interval 1m --all-hours --wait',
    'tickwell ingest ib ES:FUT:CME --kind trades --from 2025-10-06T13:30:00Z --to 2025-10-06T14:00:00Z',
    'tickwell ingest ib --portfolio --port 4001',
  ]);
  command.action((instruments: string[], flags: IbFlags) =>
    importJobs(context, flags, ibImport(instruments, flags)),
  );
}

/** @throws TickwellError `invalid-argument` unless exactly one thing is asked for. */
export function ibImport(instruments: readonly string[], flags: IbFlags): Import {
  const asked = [flags.live, flags.from, flags.fundamentals, flags.portfolio].filter(
    (flag) => flag !== undefined,
  ).length;
  if (asked !== 1)
    throw new TickwellError(
      'invalid-argument',
      'say what is wanted: exactly one of --live, --from TIME, --fundamentals, --portfolio',
    );
  const of = { ...gatewayOfJob(flags), instruments: instruments.map(ibInstrument) };
  if (flags.live === true)
    return {
      jobs: [{ ...of, feed: 'live', ...given({ series: flags.series, what: flags.what }) }],
      sources: ['ib'],
      ...(flags.for === undefined ? {} : { untilMs: flags.for * 1000 }),
    };
  if (flags.portfolio === true)
    return { jobs: [{ ...of, feed: 'portfolio', ...given({ account: flags.account }) }], sources: ['ib'] };
  if (flags.fundamentals === true)
    return { jobs: [{ ...of, feed: 'fundamentals', ...given({ report: flags.report }) }], sources: ['ib'] };
  return { jobs: [ibHistoryOfJob(of, flags)], sources: ['ib:history'] };
}

type HistoryFlags = Pick<IbFlags, 'from' | 'to' | 'interval' | 'kind' | 'what' | 'allHours'>;

/** The history part of a job; bars are daily unless told. */
export function ibHistoryOfJob(
  of: Readonly<Record<string, unknown>>,
  { from, to, interval, kind = 'bars', what, allHours }: HistoryFlags,
): Readonly<Record<string, unknown>> {
  const times = {
    from: from === undefined ? undefined : formatNs(from),
    to: to === undefined ? undefined : formatNs(to),
  };
  const bars = kind === 'bars' ? { interval: interval ?? '1d', what } : {};
  return {
    ...of,
    feed: 'history',
    kind,
    ...given({ ...times, ...bars, useRth: allHours === true ? false : undefined }),
  };
}

/** Without what was not said, which is left to the service. */
function given(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

import { Option, type Command } from 'commander';
import { verify, type VerifiedKind, type VerifiedSeries, type VerifyReport } from '@tickwell/client';
import { formatNs, TickwellError } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import { list, time, withExamples, withInstance, withJson } from '../options.ts';

const KINDS: readonly VerifiedKind[] = ['trades', 'quotes', 'bars', 'indicators'];
/** Digits that people are shown. */
const HASH_DIGITS = 12;

interface VerifyFlags {
  readonly instance: string;
  readonly address?: string;
  readonly kind?: readonly VerifiedKind[];
  readonly source?: string;
  readonly interval?: readonly string[];
  readonly from?: bigint;
  readonly to?: bigint;
  readonly json?: true;
}

/** `tickwell verify` */
export function addVerify(program: Command, context: CliContext): void {
  const command = program
    .command('verify')
    .description(
      'reads a span twice, as Subscribe brings it and as it is stored, and compares counts and hashes (docs/subscribe.md)',
    )
    .argument('[symbol...]', 'default: every symbol')
    .addOption(new Option('--kind <kinds>', `of ${KINDS.join(', ')}; default: all`).argParser(kinds))
    .option('--interval <intervals>', 'of bars and indicators; default: every one', list)
    .option('--source <name>', 'of one source only')
    .option('--from <time>', 'first time wanted, ISO 8601; default: everything', time)
    .option('--to <time>', 'first time not wanted; default: a minute ago', time)
    .option('--address <host:port>', 'of query; default: that of the running platform');
  withExamples(withJson(withInstance(command)), [
    'tickwell verify BTCUSD',
    'tickwell verify AAPL MSFT --kind bars,indicators --from 2026-01-01 --json',
  ]);
  command.action((symbols: readonly string[], flags: VerifyFlags) => run(context, symbols, flags));
}

function kinds(text: string, before: readonly VerifiedKind[] = []): readonly VerifiedKind[] {
  const chosen = list(text).map((name) => {
    const kind = KINDS.find((one) => one === name);
    if (kind === undefined)
      throw new TickwellError('invalid-argument', `--kind ${name} is not one of ${KINDS.join(', ')}`);
    return kind;
  });
  return [...before, ...chosen];
}

async function run(context: CliContext, symbols: readonly string[], flags: VerifyFlags): Promise<void> {
  const { terminal } = context;
  const { kind, source, interval, from, to } = flags;
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    const report = await verify(client, {
      symbols,
      ...(kind === undefined ? {} : { kinds: kind }),
      ...(source === undefined ? {} : { source }),
      ...(interval === undefined ? {} : { intervals: interval }),
      ...(from === undefined ? {} : { startNs: from }),
      ...(to === undefined ? {} : { endNs: to }),
    });
    const lines = flags.json === true ? [reportJson(report)] : tableLines(report.series);
    await terminal.write(lines.map((line) => `${line}\n`).join(''));
    if (report.series.length === 0)
      terminal.note('nothing is there in this span; see "tickwell get instruments"');
    else if (report.same && flags.json !== true) terminal.note(sameText(report));
    if (!report.same) throw different(report);
  } finally {
    client.close();
  }
}

function sameText({ series, endNs }: VerifyReport): string {
  const events = series.reduce((sum, { stored }) => sum + stored.events, 0);
  return `${formatCount(events)} events of ${formatCount(series.length)} series up to ${formatNs(endNs)}: the same as streamed and as stored`;
}

function different({ series, attempts }: VerifyReport): TickwellError {
  const wrong = series.filter(({ same }) => !same);
  const [{ symbol, source, kind, streamed, stored } = NONE] = wrong;
  return new TickwellError(
    'verify-failed',
    `${wrong.length} of ${series.length} series differ after ${attempts} readings: ${kind} of ${symbol} of ${source} has ${streamed.events} events as streamed, ${stored.events} as stored; where data of that time still arrives, wait or set --to earlier`,
  );
}

const NONE: VerifiedSeries = {
  ...{ symbol: '', source: '', kind: 'trades', same: false },
  ...{ streamed: { events: 0, hash: '' }, stored: { events: 0, hash: '' } },
};

function tableLines(series: readonly VerifiedSeries[]): readonly string[] {
  if (series.length === 0) return [];
  const columns = [
    { title: 'symbol' },
    { title: 'kind' },
    { title: 'streamed', align: 'right' as const },
    { title: 'stored', align: 'right' as const },
    { title: 'hash' },
    { title: 'source' },
    { title: 'result' },
  ];
  const rows = series.map(({ symbol, source, kind, streamed, stored, same }) => [
    symbol,
    kind,
    formatCount(streamed.events),
    formatCount(stored.events),
    stored.hash.slice(0, HASH_DIGITS),
    source,
    same ? 'same' : 'DIFFERENT',
  ]);
  return formatTable(columns, rows);
}

function reportJson({ series, same, startNs, endNs, attempts }: VerifyReport): string {
  return JSON.stringify({ same, from: formatNs(startNs), to: formatNs(endNs), attempts, series });
}

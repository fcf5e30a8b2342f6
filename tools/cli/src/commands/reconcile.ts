import { Option, type Command } from 'commander';
import { DIFFERENCE_CLASSES, type DifferenceClass, type Reconciliation } from '@tickwell/client';
import { formatNs } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { time, wholeNumber, withExamples, withInstance, withJson } from '../options.ts';

const MAX_LIMIT = 1_000_000;
const DEFAULT_LIMIT = 50;

interface ListFlags {
  readonly instance: string;
  readonly address?: string;
  readonly interval?: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly class?: readonly DifferenceClass[];
  readonly source?: string;
  readonly history?: true;
  readonly limit: number;
  readonly json?: true;
}

/** `tickwell reconcile list` */
export function addReconcile(program: Command, context: CliContext): void {
  const reconcile = program
    .command('reconcile')
    .description('bars on which sources differ: why, and whose is taken (docs/reconciliation.md)');
  const list = reconcile
    .command('list')
    .description('decisions, the newest bars first; each says what differs and why its winner was taken')
    .argument('[symbol]', 'default: all')
    .option('--interval <interval>', 'of the bars; default: all')
    .option('--from <time>', 'first start of a bar', time)
    .option('--to <time>', 'first start not wanted', time)
    .addOption(
      new Option('--class <name...>', 'why they differ; default: all').choices([...DIFFERENCE_CLASSES]),
    )
    .option('--source <name>', 'that has the bar, or has left it out')
    .option('--history', 'also decisions that a later one on the same bar has replaced')
    .option('--limit <count>', 'at most so many', wholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .option('--address <host:port>', 'of query; default: that of the running platform');
  withExamples(withJson(withInstance(list)), [
    'tickwell reconcile list AAPL --interval 1d --from 2026-11-01',
    'tickwell reconcile list --class bad-print unexplained --source desk --json',
  ]);
  list.action((symbol: string | undefined, flags: ListFlags) => show(context, symbol, flags));
}

async function show(context: CliContext, symbol: string | undefined, flags: ListFlags): Promise<void> {
  const { terminal } = context;
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    const { interval, from, to, class: classes, source, history, limit } = flags;
    // One more than shown tells whether there are more.
    const found = client.reconciliations({
      limit: limit + 1,
      ...(symbol === undefined ? {} : { symbol }),
      ...(interval === undefined ? {} : { interval }),
      ...(from === undefined ? {} : { startNs: from }),
      ...(to === undefined ? {} : { endNs: to }),
      ...(classes === undefined ? {} : { classes }),
      ...(source === undefined ? {} : { source }),
      ...(history === undefined ? {} : { history }),
    });
    const all: Reconciliation[] = [];
    for await (const one of found) all.push(one);
    const shown = all.slice(0, limit);
    if (flags.json === true) for (const one of shown) terminal.print(JSON.stringify(jsonOf(one)));
    else tell(context, shown);
    if (all.length > limit) terminal.note(`the newest ${limit}: --limit, --from or --to show others`);
  } finally {
    client.close();
  }
}

function tell({ terminal }: CliContext, decisions: readonly Reconciliation[]): void {
  if (decisions.length === 0) {
    terminal.note(
      'there are no such decisions: where sources agree, or no policy has "reconcile", none are made',
    );
    return;
  }
  const titles = ['bar', 'symbol', 'interval', 'class', 'taken', 'why'];
  const rows = decisions.map(({ startNs, symbol, interval, class: of, winner, reason }) => [
    formatNs(startNs),
    symbol,
    interval,
    of,
    winner === '' ? '-' : winner,
    reason,
  ]);
  for (const line of formatTable(
    titles.map((title) => ({ title, align: 'left' as const })),
    rows,
  ))
    terminal.print(line);
}

function jsonOf({ startNs, knownAtNs, bars, differences, ...one }: Reconciliation): object {
  return {
    start: formatNs(startNs),
    ...one,
    known_at: formatNs(knownAtNs),
    differences: differences.map(({ againstValue, ...difference }) => ({
      ...difference,
      against_value: againstValue,
    })),
    bars: bars.map(({ knownAtNs: known, priceBasis, volume, ...bar }) => ({
      ...bar,
      volume: Number.isNaN(volume) ? null : volume,
      price_basis: priceBasis,
      known_at: formatNs(known),
    })),
  };
}

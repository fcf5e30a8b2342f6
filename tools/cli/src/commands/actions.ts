import type { Command } from 'commander';
import type { SourcedAction } from '@tickwell/client';
import { checkSymbol, formatNs, TickwellError } from '@tickwell/domain';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { time } from '../options.ts';
import { withConnection, type ConnectionFlags } from '../config/connection.ts';

interface Flags extends ConnectionFlags {
  readonly source?: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly asOf?: bigint;
  readonly strict?: true;
}

/** `tickwell get actions` */
export function addActions(get: Command, context: CliContext): void {
  const command = get
    .command('actions')
    .description('dividends and splits of one symbol, by ex date')
    .argument('<symbol>')
    .option('--source <name>', 'of one source only; default: all')
    .option('--from <time>', 'first ex date wanted, ISO 8601', time)
    .option('--to <time>', 'first ex date not wanted', time)
    .option(
      '--as-of <time>',
      'what was known then, announced ones included; what had happened, but was not known yet, is marked backfilled',
      time,
    )
    .option('--strict', 'with --as-of: leave out what was not known then');
  withConnection(command, [
    'tickwell get actions AAPL',
    'tickwell get actions AAPL --from 2020-01-01 --json',
    'tickwell get actions AAPL --as-of 2026-11-02T21:00 --strict   # what was known then',
  ]);
  command.action(async (symbol: string, flags: Flags) => {
    const { terminal } = context;
    const checked = checkSymbol(symbol);
    if (!checked.ok) throw new TickwellError('invalid-argument', checked.error);
    const client = openClient(await findGrpcAddress(context, flags));
    try {
      const { source, from, to, asOf, strict } = flags;
      const actions = await client.actions({
        symbol,
        ...(source === undefined ? {} : { source }),
        ...(from === undefined ? {} : { startNs: from }),
        ...(to === undefined ? {} : { endNs: to }),
        ...(asOf === undefined ? {} : { asOfNs: asOf }),
        ...(strict === undefined ? {} : { strict }),
      });
      const lines = flags.json === true ? actions.map(actionJson) : actionTable(actions, asOf !== undefined);
      if (actions.length > 0) await terminal.write(lines.map((line) => `${line}\n`).join(''));
      else
        terminal.note(
          `no dividend or split of ${symbol} is stored there: "tickwell ingest yahoo ${symbol} --actions" fetches them`,
        );
    } finally {
      client.close();
    }
  });
}

function actionTable(actions: readonly SourcedAction[], isAsOf: boolean): readonly string[] {
  const columns = [
    { title: 'ex date' },
    { title: 'kind' },
    { title: 'amount', align: 'right' as const },
    ...['currency', 'prices', 'source', 'known at', ...(isAsOf ? ['backfilled'] : [])].map((title) => ({
      title,
    })),
  ];
  return formatTable(
    columns,
    actions.map((action) => [
      formatNs(action.exDateNs).slice(0, 10),
      action.kind,
      amountText(action),
      action.currency,
      action.kind === 'split' ? '' : action.priceBasis,
      action.source,
      formatNs(action.knownAtNs),
      ...(isAsOf ? [action.backfilled ? 'yes' : ''] : []),
    ]),
  );
}

function amountText({ kind, amount, splitNumerator, splitDenominator }: SourcedAction): string {
  return kind === 'split' ? `${splitNumerator}:${splitDenominator}` : String(amount);
}

function actionJson({ exDateNs, knownAtNs, ...action }: SourcedAction): string {
  return JSON.stringify({
    exDate: formatNs(exDateNs).slice(0, 10),
    ...action,
    knownAt: formatNs(knownAtNs),
  });
}

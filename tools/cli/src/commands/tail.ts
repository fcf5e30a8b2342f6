import { InvalidArgumentError, type Command } from 'commander';
import { TOPICS } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import { findEndpoints, findGrpcAddress, openClient, openLog } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { time, wholeNumber, withExamples, withInstance, withJson } from '../options.ts';
import { stopSignal } from '../stop-signal.ts';
import { recordJson, recordText } from '../tail/record-text.ts';
import { tailTopic } from '../tail/tail.ts';
import { tailValues } from '../tail/tail-values.ts';

interface Flags {
  readonly instance: string;
  readonly symbol?: string;
  readonly from: 'earliest' | 'latest' | bigint;
  readonly partition?: number;
  readonly count?: number;
  readonly follow: boolean;
  readonly json?: true;
  readonly spec?: string;
  readonly interval?: string;
  readonly source?: string;
  readonly since?: bigint;
  readonly address?: string;
}

const MAX_COUNT = 1_000_000_000;

/** `tickwell tail TOPIC` */
export function addTail(program: Command, context: CliContext): void {
  const command = program
    .command('tail')
    .description('records of a topic as they come, decoded: raw, validated, dead letters, commits, ...')
    .argument('<topic>', 'for example md.ticks; docs/topics.md lists them')
    .option('--symbol <id>', 'only records of this instrument')
    .option('--from <where>', 'earliest, latest or an offset', from, 'latest')
    .option('--partition <number>', 'only this one', wholeNumber(0, 100_000))
    .option('--count <records>', 'end after so many', wholeNumber(1, MAX_COUNT))
    .option('--no-follow', 'end at what is the end now')
    .option(
      '--spec <list>',
      'of md.indicators: computed for this, whatever is published; with --symbol, --interval',
    )
    .option('--interval <interval>', 'with --spec: of the bars')
    .option('--source <name>', 'with --spec: of bars of one source only')
    .option('--since <time>', 'with --spec: begin with stored bars from this time on', time)
    .option('--address <host:port>', 'with --spec: of query; default: that of the running platform');
  withExamples(withJson(withInstance(command)), [
    'tickwell tail md.bars --symbol BTCUSD',
    'tickwell tail md.indicators --symbol BTCUSD --interval 1m --spec "RSI(14),MACD(12,26,9)"',
    'tickwell tail md.dead-letters --from earliest --no-follow',
    'tickwell tail md.ticks --from earliest --count 1 --json | jq .value.header',
  ]);
  command.action(async (topic: string, flags: Flags) => {
    const { terminal } = context;
    if (flags.spec !== undefined) {
      await tailIndicators(context, topic, flags, flags.spec);
      return;
    }
    const signal = stopSignal(() => undefined);
    const log = openLog(await findEndpoints(context, flags.instance));
    try {
      const { symbol, partition, count, follow } = flags;
      const shown = await tailTopic(log, {
        topic,
        from: flags.from,
        symbol,
        partition,
        count,
        follow,
        signal,
        onRecord: (record) =>
          terminal.write(`${flags.json === true ? recordJson(record) : recordText(record)}\n`),
      });
      if (shown === 0 && !follow) terminal.note(`no records of ${topic} match`);
    } finally {
      await log.close();
    }
  });
}

async function tailIndicators(
  context: CliContext,
  topic: string,
  flags: Flags,
  specs: string,
): Promise<void> {
  const { symbol, interval, source, since, count, json } = flags;
  if (topic !== TOPICS.indicators.name)
    throw new TickwellError('invalid-argument', `--spec is of ${TOPICS.indicators.name}, not of ${topic}`);
  if (symbol === undefined || interval === undefined)
    throw new TickwellError('invalid-argument', '--spec needs --symbol and --interval: of which bars');
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    await tailValues(client, {
      ...{ symbol, interval, specs, source, sinceNs: since, count, json: json === true },
      signal: stopSignal(() => undefined),
      write: (text) => context.terminal.write(text),
    });
  } finally {
    client.close();
  }
}

function from(text: string): Flags['from'] {
  if (text === 'earliest' || text === 'latest') return text;
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('It must be earliest, latest or an offset.');
}

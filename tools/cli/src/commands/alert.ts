import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import {
  BUILT_IN_CHANNEL,
  parseAlertDocument,
  parseDuration,
  type AlertChannel,
  type AlertMessage,
} from '@tickwell/alerts';
import type { Alerts, ConfigDocument, OpenAlert, TickwellClient } from '@tickwell/client';
import { TickwellError, errorMessage, formatNs, NS_PER_MS } from '@tickwell/domain';
import { createNotifier } from '@tickwell/notify';
import { SILENT } from '@tickwell/ports';
import { alertRow, eventRow, silenceId } from '../alert/rows.ts';
import { collect } from '../collect.ts';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { wholeNumber } from '../options.ts';
import { readTextFile } from '../read-text-file.ts';
import { author, withConnection, type ConnectionFlags } from '../config/connection.ts';

const KIND = 'alert';
const JSON_REPLACER = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;

/** `tickwell alert list|check|test|history|silence` */
export function addAlert(program: Command, context: CliContext): void {
  const alert = program
    .command('alert')
    .description(
      'what is wrong now, and who was told; rules and channels are documents: "tickwell config put alert …"',
    );
  addList(alert, context);
  addHistory(alert, context);
  addCheck(alert, context);
  addTest(alert, context);
  addSilence(alert, context);
}

async function withClient<T>(
  context: CliContext,
  flags: ConnectionFlags,
  work: (client: TickwellClient) => Promise<T>,
): Promise<T> {
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

interface ListFlags extends ConnectionFlags {
  readonly firing?: true;
}

function addList(alert: Command, context: CliContext): void {
  const command = alert
    .command('list')
    .description('alerts that are open')
    .argument('[rule]', 'only those of one rule', '')
    .option('--firing', 'exit 1 where one fires');
  withConnection(command, ['tickwell alert list', 'tickwell alert list --firing --json']);
  command.action((rule: string, flags: ListFlags) =>
    withClient(context, flags, async (client) => {
      const { open } = await client.quality.alerts({ rule });
      if (flags.firing === true && open.some(({ phase }) => phase === 'firing')) process.exitCode = 1;
      showOpen(context, flags, open);
    }),
  );
}

function showOpen({ terminal }: CliContext, flags: ConnectionFlags, open: readonly OpenAlert[]): void {
  if (flags.json === true) {
    terminal.print(JSON.stringify(open, JSON_REPLACER));
    return;
  }
  if (open.length === 0) {
    terminal.note('no alert is open');
    return;
  }
  const titles = ['severity', 'rule', 'group', 'state', 'since', 'told', 'what'];
  for (const line of formatTable(
    titles.map((title) => ({ title })),
    open.map(alertRow),
  ))
    terminal.print(line);
}

function addHistory(alert: Command, context: CliContext): void {
  const command = alert
    .command('history')
    .description('what happened to alerts and their messages, the newest first')
    .argument('[rule]', 'only those of one rule', '')
    .option('--limit <count>', 'at most so many', wholeNumber(1, 1_000), 50);
  withConnection(command, ['tickwell alert history', 'tickwell alert history stale-prices --limit 10']);
  command.action((rule: string, flags: ConnectionFlags & { readonly limit: number }) =>
    withClient(context, flags, async (client) => {
      const { history } = await client.quality.alerts({ rule, history: flags.limit });
      showHistory(context, flags, history);
    }),
  );
}

function showHistory({ terminal }: CliContext, flags: ConnectionFlags, history: Alerts['history']): void {
  if (flags.json === true) {
    terminal.print(JSON.stringify(history, JSON_REPLACER));
    return;
  }
  if (history.length === 0) {
    terminal.note('nothing has happened');
    return;
  }
  const titles = ['time', 'event', 'rule', 'group', 'channel', 'what'];
  for (const line of formatTable(
    titles.map((title) => ({ title })),
    history.map(eventRow),
  ))
    terminal.print(line);
}

function addCheck(alert: Command, context: CliContext): void {
  const command = alert
    .command('check')
    .description('whether documents of kind alert are right; needs no platform; exit 1 where one is not')
    .argument('<file...>', 'JSON, one document each');
  withConnection(command, ['tickwell alert check stale-prices.json ops-mail.json']);
  command.action((files: string[], flags: ConnectionFlags) => {
    const results = files.map((file) => checkFile(file));
    if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
    if (flags.json === true) {
      context.terminal.print(JSON.stringify(results));
      return;
    }
    for (const { file, type, problems } of results) {
      if (problems.length === 0) context.terminal.print(`${file}: a ${type} that is right`);
      for (const problem of problems) context.terminal.print(`${file}: ${problem}`);
    }
  });
}

interface Checked {
  readonly file: string;
  readonly type: string;
  readonly problems: readonly string[];
}

function checkFile(file: string): Checked {
  let document: unknown;
  try {
    document = JSON.parse(readTextFile(file));
  } catch (error) {
    return { file, type: '', problems: [errorMessage(error)] };
  }
  const read = parseAlertDocument(basename(file, '.json'), document);
  return read.ok ? { file, type: read.value.type, problems: [] } : { file, type: '', problems: read.error };
}

function addTest(alert: Command, context: CliContext): void {
  const command = alert
    .command('test')
    .description(
      'send a test message to a channel from here: env: and file: references are looked up in this shell, not in the monitor',
    )
    .argument('<channel>', 'id of its document')
    .option('--file <file>', 'the channel as a file, instead of the document in force');
  withConnection(command, [
    'tickwell alert test ops-mail',
    'tickwell alert test ops-mail --file ops-mail.json   # before it is in force; needs no platform',
  ]);
  command.action(async (id: string, flags: ConnectionFlags & { readonly file?: string }) => {
    const text = flags.file === undefined ? await documentOf(context, flags, id) : readTextFile(flags.file);
    const channel = channelOf(id, text);
    await createNotifier(channel, { env: context.env, logger: SILENT }).send(
      testMessage(),
      new AbortController().signal,
    );
    context.terminal.print(
      flags.json === true
        ? JSON.stringify({ ok: true, channel: id, type: channel.settings.type })
        : `${id} (${channel.settings.type}) has taken the message`,
    );
  });
}

function documentOf(context: CliContext, flags: ConnectionFlags, id: string): Promise<string> {
  if (id === BUILT_IN_CHANNEL.id) return Promise.resolve(JSON.stringify(BUILT_IN_CHANNEL.settings));
  return withClient(
    context,
    flags,
    async (client) => (await client.config.get({ kind: KIND, id })).payloadJson,
  );
}

function channelOf(id: string, text: string): AlertChannel {
  if (id === BUILT_IN_CHANNEL.id) return BUILT_IN_CHANNEL;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new TickwellError('invalid-argument', `${id} is no JSON: ${errorMessage(error)}`);
  }
  const read = parseAlertDocument(id, document);
  if (!read.ok) throw new TickwellError('invalid-argument', `${id}: ${read.error.join('; ')}`);
  if (read.value.type === 'channel') return read.value.channel;
  throw new TickwellError('invalid-argument', `${id} is a ${read.value.type}, no channel`);
}

function testMessage(): AlertMessage {
  const nowNs = BigInt(Date.now()) * NS_PER_MS;
  return {
    ...{ id: `test|${nowNs}`, about: 'test', severity: 'info', rule: 'test', group: '' },
    title: '[test] Tickwell can send alerts here',
    lines: [`sent at ${formatNs(nowNs)} by ${author()} with "tickwell alert test"`],
    ...{ timeNs: nowNs, sinceNs: nowNs },
  };
}

interface SilenceFlags extends ConnectionFlags {
  readonly for: string;
  readonly group?: string;
  readonly note?: string;
  readonly end?: true;
}

function addSilence(alert: Command, context: CliContext): void {
  const command = alert
    .command('silence')
    .description('tell nobody of a rule for a while, or end that; what is still wrong then is told')
    .argument('<rule>')
    .addOption(new Option('--for <duration>', '30m, 2h, 1d').default('2h'))
    .option('--group <group>', 'only one alert of it, as "tickwell alert list" names it')
    .option('--note <text>', 'why')
    .option('--end', 'end the silence now');
  withConnection(command, [
    'tickwell alert silence stale-prices --for 2h --note "vendor maintenance"',
    'tickwell alert silence stale-prices --end',
  ]);
  command.action((rule: string, flags: SilenceFlags) =>
    withClient(context, flags, async (client) => {
      const id = silenceId(rule, flags.group);
      const edit = { kind: KIND, id, author: author() };
      const written =
        flags.end === true
          ? await client.config.delete(edit)
          : await client.config.put({ ...edit, payloadJson: silenceDocument(rule, flags) });
      await removeOver(client, id);
      context.terminal.print(
        flags.json === true
          ? JSON.stringify({ id, ended: written.deleted, document: written.payloadJson })
          : `${id} ${written.deleted ? 'is ended' : 'is in force'}`,
      );
    }),
  );
}

function silenceDocument(rule: string, flags: SilenceFlags): string {
  const ns = parseDuration(flags.for);
  if (ns === undefined || ns === 0n)
    throw new TickwellError('invalid-argument', `--for ${flags.for} is no duration: write 30m, 2h or 1d`);
  const until = formatNs(BigInt(Date.now()) * NS_PER_MS + ns);
  const { group, note } = flags;
  return JSON.stringify({
    ...{ type: 'silence', rule, until },
    ...(group === undefined ? {} : { group }),
    ...(note === undefined ? {} : { note }),
  });
}

/** Silences that are over are of no use any more: they stay in the history. */
async function removeOver(client: TickwellClient, except: string): Promise<void> {
  const nowNs = BigInt(Date.now()) * NS_PER_MS;
  const documents = await collect(client.config.list({ kind: KIND, prefix: 'silence:' }));
  for (const document of documents) {
    if (document.id === except || !isOver(document, nowNs)) continue;
    // Somebody else may do so, too.
    await client.config
      .delete({ kind: KIND, id: document.id, expectedVersion: document.version, author: author() })
      .catch(() => undefined);
  }
}

function isOver({ id, payloadJson }: ConfigDocument, nowNs: bigint): boolean {
  const read = parseAlertDocument(id, JSON.parse(payloadJson));
  return read.ok && read.value.type === 'silence' && read.value.silence.untilNs <= nowNs;
}

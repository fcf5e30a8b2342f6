import { Argument, type Command } from 'commander';
import { text as readStream } from 'node:stream/consumers';
import { userInfo } from 'node:os';
import type { ConfigClient, ConfigDocument, ConfigEditOptions } from '@tickwell/client';
import { TickwellError, formatNs } from '@tickwell/domain';
import { collect } from '../collect.ts';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { wholeNumber, withExamples, withInstance, withJson } from '../options.ts';
import { readTextFile } from '../read-text-file.ts';
import { checkPolicyText } from '../source/policy-file.ts';
import { stopSignal } from '../stop-signal.ts';

export interface ConnectionFlags {
  readonly instance: string;
  readonly address?: string;
  readonly json?: true;
}

interface EditFlags extends ConnectionFlags {
  readonly expectVersion?: number;
}

const KINDS = [
  'strategy',
  'portfolio',
  'job',
  'instrument',
  'retention',
  'source',
  'indicator',
  'validation',
  'alert',
];

/** `tickwell config put|get|list|delete|history|watch` */
export function addConfig(program: Command, context: CliContext): void {
  const config = program
    .command('config')
    .description('configuration documents, versioned: instruments, jobs, sources, ...');
  addPut(config, context);
  addGetDocument(config, context);
  addList(config, context);
  addDelete(config, context);
  addHistory(config, context);
  addWatch(config, context);
}

/** What commands that call the query service share. */
export function withConnection(command: Command, examples: readonly string[]): Command {
  command.option('--address <host:port>', 'of query; default: that of the running platform');
  return withExamples(withJson(withInstance(command)), examples);
}

/** Runs `work` with a client that is closed after it. */
export async function withConfigClient<T>(
  context: CliContext,
  flags: ConnectionFlags,
  work: (config: ConfigClient) => Promise<T>,
): Promise<T> {
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    return await work(client.config);
  } finally {
    client.close();
  }
}

/** Who edits, for the history. */
export function author(): string {
  return userInfo().username;
}

function kindArgument(): Argument {
  return new Argument('<kind>', `one of ${KINDS.join(', ')}`).choices(KINDS);
}

function addPut(config: Command, context: CliContext): void {
  const command = config
    .command('put')
    .description('write a document; prints its version once it is in force')
    .addArgument(kindArgument())
    .argument('<id>')
    .argument('[file]', 'JSON; "-" or nothing: standard input', '-')
    .option(
      '--no-check',
      'of a source policy: do not read its jobs here, for their files are on another machine',
    );
  withEdit(command, [
    'tickwell config put job nightly nightly.json',
    'echo \'{"…":1}\' | tickwell config put source yahoo',
  ]);
  command.action((kind: string, id: string, file: string, flags: EditFlags & { readonly check: boolean }) =>
    withConfigClient(context, flags, async (client) => {
      const payloadJson = await readDocument(file);
      if (kind === 'source' && flags.check) await checkPolicyText(context, id, payloadJson);
      const written = await client.put({ ...editOptions(kind, id, flags), payloadJson });
      context.terminal.print(
        flags.json === true ? documentJson(written) : `${kind} ${id} is at version ${written.version}`,
      );
    }),
  );
}

function addGetDocument(config: Command, context: CliContext): void {
  const command = config
    .command('get')
    .description('print a document as it was written')
    .addArgument(kindArgument())
    .argument('<id>')
    .option('--version <number>', 'an earlier version', wholeNumber(1, Number.MAX_SAFE_INTEGER));
  withConnection(command, [
    'tickwell config get instrument AAPL',
    'tickwell config get job nightly --version 3',
  ]);
  command.action((kind: string, id: string, flags: ConnectionFlags & { readonly version?: number }) =>
    withConfigClient(context, flags, async (client) => {
      const version = flags.version === undefined ? {} : { version: BigInt(flags.version) };
      const found = await client.get({ kind, id, ...version });
      if (flags.json !== true && found.deleted)
        throw new TickwellError('not-found', `${kind} ${id} was deleted with version ${found.version}`);
      context.terminal.print(flags.json === true ? documentJson(found) : found.payloadJson);
    }),
  );
}

function addList(config: Command, context: CliContext): void {
  const command = config
    .command('list')
    .description('the documents of a kind')
    .addArgument(kindArgument())
    .argument('[prefix]', 'only ids that begin so', '');
  withConnection(command, ['tickwell config list instrument', 'tickwell config list job --json']);
  command.action((kind: string, prefix: string, flags: ConnectionFlags) =>
    withConfigClient(context, flags, async (client) => {
      const withoutPayload = flags.json !== true;
      const found = await collect(client.list({ kind, prefix, withoutPayload }));
      await show(context, flags, found);
      if (found.length === 0)
        context.terminal.note(`there is no ${kind}${prefix === '' ? '' : ` ${prefix}…`}`);
    }),
  );
}

function addDelete(config: Command, context: CliContext): void {
  const command = config
    .command('delete')
    .description('delete a document; its history stays')
    .addArgument(kindArgument())
    .argument('<id>');
  withEdit(command, [
    'tickwell config delete job nightly',
    'tickwell config delete job nightly --expect-version 3',
  ]);
  command.action((kind: string, id: string, flags: EditFlags) =>
    withConfigClient(context, flags, async (client) => {
      const deletion = await client.delete(editOptions(kind, id, flags));
      context.terminal.print(
        flags.json === true
          ? documentJson(deletion)
          : `${kind} ${id} is deleted; "tickwell config history ${kind} ${id}" shows what it was`,
      );
    }),
  );
}

function addHistory(config: Command, context: CliContext): void {
  const command = config
    .command('history')
    .description('every version of a document, newest first; also of one that was deleted')
    .addArgument(kindArgument())
    .argument('<id>');
  withConnection(command, [
    'tickwell config history instrument AAPL',
    'tickwell config history job nightly --json',
  ]);
  command.action((kind: string, id: string, flags: ConnectionFlags) =>
    withConfigClient(context, flags, async (client) => {
      await show(context, flags, await collect(client.history({ kind, id })));
    }),
  );
}

function addWatch(config: Command, context: CliContext): void {
  const command = config
    .command('watch')
    .description('what there is, then every change as it happens, until Ctrl-C')
    .argument('[kind...]', `of ${KINDS.join(', ')}; default: all`);
  withConnection(command, ['tickwell config watch', 'tickwell config watch instrument source --json']);
  command.action((kinds: string[], flags: ConnectionFlags) =>
    withConfigClient(context, flags, async (client) => {
      const signal = stopSignal(() => undefined);
      for await (const event of client.watch({ kinds, signal })) {
        if (event.kind === 'document')
          context.terminal.print(
            flags.json === true ? documentJson(event.document) : line(event.document).join('  '),
          );
        else context.terminal.note('these are all there are; changes follow until Ctrl-C');
      }
    }),
  );
}

function withEdit(command: Command, examples: readonly string[]): void {
  command.option(
    '--expect-version <number>',
    'refuse if it is at another version by now; 0: there must be none',
    wholeNumber(0, Number.MAX_SAFE_INTEGER),
  );
  withConnection(command, examples);
}

function editOptions(kind: string, id: string, { expectVersion }: EditFlags): ConfigEditOptions {
  const expected = expectVersion === undefined ? {} : { expectedVersion: BigInt(expectVersion) };
  return { kind, id, author: author(), ...expected };
}

/** The text of a file, or of standard input; whether it is JSON the server says. */
async function readDocument(file: string): Promise<string> {
  return file === '-' ? readStream(process.stdin) : readTextFile(file);
}

async function show(
  { terminal }: CliContext,
  { json }: ConnectionFlags,
  documents: readonly ConfigDocument[],
): Promise<void> {
  const columns = ['kind', 'id', 'version', 'written', 'by', ''].map((title) => ({ title }));
  const lines = json === true ? documents.map(documentJson) : formatTable(columns, documents.map(line));
  if (documents.length > 0) await terminal.write(lines.map((each) => `${each}\n`).join(''));
}

function line({ kind, id, version, writtenAtNs, author: by, deleted }: ConfigDocument): readonly string[] {
  return [
    kind,
    id,
    version.toString(),
    formatNs(writtenAtNs),
    by === '' ? '-' : by,
    deleted ? 'deleted' : '',
  ];
}

/** One JSON object; `document` is null for a deletion and left out where it was not asked for. */
function documentJson(document: ConfigDocument): string {
  const { kind, id, version, payloadJson, deleted, author: by, writtenAtNs, position } = document;
  return JSON.stringify({
    kind,
    id,
    version: Number(version),
    deleted,
    author: by,
    writtenAt: formatNs(writtenAtNs),
    position: Number(position),
    document: deleted ? null : (JSON.parse(payloadJson) as unknown),
  });
}

import { Argument, type Command } from 'commander';
import { withConfigClient, withConnection, withEdit, type ConnectionFlags } from '../config/connection.ts';
import {
  deleteDocument,
  documentCells,
  documentJson,
  getDocument,
  listDocuments,
  putDocument,
  showHistory,
  showSchema,
  type EditFlags,
} from '../config/document-actions.ts';
import type { CliContext } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { checkPolicyText } from '../source/policy-file.ts';
import { stopSignal } from '../stop-signal.ts';

const KINDS = [
  'strategy',
  'portfolio',
  'job',
  'instrument',
  'retention',
  'source',
  'indicator',
  'bars',
  'validation',
  'alert',
];

/** `tickwell config put|get|list|delete|history|schema|watch` */
export function addConfig(program: Command, context: CliContext): void {
  const config = program
    .command('config')
    .description('configuration documents, versioned: instruments, jobs, sources, ...');
  addPut(config, context);
  addGetDocument(config, context);
  addList(config, context);
  addDelete(config, context);
  addHistory(config, context);
  addSchema(config, context);
  addWatch(config, context);
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
    putDocument(context, { kind, id, file }, flags, async (payloadJson) => {
      if (kind === 'source' && flags.check) await checkPolicyText(context, id, payloadJson);
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
    getDocument(context, { kind, id }, flags),
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
    listDocuments(context, { kind, prefix }, flags),
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
    deleteDocument(context, { kind, id, command: `tickwell config history ${kind}` }, flags),
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
    showHistory(context, { kind, id }, flags),
  );
}

function addSchema(config: Command, context: CliContext): void {
  const command = config
    .command('schema')
    .description('the JSON Schema that documents of a kind are checked by')
    .addArgument(kindArgument());
  withConnection(command, [
    'tickwell config schema strategy',
    'tickwell config schema job > job.schema.json   # for an editor',
  ]);
  command.action((kind: string, flags: ConnectionFlags) => showSchema(context, kind, flags));
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
            flags.json === true ? documentJson(event.document) : documentCells(event.document).join('  '),
          );
        else context.terminal.note('these are all there are; changes follow until Ctrl-C');
      }
    }),
  );
}

import type { Command } from 'commander';
import { withConnection, withEdit, type ConnectionFlags } from '../config/connection.ts';
import {
  deleteDocument,
  getDocument,
  listDocuments,
  putDocument,
  showHistory,
  showSchema,
  type EditFlags,
} from '../config/document-actions.ts';
import type { CliContext } from '../context.ts';
import { wholeNumber } from '../options.ts';

/** `tickwell strategy list|get|put|history|rm|schema` */
export function addStrategy(program: Command, context: CliContext): void {
  addDocuments(program, context, {
    kind: 'strategy',
    about: 'configurations of strategies: symbols, intervals, parameters; versioned',
    example: 'momentum',
  });
}

/** `tickwell portfolio list|get|put|history|rm|schema` */
export function addPortfolio(program: Command, context: CliContext): void {
  addDocuments(program, context, {
    kind: 'portfolio',
    about: 'configurations of portfolios: accounts, benchmark, targets; versioned',
    example: 'growth',
  });
}

interface DocumentCommands {
  readonly kind: 'strategy' | 'portfolio';
  readonly about: string;
  /** Id in the examples. */
  readonly example: string;
}

function addDocuments(
  program: Command,
  context: CliContext,
  { kind, about, example }: DocumentCommands,
): void {
  const group = program.command(kind).description(about);
  const name = `tickwell ${kind}`;
  const list = group
    .command('list')
    .description(`every ${kind}; with --json its configuration, too`)
    .argument('[prefix]', 'only ids that begin so', '');
  withConnection(list, [`${name} list`, `${name} list ${example.slice(0, 3)} --json`]);
  list.action((prefix: string, flags: ConnectionFlags) => listDocuments(context, { kind, prefix }, flags));

  const get = group
    .command('get')
    .description('print a configuration as it was written')
    .argument('<id>')
    .option('--version <number>', 'an earlier version', wholeNumber(1, Number.MAX_SAFE_INTEGER));
  withConnection(get, [`${name} get ${example}`, `${name} get ${example} --version 3 --json`]);
  get.action((id: string, flags: ConnectionFlags & { readonly version?: number }) =>
    getDocument(context, { kind, id }, flags),
  );

  const put = group
    .command('put')
    .description('write a configuration; prints its version once it is in force')
    .argument('<id>')
    .argument('[file]', 'JSON; "-" or nothing: standard input', '-');
  withEdit(put, [
    `${name} put ${example} ${example}.json`,
    `${name} put ${example} ${example}.json --expect-version 3   # fails if somebody else was faster, and says who`,
  ]);
  put.action((id: string, file: string, flags: EditFlags) => putDocument(context, { kind, id, file }, flags));

  addPast(group, context, { kind, example });
}

function addPast(
  group: Command,
  context: CliContext,
  { kind, example }: Pick<DocumentCommands, 'kind' | 'example'>,
): void {
  const name = `tickwell ${kind}`;
  const history = group
    .command('history')
    .description('every version, newest first: who, when; with --json what')
    .argument('<id>');
  withConnection(history, [`${name} history ${example}`, `${name} history ${example} --json`]);
  history.action((id: string, flags: ConnectionFlags) => showHistory(context, { kind, id }, flags));

  const remove = group
    .command('rm')
    .description('delete a configuration; its history stays')
    .argument('<id>');
  withEdit(remove, [`${name} rm ${example}`, `${name} rm ${example} --expect-version 3`]);
  remove.action((id: string, flags: EditFlags) =>
    deleteDocument(context, { kind, id, command: `${name} history` }, flags),
  );

  const schema = group.command('schema').description('the JSON Schema that configurations are checked by');
  withConnection(schema, [`${name} schema`]);
  schema.action((flags: ConnectionFlags) => showSchema(context, kind, flags));
}

import { Option, type Command } from 'commander';
import { TickwellError, errorMessage, formatNs } from '@tickwell/domain';
import type {
  DeadLetterClient,
  DeadLetterFilter,
  DeadLetterSeverity,
  DeadLetterState,
  TickwellClient,
} from '@tickwell/client';
import { collect } from '../collect.ts';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import {
  describeLetter,
  groupTable,
  letterJson,
  letterTable,
  letterValue,
  prettyFix,
} from '../dead-letter/letter-text.ts';
import { setValues } from '../dead-letter/set-values.ts';
import { time, wholeNumber } from '../options.ts';
import { readTextFile } from '../read-text-file.ts';
import { author, withConnection, type ConnectionFlags } from '../config/connection.ts';

interface FilterFlags extends ConnectionFlags {
  readonly source?: string;
  readonly symbol?: string;
  readonly rule?: string;
  readonly topic?: string;
  readonly severity?: DeadLetterSeverity;
  readonly from?: bigint;
  readonly to?: bigint;
}

interface ListFlags extends FilterFlags {
  readonly state: DeadLetterState | 'all';
}

interface EditFlags extends FilterFlags {
  readonly note?: string;
}

interface ReplayFlags extends EditFlags {
  readonly with?: string;
  readonly set?: readonly string[];
  readonly again?: true;
}

const STATES: readonly DeadLetterState[] = ['open', 'replayed', 'purged'];
/** Letters of one call. */
const CHUNK = 500;
const MAX_SHOWN_REFUSALS = 20;

/** `tickwell dead-letter list|summary|show|replay|purge` */
export function addDeadLetter(program: Command, context: CliContext): void {
  const letters = program
    .command('dead-letter')
    .description('what was refused: look at it, mend it, send it again, put it away');
  addList(letters, context);
  addSummary(letters, context);
  addShow(letters, context);
  addReplay(letters, context);
  addPurge(letters, context);
}

function withFilter(command: Command): Command {
  return command
    .option('--source <name>', 'only of this source')
    .option('--symbol <id>', 'only of this instrument')
    .option('--rule <id>', 'only what broke this rule')
    .option('--topic <name>', 'only what was read from this topic, for example md.raw.bars')
    .addOption(
      new Option('--severity <severity>', 'only what was rejected, or is in quarantine').choices([
        'reject',
        'quarantine',
      ]),
    )
    .option('--from <time>', 'only what became known at this time or later (ISO 8601)', time)
    .option('--to <time>', 'only what became known before this time', time);
}

function withState(command: Command): Command {
  const option = new Option('--state <state>', 'what became of it')
    .choices([...STATES, 'all'])
    .default('open');
  return command.addOption(option);
}

function addList(letters: Command, context: CliContext): void {
  const command = withState(
    withFilter(letters.command('list').description('dead letters, newest first')),
  ).option('--limit <number>', 'at most so many', wholeNumber(1, 1_000_000), 100);
  withConnection(command, [
    'tickwell dead-letter list',
    'tickwell dead-letter list --severity quarantine',
    'tickwell dead-letter list --source file:trades --rule price-positive --from 2026-11-01 --json',
  ]);
  command.action((flags: ListFlags & { readonly limit: number }) =>
    withLetters(context, flags, async (client) => {
      const { limit } = flags;
      const found = await collect(
        client.list({ ...filterOf(flags), states: statesOf(flags), limit: limit + 1 }),
      );
      const shown = found.slice(0, limit);
      const lines = flags.json === true ? shown.map(letterJson) : letterTable(shown);
      if (shown.length > 0) await context.terminal.write(lines.map((line) => `${line}\n`).join(''));
      if (shown.length === 0) context.terminal.note(nothing(flags.state));
      else if (found.length > limit)
        context.terminal.note(`and more: --limit shows them, "summary" counts them`);
    }),
  );
}

function addSummary(letters: Command, context: CliContext): void {
  const command = withState(
    withFilter(
      letters.command('summary').description('how many there are of each source, rule and severity'),
    ),
  );
  withConnection(command, [
    'tickwell dead-letter summary',
    'tickwell dead-letter summary --state all --json',
  ]);
  command.action((flags: ListFlags) =>
    withLetters(context, flags, async (client) => {
      const groups = await client.summarize({ ...filterOf(flags), states: statesOf(flags) });
      const lines =
        flags.json === true
          ? groups.map(({ letters: count, firstKnownAtNs, lastKnownAtNs, ...group }) =>
              JSON.stringify({
                ...group,
                letters: Number(count),
                firstKnownAt: formatNs(firstKnownAtNs),
                lastKnownAt: formatNs(lastKnownAtNs),
              }),
            )
          : groupTable(groups);
      if (groups.length > 0) await context.terminal.write(lines.map((line) => `${line}\n`).join(''));
      else context.terminal.note(nothing(flags.state));
    }),
  );
}

function addShow(letters: Command, context: CliContext): void {
  const command = letters
    .command('show')
    .description('one dead letter, with its content as far as it can be decoded')
    .argument('<id>')
    .option('--fix', 'print only the fix document, to be edited and given to "replay --with"');
  withConnection(command, [
    'tickwell dead-letter show md.raw.bars/2/1234/0',
    'tickwell dead-letter show md.raw.bars/2/1234/0 --fix > fix.json',
  ]);
  command.action((id: string, flags: ConnectionFlags & { readonly fix?: true }) =>
    withLetters(context, flags, async (client) => {
      const content = await client.get({ id });
      const { letter, original, text, fixJson, problem } = content;
      const fix: unknown = fixJson === '' ? null : JSON.parse(fixJson);
      if (flags.fix === true) {
        if (fix === null)
          throw new TickwellError('failed-precondition', `${id} has no fix to edit: ${problem}`);
        context.terminal.print(prettyFix(fixJson));
      } else if (flags.json === true) {
        const bytes = { originalBase64: Buffer.from(original).toString('base64'), text, fix, problem };
        context.terminal.print(JSON.stringify({ ...letterValue(letter), ...bytes }));
      } else for (const line of describeLetter(content)) context.terminal.print(line);
    }),
  );
}

function addReplay(letters: Command, context: CliContext): void {
  const command = withFilter(
    letters
      .command('replay')
      .description('send dead letters through the flow again: by id, or all open ones that the options leave')
      .argument('[id...]'),
  )
    .option('--with <file>', 'for one id: send this fix instead ("show --fix" prints one to edit)')
    .option('--set <name=value>', 'for one id with one event: change a value; may be repeated', collectSet)
    .option('--again', 'also what was replayed before')
    .option('--note <text>', 'why, for the record');
  withConnection(command, [
    'tickwell dead-letter replay md.raw.bars/2/1234/0 --set high=12.5 --note "vendor confirmed"',
    'tickwell dead-letter replay md.raw.bars/2/1234/0 --with fix.json',
    'tickwell dead-letter replay --source file:trades --rule time-in-future',
    'tickwell dead-letter replay --severity quarantine --symbol BTCUSD --note "it was the market"',
  ]);
  command.action((ids: readonly string[], flags: ReplayFlags) =>
    withLetters(context, flags, async (client) => {
      const fixJson = await fixOf(client, ids, flags);
      const again = flags.again === true;
      const fix = fixJson === undefined ? {} : { fixJson };
      await editAll(context, flags, await idsOf(client, ids, flags), 'sent again', (some) =>
        client.replay({ ids: some, author: author(), note: flags.note ?? '', again, ...fix }),
      );
    }),
  );
}

function addPurge(letters: Command, context: CliContext): void {
  const command = withFilter(
    letters
      .command('purge')
      .description(
        'put dead letters away and remove their bytes: by id, or all open ones that the options leave',
      )
      .argument('[id...]'),
  ).option('--note <text>', 'why, for the record');
  withConnection(command, [
    'tickwell dead-letter purge md.raw.bars/2/1234/0 --note "test data"',
    'tickwell dead-letter purge --source file:trades --to 2026-01-01',
  ]);
  command.action((ids: readonly string[], flags: EditFlags) =>
    withLetters(context, flags, async (client) => {
      await editAll(context, flags, await idsOf(client, ids, flags), 'purged', (some) =>
        client.purge({ ids: some, author: author(), note: flags.note ?? '' }),
      );
    }),
  );
}

function collectSet(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function fixOf(
  client: DeadLetterClient,
  ids: readonly string[],
  flags: ReplayFlags,
): Promise<string | undefined> {
  const { with: file, set } = flags;
  if (file === undefined && set === undefined) return undefined;
  const [id] = ids;
  if (id === undefined || ids.length > 1)
    throw new TickwellError('invalid-argument', '--with and --set mend one dead letter: name its id');
  if (file !== undefined && set !== undefined)
    throw new TickwellError('invalid-argument', 'either --with or --set: write the values into the file');
  if (file !== undefined) return readTextFile(file);
  const { fixJson, problem } = await client.get({ id });
  if (fixJson === '')
    throw new TickwellError('failed-precondition', `${id} has no values to set: ${problem}`);
  return setValues(fixJson, set ?? []);
}

/** Those named, or all open ones the filter leaves; no filter at all is refused, it is more than anyone means. */
async function idsOf(
  client: DeadLetterClient,
  ids: readonly string[],
  flags: FilterFlags,
): Promise<readonly string[]> {
  const filter = filterOf(flags);
  const isFiltered = Object.keys(filter).length > 0;
  if (ids.length > 0 && isFiltered)
    throw new TickwellError('invalid-argument', 'either ids or options that choose dead letters, not both');
  if (ids.length > 0) return ids;
  if (!isFiltered)
    throw new TickwellError(
      'invalid-argument',
      'say which: ids ("tickwell dead-letter list" shows them) or at least one of --source, --symbol, --rule, --topic, --severity, --from, --to',
    );
  return (await collect(client.list(filter))).map(({ id }) => id);
}

/** Edits letters some at a time; where one of them is refused the others still go, each alone. */
async function editAll(
  { terminal }: CliContext,
  flags: ConnectionFlags,
  ids: readonly string[],
  done: string,
  edit: (ids: readonly string[]) => Promise<{ readonly letters: number; readonly stored: boolean }>,
): Promise<void> {
  let edited = 0;
  let stored = true;
  const refusals: string[] = [];
  for (let at = 0; at < ids.length; at += CHUNK) {
    const some = ids.slice(at, at + CHUNK);
    const outcome = await editSome(some, edit, refusals);
    edited += outcome.letters;
    stored &&= outcome.stored;
  }
  if (flags.json === true) terminal.print(JSON.stringify({ letters: edited, stored, refused: refusals }));
  else terminal.print(`${edited} of ${ids.length} dead letters ${done}`);
  if (!stored) terminal.note('the store does not show all of it yet: it does once storage has caught up');
  for (const refusal of refusals.slice(0, MAX_SHOWN_REFUSALS)) terminal.note(refusal);
  if (refusals.length > 0)
    throw new TickwellError(
      'failed-precondition',
      `${refusals.length} of ${ids.length} dead letters were left as they are`,
    );
}

async function editSome(
  ids: readonly string[],
  edit: (ids: readonly string[]) => Promise<{ readonly letters: number; readonly stored: boolean }>,
  refusals: string[],
): Promise<{ readonly letters: number; readonly stored: boolean }> {
  try {
    return await edit(ids);
  } catch (error) {
    if (!isRefusal(error) || ids.length === 1) throw error;
  }
  let letters = 0;
  let stored = true;
  for (const id of ids) {
    try {
      const outcome = await edit([id]);
      letters += outcome.letters;
      stored &&= outcome.stored;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusals.push(errorMessage(error));
    }
  }
  return { letters, stored };
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof TickwellError &&
    ['failed-precondition', 'not-found', 'invalid-argument'].includes(error.code)
  );
}

function filterOf({ source, symbol, rule, topic, severity, from, to }: FilterFlags): DeadLetterFilter {
  return {
    ...(source === undefined ? {} : { source }),
    ...(symbol === undefined ? {} : { symbol }),
    ...(rule === undefined ? {} : { rule }),
    ...(topic === undefined ? {} : { topic }),
    ...(severity === undefined ? {} : { severity }),
    ...(from === undefined ? {} : { startNs: from }),
    ...(to === undefined ? {} : { endNs: to }),
  };
}

function statesOf({ state }: ListFlags): readonly DeadLetterState[] {
  return state === 'all' ? STATES : [state];
}

function nothing(state: string): string {
  return state === 'open'
    ? 'there is no open dead letter; --state all shows the others'
    : 'there is no such dead letter';
}

async function withLetters<T>(
  context: CliContext,
  flags: ConnectionFlags,
  work: (letters: DeadLetterClient) => Promise<T>,
): Promise<T> {
  const client: TickwellClient = openClient(await findGrpcAddress(context, flags));
  try {
    return await work(client.deadLetters);
  } finally {
    client.close();
  }
}

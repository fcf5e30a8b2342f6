import type { Command } from 'commander';
import type { ConfigClient, ConfigDocument } from '@tickwell/client';
import { TickwellError, type Result } from '@tickwell/domain';
import {
  ALWAYS,
  InstrumentMap,
  dayText,
  delistedDocument,
  memberDocument,
  nameAt,
  parseVendorQuery,
  renamedDocument,
  spanText,
  vendorText,
  type Instrument,
} from '@tickwell/instruments';
import { collect } from '../collect.ts';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { documentOf, withInstrumentOptions, type InstrumentFlags } from '../instrument/document.ts';
import { INSTRUMENT, orFail, tell } from '../instrument/told.ts';
import { time } from '../options.ts';
import { author, withConfigClient, withConnection, type ConnectionFlags } from '../config/connection.ts';
import { addImport } from './instrument-import.ts';

/** `tickwell instrument add|show|list|resolve|rename|delist|members|import` */
export function addInstrument(program: Command, context: CliContext): void {
  const instrument = program
    .command('instrument')
    .description('the instrument map: ids, what sources call them and when, indices, futures');
  addAdd(instrument, context);
  addShow(instrument, context);
  addListed(instrument, context);
  addResolve(instrument, context);
  addRename(instrument, context);
  addDelist(instrument, context);
  addMembers(instrument, context);
  addImport(instrument, context);
}

function addAdd(instrument: Command, context: CliContext): void {
  const command = instrument
    .command('add')
    .description(
      'a new instrument; documents with more than the options say: tickwell config put instrument ID FILE',
    )
    .argument('<id>');
  withConnection(withInstrumentOptions(command), [
    'tickwell instrument add AAPL --name "Apple Inc." --currency USD --calendar XNYS --vendor yahoo=AAPL --con-id 265598',
    'tickwell instrument add ESH5 --type future --root ES --expiry 2025-03-21 --multiplier 50 --vendor yahoo=ESH25.CME',
  ]);
  command.action((id: string, flags: InstrumentFlags & ConnectionFlags) =>
    withConfigClient(context, flags, async (client) => {
      const payloadJson = JSON.stringify(documentOf(flags));
      const edit = { kind: INSTRUMENT, id, payloadJson, expectedVersion: 0n, author: author() };
      tell(context, flags, await client.put(edit), `${id} is an instrument now`);
    }),
  );
}

function addShow(instrument: Command, context: CliContext): void {
  const command = instrument
    .command('show')
    .description('one instrument, with all its names')
    .argument('<id>');
  withConnection(command, ['tickwell instrument show AAPL', 'tickwell instrument show AAPL --json']);
  command.action((id: string, flags: ConnectionFlags) =>
    withConfigClient(context, flags, async (client) => {
      const found = await client.get({ kind: INSTRUMENT, id });
      const shown = mapOf([found]).get(id);
      if (flags.json === true || shown === undefined) context.terminal.print(found.payloadJson);
      else for (const line of describe(shown)) context.terminal.print(line);
    }),
  );
}

function describe(shown: Instrument): readonly string[] {
  const { id, type, name, exchange, currency, calendar, multiplier, priceUnit, future, names } = shown;
  const facts = { type, name, exchange, currency, calendar, root: future?.root, expiry: future?.expiry };
  const more = {
    multiplier: multiplier === 1 ? '' : multiplier,
    'price unit': priceUnit === 1 ? '' : priceUnit,
  };
  const rows = [
    ...Object.entries({ id, ...facts, ...more }).filter(([, value]) => value !== undefined && value !== ''),
    ['listed', spanText(shown.listed)],
    ...names.map((former) => ['named', `${former.name} ${spanText(former.span)}`]),
    ...shown.vendors.map(({ source, vendor, span }) => [source, `${vendorText(vendor)} ${spanText(span)}`]),
    ...(shown.members.length === 0
      ? []
      : [['members', `${new Set(shown.members.map((member) => member.id)).size}`]]),
  ];
  return formatTable(
    [{ title: '' }, { title: '' }],
    rows.map((row) => row.map(String)),
  ).slice(1);
}

function addListed(instrument: Command, context: CliContext): void {
  const command = instrument
    .command('list')
    .description('instruments by id, as they are today')
    .argument('[prefix]', 'only ids that begin so', '');
  withConnection(command, ['tickwell instrument list', 'tickwell instrument list ES --json']);
  command.action((prefix: string, flags: ConnectionFlags) =>
    withConfigClient(context, flags, async (client) => {
      const documents = await collect(client.list({ kind: INSTRUMENT, prefix }));
      const nowNs = BigInt(Date.now()) * 1_000_000n;
      const map = mapOf(documents);
      const columns = ['id', 'type', 'name', 'exchange', 'currency', 'names at sources'].map((title) => ({
        title,
      }));
      const rows = map
        .instruments()
        .map((each) => [
          each.id,
          each.type,
          nameAt(each, nowNs),
          each.exchange,
          each.currency,
          [...new Set(each.vendors.map(({ source, vendor }) => `${source}=${vendor.symbol}`))].join(' '),
        ]);
      const lines =
        flags.json === true
          ? documents.map(({ id, payloadJson }) =>
              JSON.stringify({ id, document: JSON.parse(payloadJson) as unknown }),
            )
          : formatTable(columns, rows);
      if (documents.length > 0) await context.terminal.write(lines.map((line) => `${line}\n`).join(''));
      else context.terminal.note('no instruments: "tickwell instrument add" or "import" makes them');
      for (const problem of map.problems()) context.terminal.note(problem);
    }),
  );
}

interface ResolveFlags extends ConnectionFlags {
  readonly source: string;
  readonly ticker?: true;
  readonly on?: bigint;
  readonly from?: bigint;
  readonly to?: bigint;
}

function addResolve(instrument: Command, context: CliContext): void {
  const command = instrument
    .command('resolve')
    .description('what a source calls an instrument, and when; with --ticker, whose a name is on a day')
    .argument(
      '<name>',
      "an id; with --ticker what the source calls it, of ib also a contract's number, or ES:FUT:CME, ES-202503:FUT:CME",
    )
    .requiredOption('--source <name>', 'yahoo, ib, file:<data set>, ...')
    .option('--ticker', 'the name is the one at the source')
    .option('--on <time>', 'with --ticker: when; default: now', time)
    .option('--from <time>', 'the time asked about, half-open; default: since 1970', time)
    .option('--to <time>', 'default: now', time);
  withConnection(command, [
    'tickwell instrument resolve META --source yahoo --from 2020-01-01',
    'tickwell instrument resolve FB --ticker --source yahoo --on 2001-06-01',
    'tickwell instrument resolve 265598 --ticker --source ib',
  ]);
  command.action((name: string, flags: ResolveFlags) =>
    withConfigClient(context, flags, async (client) => {
      const map = mapOf(await collect(client.list({ kind: INSTRUMENT })));
      const nowNs = BigInt(Date.now()) * 1_000_000n;
      const lines = flags.ticker === true ? owner(map, name, flags, nowNs) : names(map, name, flags, nowNs);
      for (const line of lines)
        context.terminal.print(flags.json === true ? JSON.stringify(line) : Object.values(line).join('  '));
    }),
  );
}

type ResolvedLine = Readonly<Record<string, string>>;

function owner(
  map: InstrumentMap,
  name: string,
  { source, on }: ResolveFlags,
  nowNs: bigint,
): readonly ResolvedLine[] {
  const query = parseVendorQuery(source, name);
  const atNs = on ?? nowNs;
  const found = map.find(source, query, { fromNs: atNs, toNs: atNs + 1n });
  if (found.length > 0)
    return found.map(({ id, vendor }) => ({
      id,
      ...(vendor.contract === undefined ? {} : { name: vendorText(vendor) }),
    }));
  const others = map
    .find(source, query, ALWAYS)
    .slice(0, MAX_OTHERS)
    .map(({ id, ...span }) => `${id} ${spanText(span)}`);
  const otherwise = others.length === 0 ? '' : `; it is ${others.join(', ')}`;
  throw new TickwellError(
    'not-found',
    `${source} "${name}" is no instrument's at ${dayText(atNs)}${otherwise}`,
  );
}

/** Of other times that are named. */
const MAX_OTHERS = 5;

function names(
  map: InstrumentMap,
  id: string,
  { source, from, to }: ResolveFlags,
  nowNs: bigint,
): readonly ResolvedLine[] {
  const segments = map.segments(id, source, from ?? 0n, to ?? nowNs);
  if (segments !== undefined && segments.length > 0)
    return segments.map(({ vendor, fromNs, toNs }) => ({
      symbol: vendor.symbol,
      from: dayText(fromNs),
      to: dayText(toNs),
      ...(vendor.contract === undefined ? {} : { name: vendorText(vendor) }),
    }));
  const reason =
    segments === undefined
      ? 'says nothing of it, so the id itself is used'
      : 'has no name for it in that time';
  throw new TickwellError('not-found', `${id} at ${source}: the instrument map ${reason}`);
}

interface RenameFlags extends ConnectionFlags {
  readonly to: string;
  readonly on: bigint;
  readonly source?: string;
  readonly from?: string;
}

function addRename(instrument: Command, context: CliContext): void {
  const command = instrument
    .command('rename')
    .description('from a day on sources call it otherwise; the id, and what is stored, stay as they are')
    .argument('<id>')
    .requiredOption('--to <symbol>', 'its new name at the source')
    .requiredOption('--on <time>', 'the first day of the new name', time)
    .option('--from <symbol>', 'its old name: of every source that used it')
    .option('--source <name>', 'of this source only');
  withConnection(command, [
    'tickwell instrument rename META --from FB --to META --on 2022-06-09',
    'tickwell instrument rename META --source stooq --to meta.us --on 2022-06-09',
  ]);
  command.action((id: string, { to, on, source, from, ...flags }: RenameFlags) => {
    if (source === undefined && from === undefined)
      throw new TickwellError(
        'invalid-argument',
        'say which name ends: --from SYMBOL, --source NAME, or both',
      );
    const rename = {
      to,
      onNs: on,
      ...(source === undefined ? {} : { source }),
      ...(from === undefined ? {} : { from }),
    };
    return edit(context, flags, id, (payloadJson) => renamedDocument(id, payloadJson, rename));
  });
}

function addDelist(instrument: Command, context: CliContext): void {
  const command = instrument
    .command('delist')
    .description('from a day on it is not traded; its names are free for others, and its history stays')
    .argument('<id>')
    .requiredOption('--on <time>', 'the first day it is not listed', time);
  withConnection(command, ['tickwell instrument delist TWTR --on 2022-10-28']);
  command.action((id: string, { on, ...flags }: ConnectionFlags & { readonly on: bigint }) =>
    edit(context, flags, id, (payloadJson) => delistedDocument(id, payloadJson, on)),
  );
}

interface MemberFlags extends ConnectionFlags {
  readonly on?: bigint;
  readonly add?: string;
  readonly remove?: string;
}

function addMembers(instrument: Command, context: CliContext): void {
  const command = instrument
    .command('members')
    .description('what was in an index on a day, with what was delisted since; or a change of it')
    .argument('<index>')
    .option('--on <time>', 'the day; default: now', time)
    .option('--add <id>', 'joins on that day')
    .option('--remove <id>', 'leaves on that day');
  withConnection(command, [
    'tickwell instrument members SPX --on 2010-01-04',
    'tickwell instrument members SPX --add META --on 2013-12-23',
  ]);
  command.action((id: string, { on, add, remove, ...flags }: MemberFlags) => {
    const onNs = on ?? BigInt(Date.now()) * 1_000_000n;
    if (add !== undefined && remove !== undefined)
      throw new TickwellError('invalid-argument', 'choose one of --add and --remove');
    const member = add ?? remove;
    if (member === undefined) return showMembers(context, flags, id, onNs);
    const what = add === undefined ? 'leave' : 'join';
    return edit(context, flags, id, (payloadJson) => memberDocument(id, payloadJson, { member, onNs, what }));
  });
}

function showMembers(context: CliContext, flags: ConnectionFlags, id: string, onNs: bigint): Promise<void> {
  return withConfigClient(context, flags, async (client) => {
    const members = mapOf([await client.get({ kind: INSTRUMENT, id })]).membersAt(id, onNs);
    if (flags.json === true)
      context.terminal.print(JSON.stringify({ index: id, on: dayText(onNs), members }));
    else for (const member of members) context.terminal.print(member);
    if (members.length === 0) context.terminal.note(`${id} has no members at ${dayText(onNs)}`);
  });
}

/** Changes a document as it is now; a change that came between is told, not overwritten. */
function edit(
  context: CliContext,
  flags: ConnectionFlags,
  id: string,
  change: (payloadJson: string) => Result<string, string>,
): Promise<void> {
  return withConfigClient(context, flags, async (client: ConfigClient) => {
    const { payloadJson: before, version: expectedVersion } = await client.get({ kind: INSTRUMENT, id });
    const payloadJson = orFail(change(before), (problem) => problem);
    const written = await client.put({
      kind: INSTRUMENT,
      id,
      payloadJson,
      expectedVersion,
      author: author(),
    });
    tell(context, flags, written, `${id} is at version ${written.version}`);
  });
}

function mapOf(documents: readonly ConfigDocument[]): InstrumentMap {
  const map = new InstrumentMap();
  for (const document of documents) map.apply(document);
  return map;
}

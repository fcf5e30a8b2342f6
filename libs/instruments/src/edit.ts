import { JsonFields, err, ok, parseIsoTime, type Result } from '@tickwell/domain';
import { parseInstrument } from './instrument.ts';
import { BEGINNING, dayText, END, holds, type Span } from './span.ts';

/** A document as it is written: edits leave alone what they are not about. */
type Json = Readonly<Record<string, unknown>>;

interface RenameOptions {
  /** Sources that know it under another name from then on; undefined: all that know it under the name that `from` is. */
  readonly source?: string;
  /** The name at the source that ends; undefined: whichever it is. */
  readonly from?: string;
  readonly to: string;
  /** The first instant of the new name. */
  readonly onNs: bigint;
}

/** Ends the current name at a source and begins another: the id stays, and so does what was. The error says why it cannot be. */
export function renamedDocument(
  id: string,
  payloadJson: string,
  rename: RenameOptions,
): Result<string, string> {
  const read = parseInstrument(id, payloadJson);
  if (!read.ok) return err(read.error.join('; '));
  const { source, from, to, onNs } = rename;
  const document = objectOf(payloadJson);
  const entries = listOf(document, 'vendors');
  const current = entries.filter((entry) => {
    const isWanted =
      (source === undefined || entry['source'] === source) &&
      (from === undefined || entry['symbol'] === from);
    return isWanted && holds(spanOf(entry), onNs);
  });
  if (current.length === 0)
    return err(
      `${source ?? 'no source'} has no name${from === undefined ? '' : ` "${from}"`} for ${id} at ${dayText(onNs)} that could end`,
    );
  const vendors = entries.flatMap((entry) =>
    current.includes(entry) ? replaced(entry, { to, onNs }) : [entry],
  );
  return ok(JSON.stringify({ ...document, vendors }));
}

function replaced(entry: Json, { to, onNs }: { readonly to: string; readonly onNs: bigint }): Json[] {
  const rest = Object.fromEntries(Object.entries(entry).filter(([name]) => name !== 'from' && name !== 'to'));
  const day = dayText(onNs);
  const isWhole = spanOf(entry).fromNs === onNs;
  const until = entry['to'] === undefined ? {} : { to: entry['to'] };
  const before = isWhole ? [] : [{ ...entry, to: day }];
  // A broker's contract stays as it is: its number does not change with the symbol.
  return [...before, { ...rest, symbol: to, from: day, ...until }];
}

/** Ends the listing: no source's name counts from then on, and others may take them. */
export function delistedDocument(id: string, payloadJson: string, onNs: bigint): Result<string, string> {
  const read = parseInstrument(id, payloadJson);
  if (!read.ok) return err(read.error.join('; '));
  if (read.value.listed.fromNs >= onNs)
    return err(
      `${id} was first listed ${dayText(read.value.listed.fromNs)}, which is not before ${dayText(onNs)}`,
    );
  const document = objectOf(payloadJson);
  const before = document['listed'];
  const listed = { ...(isObject(before) ? before : {}), to: dayText(onNs) };
  // Entries that begin later than the end would be wrong; they never came true.
  const vendors = listOf(document, 'vendors').filter((entry) => spanOf(entry).fromNs < onNs);
  return ok(
    JSON.stringify({ ...document, listed, ...(document['vendors'] === undefined ? {} : { vendors }) }),
  );
}

interface MemberEdit {
  readonly member: string;
  readonly onNs: bigint;
  readonly what: 'join' | 'leave';
}

/** Lets an instrument join or leave an index on a day. */
export function memberDocument(
  id: string,
  payloadJson: string,
  { member, onNs, what }: MemberEdit,
): Result<string, string> {
  const read = parseInstrument(id, payloadJson);
  if (!read.ok) return err(read.error.join('; '));
  const document = objectOf(payloadJson);
  const members = listOf(document, 'members');
  const open = members.find((entry) => entry['id'] === member && holds(spanOf(entry), onNs));
  const day = dayText(onNs);
  if (what === 'join') {
    if (open !== undefined) return err(`${member} is in ${id} already at ${day}`);
    return ok(JSON.stringify({ ...document, members: [...members, { id: member, from: day }] }));
  }
  if (open === undefined) return err(`${member} is not in ${id} at ${day}`);
  const edited = members.map((entry) => (entry === open ? { ...entry, to: day } : entry));
  return ok(JSON.stringify({ ...document, members: edited }));
}

function spanOf(entry: Json): Span {
  return { fromNs: timeOf(entry['from'], BEGINNING), toNs: timeOf(entry['to'], END) };
}

function timeOf(value: unknown, open: bigint): bigint {
  const time = typeof value === 'string' ? parseIsoTime(value) : undefined;
  return time?.ok === true ? time.value : open;
}

function objectOf(payloadJson: string): Json {
  const value: unknown = JSON.parse(payloadJson);
  return isObject(value) ? value : {};
}

function listOf(document: Json, name: string): readonly Json[] {
  return (new JsonFields(document, '').list(name) ?? []).filter(isObject);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

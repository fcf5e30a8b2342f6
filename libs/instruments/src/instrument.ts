import { JsonFields, err, type Result } from '@tickwell/domain';
import { readContinuous, type ContinuousSpec } from './continuous-spec.ts';
import { withContract } from './ib-contract.ts';
import { INSTRUMENT_TYPES, type InstrumentType } from './instrument-type.ts';
import { parseSessionDate, type SessionDate } from '@tickwell/calendar';
import { ALWAYS, inOrder, overlap, readSpan, type Span } from './span.ts';
import { readId, readVendorEntry, vendorText, type VendorEntry } from './vendor.ts';

/** A document of kind `instrument`: one instrument under the id that all its rows carry, whatever it was called when. */
export interface Instrument {
  readonly id: string;
  readonly type: InstrumentType;
  /** "" where nobody said; so are the other texts. */
  readonly name: string;
  /** What it was called before, and when. */
  readonly names: readonly { readonly name: string; readonly span: Span }[];
  readonly exchange: string;
  /** ISO 4217, or a coin. */
  readonly currency: string;
  /** Name of its session calendar, for example "XNYS". */
  readonly calendar: string;
  /** Units of the underlying per contract; 1 unless given. */
  readonly multiplier: number;
  /** What a price of 1 is in the currency: 0.01 for prices in pence; 1 unless given. */
  readonly priceUnit: number;
  /** When it could be traded: no entry of {@link vendors} counts outside. */
  readonly listed: Span;
  /** By source, then time; those of one source never overlap. */
  readonly vendors: readonly VendorEntry[];
  readonly future: FutureTerms | undefined;
  readonly continuous: ContinuousSpec | undefined;
  /** Of an index. */
  readonly members: readonly IndexMember[];
}

export interface FutureTerms {
  /** What its months have in common, for example "ES". */
  readonly root: string;
  /** The last day of trading. */
  readonly expiry: SessionDate;
}

export interface IndexMember {
  readonly id: string;
  readonly span: Span;
}

const MAX_ENTRIES = 20_000;

/** Every problem names its field. */
export function readInstrument(id: string, value: unknown): Result<Instrument, readonly string[]> {
  const fields = new JsonFields(value, 'instrument');
  const type = fields.choice('type', INSTRUMENT_TYPES);
  if (fields.take('type') === undefined)
    fields.problem('type', `is required: one of ${INSTRUMENT_TYPES.join(', ')}`);
  const listed = readListed(fields);
  const currency = fields.text('currency') ?? '';
  const future = readFuture(fields, type);
  const terms = { type: type ?? 'stock', currency, expiry: future?.expiry };
  const instrument: Instrument = {
    id,
    type: type ?? 'stock',
    name: fields.text('name') ?? '',
    names: readNames(fields),
    exchange: fields.text('exchange') ?? '',
    currency,
    calendar: fields.text('calendar') ?? '',
    multiplier: readPositive(fields, 'multiplier'),
    priceUnit: readPositive(fields, 'priceUnit'),
    listed,
    vendors: readVendors(fields, id, listed).map((entry) => withContract(entry, terms)),
    future,
    continuous: readOfType(fields, 'continuous', type, (inner) => readContinuous(inner)),
    members: readMembers(fields, type),
  };
  return fields.finish(instrument);
}

function readListed(fields: JsonFields): Span {
  return readObject(fields, 'listed', (inner) => readSpan(inner)) ?? ALWAYS;
}

function readNames(fields: JsonFields): Instrument['names'] {
  const names = readList(fields, 'names', (inner) => ({
    name: inner.requiredText('name'),
    span: readSpan(inner),
  }));
  return ordered(fields, 'names', names, ({ name }) => `"${name}"`);
}

function readVendors(fields: JsonFields, id: string, listed: Span): readonly VendorEntry[] {
  const values = fields.list('vendors') ?? [];
  const entries = values.slice(0, MAX_ENTRIES).flatMap((value, index) => {
    const where = `vendors[${index}]`;
    const read = readVendorEntry(id, value, where);
    if (!read.ok) fields.problems.push(...read.error);
    else if (overlap(read.value.span, listed) === undefined)
      fields.problems.push(`${where} is wholly outside the time when the instrument was listed`);
    return read.ok ? [read.value] : [];
  });
  const sources = [...new Set(entries.map(({ source }) => source))].sort();
  return sources.flatMap((source) =>
    ordered(
      fields,
      'vendors',
      entries.filter((entry) => entry.source === source),
      ({ vendor }) => `${source} ${vendorText(vendor)}`,
    ),
  );
}

function readFuture(fields: JsonFields, type: InstrumentType | undefined): FutureTerms | undefined {
  return readOfType(fields, 'future', type, (inner) => {
    const text = inner.requiredText('expiry');
    const expiry = parseSessionDate(text);
    if (!expiry.ok && text !== '') inner.problem('expiry', expiry.error);
    return { root: inner.requiredText('root'), expiry: expiry.ok ? expiry.value : 0 };
  });
}

function readMembers(fields: JsonFields, type: InstrumentType | undefined): readonly IndexMember[] {
  const members = readList(fields, 'members', (inner) => ({
    id: readId(inner, 'id'),
    span: readSpan(inner),
  }));
  if (members.length > 0 && type !== 'index' && type !== undefined)
    fields.problem('members', `belong to an index, not to type ${type}`);
  const ofOne = Map.groupBy(members, ({ id }) => id);
  return [...ofOne.values()].flatMap((pieces) => ordered(fields, 'members', pieces, ({ id }) => id));
}

/** The terms that instruments of one type have, and only they. */
function readOfType<T>(
  fields: JsonFields,
  name: 'future' | 'continuous',
  type: InstrumentType | undefined,
  read: (inner: JsonFields) => T,
): T | undefined {
  const value = readObject(fields, name, read);
  if (type === undefined) return value;
  if (type === name && fields.take(name) === undefined) fields.problem(name, `is required for type ${name}`);
  if (type !== name && fields.take(name) !== undefined)
    fields.problem(name, `belongs to type ${name}, not to type ${type}`);
  return value;
}

function readObject<T>(fields: JsonFields, name: string, read: (inner: JsonFields) => T): T | undefined {
  const value = fields.take(name);
  if (value === undefined) return undefined;
  const inner = new JsonFields(value, name);
  const finished = inner.finish(read(inner));
  if (finished.ok) return finished.value;
  fields.problems.push(...finished.error);
  return undefined;
}

function readList<T>(fields: JsonFields, name: string, read: (inner: JsonFields) => T): readonly T[] {
  const values = fields.list(name) ?? [];
  if (values.length > MAX_ENTRIES)
    fields.problem(name, `has ${values.length} entries, at most ${MAX_ENTRIES}`);
  return values.slice(0, MAX_ENTRIES).flatMap((value, index) => {
    const inner = new JsonFields(value, `${name}[${index}]`);
    const finished = inner.finish(read(inner));
    if (finished.ok) return [finished.value];
    fields.problems.push(...finished.error);
    return [];
  });
}

function ordered<T extends { readonly span: Span }>(
  fields: JsonFields,
  name: string,
  pieces: readonly T[],
  nameOf: (piece: T) => string,
): readonly T[] {
  const sorted = inOrder(pieces, nameOf);
  if (sorted.ok) return sorted.value;
  fields.problem(name, sorted.error);
  return pieces;
}

function readPositive(fields: JsonFields, name: string): number {
  const value = fields.number(name) ?? 1;
  if (value > 0 && Number.isFinite(value)) return value;
  fields.problem(name, 'must be above 0');
  return 1;
}

/** When an entry counts: while its instrument is listed. */
export function effectiveSpan({ listed }: Instrument, { span }: VendorEntry): Span | undefined {
  return overlap(listed, span);
}

/** What the instrument was called at a time. */
export function nameAt(instrument: Instrument, timeNs: bigint): string {
  const dated = instrument.names.find(({ span }) => span.fromNs <= timeNs && timeNs < span.toNs);
  return dated?.name ?? instrument.name;
}

/** As {@link readInstrument}, of the text of a document. */
export function parseInstrument(id: string, payloadJson: string): Result<Instrument, readonly string[]> {
  try {
    return readInstrument(id, JSON.parse(payloadJson));
  } catch {
    return err(['the document is no JSON']);
  }
}

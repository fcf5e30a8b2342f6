import { checkSymbol, checkVendorSymbol, JsonFields, type Result } from '@tickwell/domain';
import { readSpan, type Span } from './span.ts';

/** What names an instrument at a source. */
export interface VendorSymbol {
  readonly symbol: string;
  /** Where a symbol alone does not name it (Interactive Brokers); what is left out follows from the instrument. */
  readonly contract?: VendorContract;
}

export interface VendorContract {
  readonly conId?: number;
  readonly secType?: string;
  readonly exchange?: string;
  readonly primaryExchange?: string;
  readonly currency?: string;
  /** yyyyMM or yyyyMMdd. */
  readonly expiry?: string;
  readonly localSymbol?: string;
  readonly tradingClass?: string;
  readonly multiplier?: number;
}

/** Under which name a source knows an instrument, and when. */
export interface VendorEntry {
  /** "yahoo", "ib", "file:<data set>", the name of a provider. */
  readonly source: string;
  readonly vendor: VendorSymbol;
  readonly span: Span;
}

const SOURCE = /^[A-Za-z][A-Za-z0-9._:-]{0,79}$/;

export function readVendorEntry(
  id: string,
  value: unknown,
  where: string,
): Result<VendorEntry, readonly string[]> {
  const fields = new JsonFields(value, where);
  const source = fields.requiredText('source');
  if (source !== '' && !SOURCE.test(source))
    fields.problem('source', `"${source.slice(0, 80)}" is none: for example yahoo, ib or file:<data set>`);
  const symbol = fields.text('symbol');
  const contract = readContract(fields, where);
  if (symbol === undefined && contract?.conId === undefined)
    fields.problem('symbol', 'is required (or contract.conId): what the source calls it');
  const checked = symbol === undefined ? undefined : checkVendorSymbol(symbol);
  if (checked?.ok === false) fields.problem('symbol', checked.error);
  const vendor = { symbol: symbol ?? id, ...(contract === undefined ? {} : { contract }) };
  return fields.finish({ source, vendor, span: readSpan(fields) });
}

function readContract(parent: JsonFields, where: string): VendorContract | undefined {
  const value = parent.take('contract');
  if (value === undefined) return undefined;
  const fields = new JsonFields(value, `${where}.contract`);
  const conId = fields.number('conId');
  if (conId !== undefined && !(Number.isSafeInteger(conId) && conId > 0))
    fields.problem('conId', 'must be a whole number above 0');
  const multiplier = fields.number('multiplier');
  if (multiplier !== undefined && !(multiplier > 0)) fields.problem('multiplier', 'must be above 0');
  const expiry = fields.text('expiry');
  if (expiry !== undefined && !/^\d{6}(\d{2})?$/.test(expiry))
    fields.problem('expiry', `"${expiry}" is not yyyyMM or yyyyMMdd`);
  const texts = (
    ['secType', 'exchange', 'primaryExchange', 'currency', 'localSymbol', 'tradingClass'] as const
  )
    .map((name) => [name, fields.text(name)] as const)
    .filter(([, text]) => text !== undefined);
  const read = fields.finish<VendorContract>({
    ...Object.fromEntries(texts),
    ...(conId === undefined ? {} : { conId }),
    ...(expiry === undefined ? {} : { expiry }),
    ...(multiplier === undefined ? {} : { multiplier }),
  });
  if (read.ok) return read.value;
  parent.problems.push(...read.error);
  return undefined;
}

/** Reads a text that must be a Tickwell id. */
export function readId(fields: JsonFields, name: string): string {
  const text = fields.requiredText(name);
  const checked = checkSymbol(text);
  if (text !== '' && !checked.ok) fields.problem(name, checked.error);
  return text;
}

/** What an entry claims for its instrument: no other may claim the same of the source at the same time. */
export function claimKeys({ symbol, contract }: VendorSymbol): readonly string[] {
  if (contract === undefined) return [symbol];
  const { conId, ...described } = contract;
  // A contract's number says all of it: its symbol is a mere label.
  if (conId !== undefined) return [`conId ${conId}`];
  return [JSON.stringify([symbol, ...Object.entries(described).sort(([a], [b]) => (a < b ? -1 : 1))])];
}

/** For people. */
export function vendorText({ symbol, contract }: VendorSymbol): string {
  const details = Object.entries(contract ?? {}).map(([name, value]) => `${name} ${value}`);
  return details.length === 0 ? `"${symbol}"` : `"${symbol}" (${details.join(', ')})`;
}

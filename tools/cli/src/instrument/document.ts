import { InvalidArgumentError, Option, type Command } from 'commander';
import { INSTRUMENT_TYPES } from '@tickwell/instruments';

/** What the command line says of an instrument; `listed` are the days it could be traded. */
export interface InstrumentFlags {
  readonly type: string;
  readonly name?: string;
  readonly exchange?: string;
  readonly currency?: string;
  readonly calendar?: string;
  readonly multiplier?: number;
  readonly priceUnit?: number;
  readonly from?: string;
  readonly to?: string;
  readonly root?: string;
  readonly expiry?: string;
  readonly vendor?: readonly VendorFlag[];
  readonly conId?: number;
}

interface VendorFlag {
  readonly source: string;
  readonly symbol: string;
}

export function withInstrumentOptions(command: Command): Command {
  return command
    .addOption(new Option('--type <type>', 'what it is').choices(INSTRUMENT_TYPES).default('stock'))
    .option('--name <text>', 'what people call it')
    .option('--exchange <name>', 'where it is traded')
    .option('--currency <code>', 'of its prices, for example USD')
    .option('--calendar <name>', 'of its sessions, for example XNYS')
    .option('--multiplier <number>', 'units per contract', positive)
    .option('--price-unit <number>', 'what a price of 1 is in the currency: 0.01 for pence', positive)
    .option('--from <date>', 'first day it was listed')
    .option('--to <date>', 'first day it was not listed any more')
    .option('--root <name>', 'of a future: what its months have in common, for example ES')
    .option('--expiry <date>', 'of a future: last day of trading')
    .option(
      '--vendor <source=symbol>',
      'what a source calls it, for example yahoo=AAPL; may be repeated',
      vendor,
    )
    .option('--con-id <number>', "Interactive Brokers' number of its contract", positive);
}

/** The document that the flags describe; the server says what is wrong with it. */
export function documentOf(flags: InstrumentFlags): Readonly<Record<string, unknown>> {
  const { type, name, exchange, currency, calendar, multiplier, priceUnit, from, to, root, expiry, conId } =
    flags;
  const contract = conId === undefined ? [] : [{ source: 'ib', contract: { conId } }];
  const vendors = [...(flags.vendor ?? []), ...contract];
  return withoutUndefined({
    type,
    name,
    exchange,
    currency,
    calendar,
    multiplier,
    priceUnit,
    listed: from === undefined && to === undefined ? undefined : withoutUndefined({ from, to }),
    future: root === undefined && expiry === undefined ? undefined : withoutUndefined({ root, expiry }),
    vendors: vendors.length === 0 ? undefined : vendors,
  });
}

function vendor(text: string, before: readonly VendorFlag[] = []): readonly VendorFlag[] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1)
    throw new InvalidArgumentError('It must be SOURCE=SYMBOL, for example yahoo=AAPL.');
  return [...before, { source: text.slice(0, at), symbol: text.slice(at + 1) }];
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

export function withoutUndefined(
  object: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

import {
  err,
  intervalStartNs,
  NS_PER_DAY,
  ok,
  type CorporateAction,
  type Fundamental,
  type Interval,
  type Result,
} from '@tickwell/domain';
import { PROVIDER_KINDS, type ProviderKind } from '@tickwell/provider';
import { describe, readDay, readInstant } from './row-time.ts';

/** A row that was checked. NaN: not known. */
export type Event =
  | {
      readonly kind: 'bars';
      readonly timeNs: bigint;
      /** Open, high, low, close. */
      readonly prices: readonly [number, number, number, number];
      readonly volume: number | undefined;
      readonly vwap: number | undefined;
      readonly tradeCount: number | undefined;
    }
  | {
      readonly kind: 'trades';
      readonly timeNs: bigint;
      readonly seq: bigint | undefined;
      readonly price: number;
      readonly size: number;
      readonly conditions: string | undefined;
      readonly venue: string | undefined;
    }
  | {
      readonly kind: 'quotes';
      readonly timeNs: bigint;
      readonly seq: bigint | undefined;
      readonly bid: number;
      readonly bidSize: number;
      readonly ask: number;
      readonly askSize: number;
    }
  | { readonly kind: 'actions'; readonly timeNs: bigint; readonly action: Omit<CorporateAction, 'position'> }
  | { readonly kind: 'fundamentals'; readonly timeNs: bigint; readonly item: Omit<Fundamental, 'position'> };

/** Why a row is no event. `timeNs`: its time, where that is known. */
export interface RowProblem {
  readonly rule: string;
  readonly reason: string;
  readonly timeNs?: bigint;
}

export interface RowPlan {
  /** The kinds that were asked for. */
  readonly kinds: readonly ProviderKind[];
  /** Of bars. */
  readonly interval: Interval | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const MAX_TEXT = 256;

/** Checks a row: its kind, its time, and the types of its fields. Whether the values are sound is for the validator to say. */
export function readRow(row: unknown, plan: RowPlan): Result<readonly Event[], RowProblem> {
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    return err({
      rule: 'row-shape',
      reason: `it is ${describe(row)}, not an object such as { time, open, … }`,
    });
  const fields: Fields = { ...row };
  if (fields['refused'] !== undefined)
    return err({ rule: 'row-refused', reason: oneLine(fields['refused']), ...timeOf(fields, plan) });
  const kind = kindOf(fields, plan);
  if (!kind.ok) return err({ rule: 'row-kind', reason: kind.error });
  const time = timeNs(fields, kind.value, plan);
  if (!time.ok) return err({ rule: 'row-time', reason: time.error });
  const events = READERS[kind.value](fields, time.value, plan);
  return events.ok ? events : err({ rule: 'row-field', reason: events.error, timeNs: time.value });
}

function oneLine(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').slice(0, 300) : describe(value);
}

function kindOf(fields: Fields, { kinds }: RowPlan): Result<ProviderKind, string> {
  const said = fields['kind'];
  const [only] = kinds;
  if (said === undefined && kinds.length === 1 && only !== undefined) return ok(only);
  if (said === undefined) return err(`it says no kind: one of ${kinds.join(', ')}`);
  const kind = PROVIDER_KINDS.find((known) => known === said);
  if (kind !== undefined && kinds.includes(kind)) return ok(kind);
  return err(`its kind is ${describe(said)}; asked for: ${kinds.join(', ')}`);
}

function isOfDays(kind: ProviderKind, interval: Interval | undefined): boolean {
  if (kind === 'actions' || kind === 'fundamentals') return true;
  return (
    kind === 'bars' &&
    interval !== undefined &&
    (interval.kind !== 'fixed' || interval.lengthNs >= NS_PER_DAY)
  );
}

/** Weekly and monthly bars may be dated by any day of theirs. */
function timeNs(fields: Fields, kind: ProviderKind, { interval }: RowPlan): Result<bigint, string> {
  if (!isOfDays(kind, interval)) return readInstant(fields['time']);
  const day = readDay(fields['time']);
  return day.ok && kind === 'bars' && interval !== undefined ? ok(intervalStartNs(interval, day.value)) : day;
}

function timeOf(fields: Fields, plan: RowPlan): { readonly timeNs?: bigint } {
  const [kind] = plan.kinds;
  const time = kind === undefined || fields['time'] === undefined ? undefined : timeNs(fields, kind, plan);
  return time?.ok === true ? { timeNs: time.value } : {};
}

type EventReader = (fields: Fields, timeNs: bigint, plan: RowPlan) => Result<readonly Event[], string>;

const READERS: Readonly<Record<ProviderKind, EventReader>> = {
  bars: readBar,
  trades: readTrade,
  quotes: readQuote,
  actions: readActions,
  fundamentals: readFundamental,
};

/** Collects what is wrong with the fields of one row. */
class Reader {
  readonly wrong: string[] = [];
  readonly #fields: Fields;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  number(name: string): number {
    const value = this.#fields[name];
    if (typeof value === 'number') return value;
    const remedy =
      typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))
        ? `: write Number(${name})`
        : '';
    this.wrong.push(`${name} is ${describe(value)}, not a number${remedy}`);
    return NaN;
  }

  /** Undefined: null or left out. */
  optional(name: string): number | undefined {
    const value = this.#fields[name];
    return value === undefined || value === null ? undefined : this.number(name);
  }

  /** Undefined: left out. */
  text(name: string): string | undefined {
    const value = this.#fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') this.wrong.push(`${name} is ${describe(value)}, not a text`);
    else if (value.length > MAX_TEXT)
      this.wrong.push(`${name} has ${value.length} characters, at most ${MAX_TEXT}`);
    else return value;
    return undefined;
  }

  seq(): bigint | undefined {
    const value = this.#fields['seq'];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    this.wrong.push(`seq is ${describe(value)}, not a whole number`);
    return undefined;
  }

  finish(...events: readonly Event[]): Result<readonly Event[], string> {
    return this.wrong.length === 0 ? ok(events) : err(this.wrong.join('; '));
  }
}

function readBar(fields: Fields, timeNs: bigint): Result<readonly Event[], string> {
  const read = new Reader(fields);
  const prices = [
    read.number('open'),
    read.number('high'),
    read.number('low'),
    read.number('close'),
  ] as const;
  const [volume, vwap, tradeCount] = [
    read.optional('volume'),
    read.optional('vwap'),
    read.optional('tradeCount'),
  ];
  if (
    tradeCount !== undefined &&
    !(Number.isInteger(tradeCount) && tradeCount >= 0 && tradeCount <= 0xffff_ffff)
  )
    read.wrong.push(`tradeCount ${tradeCount} is not a count`);
  return read.finish({ kind: 'bars', timeNs, prices, volume, vwap, tradeCount });
}

function readTrade(fields: Fields, timeNs: bigint): Result<readonly Event[], string> {
  const read = new Reader(fields);
  return read.finish({
    kind: 'trades',
    timeNs,
    seq: read.seq(),
    price: read.number('price'),
    // A source without sizes: 0 says "not known", as in files.
    size: read.optional('size') ?? 0,
    conditions: read.text('conditions'),
    venue: read.text('venue'),
  });
}

function readQuote(fields: Fields, timeNs: bigint): Result<readonly Event[], string> {
  const read = new Reader(fields);
  const [bid, ask] = [read.optional('bid') ?? NaN, read.optional('ask') ?? NaN];
  const sizeOf = (price: number, name: string): number =>
    Number.isNaN(price) ? NaN : (read.optional(name) ?? 0);
  const [bidSize, askSize] = [sizeOf(bid, 'bidSize'), sizeOf(ask, 'askSize')];
  return read.finish({ kind: 'quotes', timeNs, seq: read.seq(), bid, bidSize, ask, askSize });
}

const NO_ACTION = { amount: 0, currency: '', splitNumerator: 0, splitDenominator: 0 } as const;

function readActions(fields: Fields, timeNs: bigint): Result<readonly Event[], string> {
  const { dividend, split } = fields;
  const wrong: string[] = [];
  const actions: Omit<CorporateAction, 'position'>[] = [];
  if (dividend !== undefined && dividend !== null) {
    const read = new Reader(part(dividend));
    const [amount, currency] = [read.number('amount'), read.text('currency') ?? ''];
    wrong.push(...read.wrong.map((text) => `dividend.${text}`));
    actions.push({ ...NO_ACTION, kind: 'dividend', exDateNs: timeNs, amount, currency });
  }
  if (split !== undefined && split !== null) {
    const read = new Reader(part(split));
    const [splitNumerator, splitDenominator] = [read.number('to'), read.number('from')];
    wrong.push(...read.wrong.map((text) => `split.${text}`));
    actions.push({ ...NO_ACTION, kind: 'split', exDateNs: timeNs, splitNumerator, splitDenominator });
  }
  if (actions.length === 0) wrong.push('it has neither dividend: { amount } nor split: { from, to }');
  if (wrong.length > 0) return err(wrong.join('; '));
  return ok(actions.map((action) => ({ kind: 'actions', timeNs, action })));
}

function part(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function readFundamental(fields: Fields, timeNs: bigint): Result<readonly Event[], string> {
  const read = new Reader(fields);
  const item = {
    item: read.text('item') ?? '',
    periodType: read.text('periodType') ?? '',
    periodEndNs: timeNs,
    value: read.number('value'),
    currency: read.text('currency') ?? '',
  };
  if (item.item === '') read.wrong.push('item is missing: the name of what is measured, such as "Revenue"');
  if (item.periodType === '') read.wrong.push('periodType is missing: annual, quarterly, ttm or instant');
  return read.finish({ kind: 'fundamentals', timeNs, item });
}

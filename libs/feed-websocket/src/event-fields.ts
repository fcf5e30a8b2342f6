import { err, ok, type Result } from '@tickwell/domain';
import type { EventFields, EventRoute, Field } from './definition.ts';
import type { BarEvent, MarketEvent, QuoteEvent, TradeEvent } from './events.ts';
import { readNumber, readTime, readWhole, show } from './values.ts';

/** One event's place in a message. */
export interface EventPlace {
  readonly message: unknown;
  readonly element: unknown;
  /** When the message came, ns since the epoch. */
  readonly receivedNs: bigint;
}

/** Longer texts are no conditions and no venue. */
const MAX_TEXT = 64;

/** Reads the fields of one event; the first that is wrong is the error. */
export function readEvent(route: EventRoute, ticker: string, place: EventPlace): Result<MarketEvent, string> {
  const of = new FieldReader(route.fields, place);
  const timeNs = of.time();
  const seq = of.whole('seq');
  const base = { ticker, timeNs, seq };
  let event: MarketEvent;
  switch (route.as) {
    case 'trades':
      event = trade(of, base);
      break;
    case 'quotes':
      event = quote(of, base);
      break;
    case 'bars':
      event = bar(of, route.interval, base);
  }
  return of.problem === undefined ? ok(event) : err(of.problem);
}

type Base = Pick<MarketEvent, 'ticker' | 'timeNs' | 'seq'>;

/** Who was the taker stands first among the conditions: columns have no place of their own for it. */
function trade(of: FieldReader, base: Base): TradeEvent {
  const texts = [of.text('side'), of.text('conditions')].filter((text) => text !== '');
  return {
    series: 'trades',
    ...base,
    price: of.number('price'),
    size: of.number('size'),
    conditions: texts.join(','),
    venue: of.text('venue'),
  };
}

function quote(of: FieldReader, base: Base): QuoteEvent {
  const [bidPrice, bidSize] = side(of, 'bid', 'bidSize');
  const [askPrice, askSize] = side(of, 'ask', 'askSize');
  return { series: 'quotes', ...base, bidPrice, bidSize, askPrice, askSize };
}

/** A side without a price is no quote; a feed that gives no sizes has quotes of size 0, as files have. */
function side(of: FieldReader, priceName: string, sizeName: string): readonly [number, number] {
  const price = of.optional(priceName);
  if (price === undefined || price === 0) return [NaN, NaN];
  return [price, of.has(sizeName) ? of.number(sizeName) : 0];
}

function bar(of: FieldReader, interval: string, base: Base): BarEvent {
  return {
    series: 'bars',
    interval,
    ...base,
    open: of.number('open'),
    high: of.number('high'),
    low: of.number('low'),
    close: of.number('close'),
    volume: of.optional('volume'),
    vwap: of.optional('vwap'),
    tradeCount: of.optional('tradeCount'),
  };
}

class FieldReader {
  problem: string | undefined;
  readonly #fields: EventFields;
  readonly #place: EventPlace;

  constructor(fields: EventFields, place: EventPlace) {
    this.#fields = fields;
    this.#place = place;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined;
  }

  time(): bigint {
    const field = this.#fields['time'];
    if (field === undefined || field.isReceived) return this.#place.receivedNs;
    return this.#checked('time', field, readTime(this.#raw(field), field.unit)) ?? 0n;
  }

  whole(name: string): bigint | undefined {
    const field = this.#fields[name];
    return field === undefined ? undefined : this.#checked(name, field, readWhole(this.#raw(field)));
  }

  number(name: string): number {
    const value = this.optional(name);
    const field = this.#fields[name];
    if (value === undefined && field !== undefined) this.#fail(name, field, 'is missing');
    return value ?? NaN;
  }

  optional(name: string): number | undefined {
    const field = this.#fields[name];
    if (field === undefined) return undefined;
    const number = this.#checked(name, field, readNumber(this.#raw(field)));
    if (number === undefined) return field.missing;
    return (field.isAbsolute ? Math.abs(number) : number) * field.scale;
  }

  text(name: string): string {
    const field = this.#fields[name];
    const value = field === undefined ? undefined : this.#raw(field);
    if (field === undefined || value === undefined || value === null) return '';
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text.length > MAX_TEXT) this.#fail(name, field, `has ${text.length} characters, at most ${MAX_TEXT}`);
    return text;
  }

  #raw(field: Field): unknown {
    const { path, constant, values } = field;
    if (path === undefined) return constant;
    const value = path.read(this.#place.message, this.#place.element);
    if (values === undefined || value === undefined || value === null) return value;
    return values.get(typeof value === 'string' ? value : JSON.stringify(value)) ?? value;
  }

  #checked<T>(name: string, field: Field, value: Result<T, string>): T | undefined {
    if (value.ok) return value.value;
    this.#fail(name, field, value.error);
    return undefined;
  }

  #fail(name: string, field: Field, problem: string): void {
    this.problem ??= `${name}${field.path === undefined ? '' : ` (${field.path.text})`} ${problem}`;
  }
}

/** The symbol of an event as the feed calls it. */
export function readTicker(route: EventRoute, place: EventPlace): Result<string, string> {
  const value = route.symbol.read(place.message, place.element);
  if (typeof value === 'string' && value !== '') return ok(value);
  return err(
    `symbol (${route.symbol.text}) ${value === undefined ? 'is missing' : `${show(value)} is not a text`}`,
  );
}

/** Finds instruments by what a client says of a contract. */
import { err, ok, type Result } from '@tickwell/domain';
import type { Instrument } from './market/market.ts';
import { dateText, knownZone } from './time/ib-time.ts';
import type { ContractQuery } from './wire/requests.ts';

export interface LookupFailure {
  readonly code: number;
  readonly text: string;
}

const NOT_FOUND: LookupFailure = {
  code: 200,
  text: 'No security definition has been found for the request',
};
/** Exchanges that route to wherever an instrument trades. */
const ROUTED: ReadonlySet<string> = new Set(['', 'SMART', 'BEST']);
const MAX_SAMPLES = 16;

export class Directory {
  readonly #instruments: readonly Instrument[];
  readonly #byConId: ReadonlyMap<number, Instrument>;

  constructor(instruments: readonly Instrument[]) {
    this.#instruments = instruments;
    this.#byConId = new Map(instruments.map((instrument) => [instrument.conId, instrument]));
  }

  byConId(conId: number): Instrument | undefined {
    return this.#byConId.get(conId);
  }

  /** By a name that people use: the symbol, the local symbol (EUR.USD, ESZ5) or the conId. */
  byName(name: string): readonly Instrument[] {
    const wanted = name.toUpperCase();
    return this.#instruments.filter(
      ({ symbol, localSymbol, conId }) =>
        symbol.toUpperCase() === wanted || localSymbol.toUpperCase() === wanted || String(conId) === wanted,
    );
  }

  /** Every instrument that the query could mean. Expired futures only on request. */
  matches(
    query: ContractQuery,
    options: {
      readonly nowMs: number;
      readonly includeExpired: boolean;
      readonly secIdType?: string;
      readonly secId?: string;
    },
  ): readonly Instrument[] {
    const candidates = this.#candidates(query, options.secIdType ?? '', options.secId ?? '');
    const alive = candidates.filter(
      (instrument) => options.includeExpired || !isExpired(instrument, options.nowMs),
    );
    if (query.secType !== 'CONTFUT') return alive;
    return alive.toSorted((a, b) => a.lastTradeDate.localeCompare(b.lastTradeDate)).slice(0, 1);
  }

  /** The one instrument that a data request means. */
  only(query: ContractQuery, nowMs: number, includeExpired = false): Result<Instrument, LookupFailure> {
    const problem = incomplete(query);
    if (problem !== undefined)
      return err({ code: 321, text: `Error validating request:-'bN' : cause - ${problem}` });
    const [first, second] = this.matches(query, { nowMs, includeExpired });
    if (first === undefined) return err(NOT_FOUND);
    if (second === undefined) return ok(first);
    return err({
      code: 200,
      text: `The contract description specified for ${first.symbol} is ambiguous; you must specify the contract month, currency or exchange`,
    });
  }

  /** Symbols that begin with the pattern, then names that contain it. */
  samples(pattern: string): readonly Instrument[] {
    const wanted = pattern.toUpperCase();
    if (wanted === '') return [];
    const bySymbol = this.#instruments.filter(({ symbol }) => symbol.toUpperCase().startsWith(wanted));
    const byName = this.#instruments.filter(
      (instrument) => !bySymbol.includes(instrument) && instrument.longName.toUpperCase().includes(wanted),
    );
    const seen = new Set<string>();
    return [...bySymbol, ...byName]
      .filter(({ symbol, secType, currency }) => {
        const key = `${symbol} ${secType} ${currency}`;
        return seen.has(key) ? false : seen.add(key);
      })
      .slice(0, MAX_SAMPLES);
  }

  #candidates(query: ContractQuery, secIdType: string, secId: string): readonly Instrument[] {
    if (query.conId > 0) {
      const instrument = this.#byConId.get(query.conId);
      return instrument !== undefined && exchangeFits(instrument, query.exchange) ? [instrument] : [];
    }
    if (secIdType.toUpperCase() === 'ISIN' && secId !== '')
      return this.#instruments.filter(({ isin }) => isin === secId);
    return this.#instruments.filter((instrument) => fits(instrument, query));
  }
}

function incomplete(query: ContractQuery): string | undefined {
  if (query.conId > 0) return undefined;
  if (query.secType === '') return 'Please enter a valid security type';
  if (query.symbol === '' && query.localSymbol === '') return 'Please enter a local symbol or symbol';
  if (query.exchange === '' && query.secType !== 'STK') return 'Please enter exchange';
  return undefined;
}

export function isExpired(instrument: Instrument, nowMs: number): boolean {
  const { lastTradeDate, timeZoneId } = instrument;
  return lastTradeDate !== '' && lastTradeDate < dateText(nowMs, knownZone(timeZoneId));
}

function exchangeFits(instrument: Instrument, exchange: string): boolean {
  return ROUTED.has(exchange) || exchange === instrument.exchange || exchange === instrument.primaryExchange;
}

function same(wanted: string, actual: string): boolean {
  return wanted === '' || wanted.toUpperCase() === actual.toUpperCase();
}

function fits(instrument: Instrument, query: ContractQuery): boolean {
  if (query.symbol === '' && query.localSymbol === '') return false;
  const secType = query.secType === 'CONTFUT' ? 'FUT' : query.secType;
  return (
    same(query.symbol, instrument.symbol) &&
    same(secType, instrument.secType) &&
    instrument.lastTradeDate.startsWith(query.lastTradeDate.slice(0, 8)) &&
    (query.multiplier === '' || Number(query.multiplier) === Number(instrument.multiplier)) &&
    exchangeFits(instrument, query.exchange) &&
    same(query.primaryExchange, instrument.primaryExchange) &&
    same(query.currency, instrument.currency) &&
    same(query.localSymbol, instrument.localSymbol) &&
    same(query.tradingClass, instrument.tradingClass)
  );
}

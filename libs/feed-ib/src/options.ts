import { checkSymbol, formatNs, NS_PER_SECOND } from '@tickwell/domain';
import { BAR_SIZES, barSizeOf } from './bar-sizes.ts';
import type { ConnectionTiming, MarketDataType } from './connection-options.ts';
import type { InstrumentSpec } from './contracts.ts';
import { REPORT_TYPES, type ReportType } from './fundamentals.ts';
import type { HistoryKind } from './ib-link.ts';
import type { IbContract } from './ib-messages.ts';
import type { LiveSettings } from './live-group.ts';
import { IB_LIMITS, type PacingLimits } from './pacing-limits.ts';

/** An instrument as options describe it; what is left out is filled in by {@link specOf}. */
export interface IbInstrument {
  /** Tickwell's id. */
  readonly symbol: string;
  /** IB's symbol; the id unless given. A currency pair is EUR with currency USD. */
  readonly ibSymbol?: string;
  /** STK unless given. */
  readonly secType?: string;
  /** SMART for stocks, IDEALPRO for currencies; required for everything else. */
  readonly exchange?: string;
  readonly primaryExchange?: string;
  /** USD unless given. */
  readonly currency?: string;
  /** yyyyMM or yyyyMMdd of a future; without it the front contract is chosen. */
  readonly expiry?: string;
  readonly multiplier?: number;
  readonly localSymbol?: string;
  readonly tradingClass?: string;
  /** Alone enough to name a contract. */
  readonly conId?: number;
  /** Days before the last trade date on which the next future takes over; 8 unless given. */
  readonly rollDays?: number;
}

export interface IbGatewayOptions {
  readonly host?: string;
  /** 4001 Gateway, 4002 its paper account, 7496 TWS, 7497 its paper account. */
  readonly port?: number;
  /** One client id, or several that are tried in turn while one is in use. */
  readonly clientIds?: readonly number[];
  readonly marketDataType?: MarketDataType;
  readonly limits?: Partial<PacingLimits>;
  readonly timing?: Partial<ConnectionTiming>;
}

export interface IbHistoryOptions extends IbGatewayOptions {
  readonly instruments: readonly IbInstrument[];
  readonly kind: 'bars' | 'trades' | 'quotes';
  /** Bars only: as Tickwell writes intervals. */
  readonly interval?: string;
  /** Bars only; TRADES unless given (MIDPOINT for currencies). */
  readonly what?: HistoryKind;
  /** Regular trading hours only; bars true, ticks false unless given. */
  readonly useRth?: boolean;
  /** Half-open, ns since the epoch. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** Whole number: asks for a span once more that was read to its end, once for each number. */
  readonly again?: number;
}

export interface IbLiveOptions extends IbGatewayOptions {
  readonly instruments: readonly IbInstrument[];
  /** Any of them; trades and quotes unless given. `top`: quotes as market data lines sample them. */
  readonly series?: readonly ('trades' | 'quotes' | 'top' | 'bars')[];
  /** `Last` leaves out what is not reported to the tape; AllLast unless given. */
  readonly trades?: 'AllLast' | 'Last';
  /** Of real-time bars. */
  readonly what?: 'TRADES' | 'MIDPOINT' | 'BID' | 'ASK';
  /** Holes before the session that are older stay; a day unless given. */
  readonly maxBackfillSeconds?: number;
  readonly settings?: Partial<LiveSettings>;
}

export interface IbFundamentalsOptions extends IbGatewayOptions {
  readonly instruments: readonly IbInstrument[];
  readonly report?: ReportType;
}

export interface IbPortfolioOptions extends IbGatewayOptions {
  /** All accounts of the login unless given. */
  readonly account?: string;
  /** Names for contracts; others are named after IB's symbol. */
  readonly instruments?: readonly IbInstrument[];
}

const MAX_INSTRUMENTS = 1000;
const ROLL_DAYS = 8;

/** What a contract request says of an instrument. */
export function specOf(instrument: IbInstrument): InstrumentSpec {
  const { symbol, ibSymbol, conId, secType = 'STK', rollDays = ROLL_DAYS } = instrument;
  const { primaryExchange, expiry, multiplier, localSymbol, tradingClass } = instrument;
  const exchange = instrument.exchange ?? DEFAULT_EXCHANGE[secType];
  const named: IbContract =
    conId === undefined
      ? { symbol: ibSymbol ?? symbol, secType, currency: instrument.currency ?? 'USD' }
      : { conId };
  const contract: IbContract = {
    ...named,
    ...(exchange === undefined ? {} : { exchange }),
    ...(primaryExchange === undefined ? {} : { primaryExchange }),
    ...(expiry === undefined ? {} : { lastTradeDateOrContractMonth: expiry, includeExpired: true }),
    ...(multiplier === undefined ? {} : { multiplier }),
    ...(localSymbol === undefined ? {} : { localSymbol }),
    ...(tradingClass === undefined ? {} : { tradingClass }),
  };
  return { symbol, contract, rollDays };
}

const DEFAULT_EXCHANGE: Readonly<Record<string, string>> = {
  STK: 'SMART',
  CASH: 'IDEALPRO',
  CRYPTO: 'PAXOS',
};
const SEC_TYPES: readonly string[] = ['STK', 'CASH', 'FUT', 'IND', 'CRYPTO', 'CFD', 'CMDTY', 'FUND', 'BOND'];

function instrumentProblems(instruments: readonly IbInstrument[]): string[] {
  if (instruments.length === 0) return ['instruments must name at least one'];
  if (instruments.length > MAX_INSTRUMENTS)
    return [`instruments are ${instruments.length}; at most ${MAX_INSTRUMENTS} are possible`];
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const instrument of instruments) {
    const { symbol, conId, secType = 'STK', exchange, expiry, rollDays } = instrument;
    const checked = checkSymbol(symbol);
    if (!checked.ok) problems.push(`instrument ${checked.error}`);
    if (seen.has(symbol)) problems.push(`instrument ${symbol} is named twice`);
    seen.add(symbol);
    if (conId !== undefined && !(Number.isInteger(conId) && conId > 0))
      problems.push(`instrument ${symbol}: conId ${conId} is not a whole number above 0`);
    if (!SEC_TYPES.includes(secType))
      problems.push(`instrument ${symbol}: secType ${secType} is not one of ${SEC_TYPES.join(', ')}`);
    if (conId === undefined && exchange === undefined && DEFAULT_EXCHANGE[secType] === undefined)
      problems.push(`instrument ${symbol}: exchange is required for secType ${secType}`);
    if (expiry !== undefined && !/^\d{6}(\d{2})?$/.test(expiry))
      problems.push(`instrument ${symbol}: expiry "${expiry}" is not yyyyMM or yyyyMMdd`);
    if (rollDays !== undefined && !(rollDays >= 0 && rollDays <= 90))
      problems.push(`instrument ${symbol}: rollDays ${rollDays} is not 0 to 90`);
  }
  return problems;
}

function gatewayProblems({ host, port = 4002, clientIds = [0] }: IbGatewayOptions): string[] {
  const problems: string[] = [];
  if (host === '') problems.push('host is empty');
  if (!(Number.isInteger(port) && port > 0 && port < 65_536)) problems.push(`port ${port} is not 1 to 65535`);
  if (clientIds.length === 0 || clientIds.length > 100) problems.push('clientIds must be 1 to 100 numbers');
  for (const id of clientIds)
    if (!(Number.isInteger(id) && id >= 0))
      problems.push(`client id ${id} is not a whole number of 0 or more`);
  return problems;
}

export function historyProblems(options: IbHistoryOptions): string[] {
  const problems = [...gatewayProblems(options), ...instrumentProblems(options.instruments)];
  const { kind, interval, what, fromNs, toNs } = options;
  if (options.again !== undefined && !(Number.isSafeInteger(options.again) && options.again >= 0))
    problems.push(`again ${options.again} is not a whole number of 0 or more`);
  if (fromNs >= toNs) problems.push(`the span from ${formatNs(fromNs)} to ${formatNs(toNs)} is empty`);
  if (kind === 'bars' && (interval === undefined || barSizeOf(interval) === undefined))
    problems.push(
      `interval ${interval ?? ''} is not one of ${BAR_SIZES.map((size) => size.interval).join(', ')}`,
    );
  if (kind !== 'bars' && (interval !== undefined || what !== undefined))
    problems.push(`interval and what are of bars, not of ${kind}`);
  if (kind !== 'bars' && toNs - fromNs > 366n * 86_400n * NS_PER_SECOND)
    problems.push('a span of ticks of more than a year: IB keeps them for months');
  return problems;
}

export function liveProblems(options: IbLiveOptions): string[] {
  const problems = [...gatewayProblems(options), ...instrumentProblems(options.instruments)];
  const series = options.series ?? DEFAULT_SERIES;
  if (series.length === 0) problems.push('series must name at least one of trades, quotes, top, bars');
  if (series.includes('quotes') && series.includes('top'))
    problems.push('series quotes and top are both best quotes: choose one');
  const lines = options.instruments.length * new Set(series).size;
  const most = options.limits?.marketDataLines ?? IB_LIMITS.marketDataLines;
  if (lines > most)
    problems.push(
      `${lines} lines (${options.instruments.length} instruments of ${series.join(', ')}) are more than the ${most} market data lines: ask for fewer, or raise maxLines if the account has more`,
    );
  return problems;
}

export const DEFAULT_SERIES: NonNullable<IbLiveOptions['series']> = ['trades', 'quotes'];

export function fundamentalsProblems(options: IbFundamentalsOptions): string[] {
  const problems = [...gatewayProblems(options), ...instrumentProblems(options.instruments)];
  if (options.report !== undefined && !REPORT_TYPES.includes(options.report))
    problems.push(`report ${options.report} is not one of ${REPORT_TYPES.join(', ')}`);
  return problems;
}

export function portfolioProblems(options: IbPortfolioOptions): string[] {
  const { instruments = [] } = options;
  return [...gatewayProblems(options), ...(instruments.length === 0 ? [] : instrumentProblems(instruments))];
}

import { err, ok, type Result } from '@tickwell/domain';

/** What a column of a table of market data holds. */
export type TableRole =
  | 'time'
  | 'symbol'
  | 'version'
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'adjClose'
  | 'volume'
  | 'dividends'
  | 'capitalGains'
  | 'splits'
  | 'price'
  | 'size'
  | 'bid'
  | 'ask'
  | 'bidSize'
  | 'askSize';

/**
 * Names that vendors give their columns, best first; compared in lower case without anything but letters and digits. Of Yahoo and its
 * downloaders, Quandl, Tiingo, Stooq, Alpha Vantage, Kaggle, TAQ.
 */
const ALIASES: Readonly<Record<TableRole, readonly string[]>> = {
  time: [
    'datetime',
    'timestamp',
    'timestamputc',
    'timeutc',
    'time',
    'date',
    'dt',
    'ts',
    'opentime',
    'starttime',
    'day',
    'tradedate',
    'pricedate',
    'session',
    'index',
    '',
  ],
  symbol: ['symbol', 'ticker', 'instrument', 'code', 'sym', 'stock', 'series', 'name', 'tic'],
  version: ['archivedate', 'asof', 'asofdate', 'knownat', 'knowntime', 'updatedat', 'publishedat'],
  open: ['open', 'openprice', 'o'],
  high: ['high', 'highprice', 'h'],
  low: ['low', 'lowprice', 'l'],
  close: ['close', 'closeprice', 'last', 'settle', 'settlement', 'closelast', 'c', 'value'],
  adjClose: ['adjclose', 'adjustedclose', 'adjusted', 'closeadj', 'adjcloseprice', 'closeadjusted'],
  volume: ['volume', 'vol', 'v', 'shares'],
  dividends: ['dividends', 'dividend', 'exdividend', 'divcash', 'dividendamount', 'cashdividend'],
  capitalGains: ['capitalgains', 'capitalgain'],
  splits: ['stocksplits', 'splitratio', 'splitfactor', 'splitcoefficient', 'splits', 'stocksplit', 'split'],
  price: ['price', 'lastprice', 'tradeprice', 'px', 'p'],
  size: ['size', 'qty', 'quantity', 'amount', 'lastsize', 'volume', 'vol', 's'],
  bid: ['bid', 'bidprice', 'bestbid', 'bidpx', 'bid1'],
  ask: ['ask', 'askprice', 'offer', 'ofr', 'bestask', 'askpx', 'ask1'],
  bidSize: ['bidsize', 'bidsiz', 'bidqty', 'bidamount', 'bidvolume', 'bidsize1'],
  askSize: ['asksize', 'asksiz', 'ofrsiz', 'offersize', 'askqty', 'askamount', 'askvolume', 'asksize1'],
};

const ROLES: Readonly<Record<TableKind, readonly TableRole[]>> = {
  bars: [
    'time',
    'symbol',
    'version',
    'open',
    'high',
    'low',
    'close',
    'adjClose',
    'volume',
    'dividends',
    'capitalGains',
    'splits',
  ],
  trades: ['time', 'symbol', 'price', 'size'],
  quotes: ['time', 'symbol', 'bid', 'ask', 'bidSize', 'askSize'],
};

export type TableKind = 'bars' | 'trades' | 'quotes';

export interface Headers {
  readonly kind: TableKind;
  /** Column of each role that is there; a time may be in two (date and time of day). */
  readonly columns: ReadonlyMap<TableRole, readonly number[]>;
  /** Symbol that the names of the columns begin with ("AAPL.Open"). */
  readonly symbol: string | undefined;
}

/** Finds out what the columns hold. Errors name the columns there are. */
export function recogniseHeaders(
  names: readonly string[],
  wanted: TableKind | undefined,
): Result<Headers, string> {
  const { plain, symbol } = withoutPrefix(names.map(normalise), names);
  const at = (role: TableRole): readonly number[] | undefined => {
    for (const alias of ALIASES[role]) {
      const column = plain.indexOf(alias);
      if (column >= 0) return [column];
    }
    return undefined;
  };
  const kind = wanted ?? kindOf(at);
  const columns = new Map<TableRole, readonly number[]>();
  for (const role of kind === undefined ? [] : ROLES[kind]) {
    const found = role === 'time' ? timeColumns(plain, at) : at(role);
    if (found !== undefined) columns.set(role, found);
  }
  const needed: readonly TableRole[] =
    kind === 'quotes' ? ['time', 'bid', 'ask'] : kind === 'trades' ? ['time', 'price'] : ['time', 'close'];
  const missing = needed.filter((role) => !columns.has(role));
  if (kind !== undefined && missing.length === 0) return ok({ kind, columns, symbol });
  const have = names.slice(0, 30).join(', ');
  return err(
    `no column for ${missing.join(', ')}; its columns are ${have}: rename them to Date, Open, High, Low, Close, Volume (bars), Time, Price, Size (trades) or Time, Bid, Ask (quotes)`,
  );
}

function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function kindOf(at: (role: TableRole) => readonly number[] | undefined): TableKind | undefined {
  if (at('close') !== undefined && at('open') !== undefined) return 'bars';
  if (at('price') !== undefined) return 'trades';
  if (at('bid') !== undefined && at('ask') !== undefined) return 'quotes';
  return at('close') === undefined ? undefined : 'bars';
}

/** A column of dates and one of times of day are one time. */
function timeColumns(
  plain: readonly string[],
  at: (role: TableRole) => readonly number[] | undefined,
): readonly number[] | undefined {
  const [date, time] = [plain.indexOf('date'), plain.indexOf('time')];
  return date >= 0 && time >= 0 ? [date, time] : at('time');
}

/** Takes away what all price columns begin with, as in R's quantmod: "AAPL.Open", "AAPL.Close". */
function withoutPrefix(
  plain: readonly string[],
  names: readonly string[],
): { readonly plain: readonly string[]; readonly symbol: string | undefined } {
  if (plain.includes('close') || plain.includes('price') || plain.includes('bid')) {
    return { plain, symbol: undefined };
  }
  const close = names.find((name) => /^.+[._ ]close$/i.test(name));
  const prefix = close?.slice(0, -'close'.length - 1);
  if (prefix === undefined) return { plain, symbol: undefined };
  return {
    plain: names.map((name) => normalise(name.startsWith(prefix) ? name.slice(prefix.length) : name)),
    symbol: prefix,
  };
}

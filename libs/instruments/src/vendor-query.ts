import type { VendorContract, VendorSymbol } from './vendor.ts';

/** What is looked up among the names at a source. */
export interface VendorQuery {
  /** The symbol, or the local symbol of a contract. */
  readonly symbol?: string;
  readonly contract?: VendorContract;
}

/**
 * Reads what a person writes to look up a name at a source: the name itself; at Interactive Brokers also the number of a contract (265598), and
 * SYMBOL[:TYPE[:EXCHANGE[:CURRENCY]]] as "tickwell ingest ib" takes it, where the symbol of a future may end in its month (ES-202503).
 */
export function parseVendorQuery(source: string, text: string): VendorQuery {
  if (source !== 'ib') return { symbol: text };
  if (/^\d+$/.test(text)) return { contract: { conId: Number(text) } };
  const [name = '', type, exchange, currency] = text.split(':');
  const secType = type?.toUpperCase();
  const pair = /^([A-Z]{3,5})([A-Z]{3})$/.exec(name);
  const isPair = (secType === 'CASH' || secType === 'CRYPTO') && pair !== null;
  const month = secType === undefined || secType === 'FUT' ? /^(.+)-(\d{6}|\d{8})$/.exec(name) : null;
  const paidIn = currency ?? (isPair ? pair[2] : undefined);
  const contract: VendorContract = {
    ...(secType === undefined ? {} : { secType }),
    ...(exchange === undefined ? {} : { exchange }),
    ...(paidIn === undefined ? {} : { currency: paidIn }),
    ...(month?.[2] === undefined ? {} : { expiry: month[2] }),
  };
  return { symbol: (isPair ? pair[1] : month?.[1]) ?? name, contract };
}

/** Whether a name at a source is one that is looked for. What its entry does not say of a contract contradicts nothing. */
export function matches({ symbol, contract = {} }: VendorQuery, vendor: VendorSymbol): boolean {
  const known = vendor.contract ?? {};
  const { conId, exchange, expiry, ...rest } = contract;
  // A number says all of a contract, and what has none cannot be it.
  if (conId !== undefined) return known.conId === conId;
  const isCalled = symbol === undefined || vendor.symbol === symbol || known.localSymbol === symbol;
  const isTraded = [known.exchange, known.primaryExchange].includes(exchange) || known.exchange === undefined;
  return (
    isCalled &&
    (exchange === undefined || isTraded) &&
    agree(expiry, known.expiry, (a, b) => a.startsWith(b) || b.startsWith(a)) &&
    agree(rest.secType, known.secType) &&
    agree(rest.currency, known.currency)
  );
}

/** Whether two values do not contradict each other, where both are said. */
function agree(
  wanted: string | undefined,
  known: string | undefined,
  equal: (a: string, b: string) => boolean = (a, b) => a === b,
): boolean {
  return wanted === undefined || known === undefined || equal(wanted, known);
}

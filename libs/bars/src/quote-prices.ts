import { emptyTrades, type PriceType, type QuoteColumns, type TradeColumns } from '@tickwell/domain';

/** Quotes as prices that bars can be built of, and how many had none. */
export interface QuotePrices {
  /** Sizes are 0: what is offered is no volume. */
  readonly prices: TradeColumns;
  /** Quotes without that side; of a mid, without either. */
  readonly oneSided: number;
  /** Bid above ask: there is no price between them. Bid and ask alone are taken as they are. */
  readonly crossed: number;
}

/**
 * The price of each quote: the bid, the ask, or the middle, (bid + ask) / 2. A quote without the side has no price, and an earlier one does not stand
 * in for it: NaN says that there is no such quote now. Equal bid and ask have a middle, crossed ones have none.
 */
export function quotePrices(quotes: QuoteColumns, priceType: Exclude<PriceType, 'trade'>): QuotePrices {
  const prices = emptyTrades();
  let oneSided = 0;
  let crossed = 0;
  for (const [index, timeNs] of quotes.timeNs.entries()) {
    const bid = quotes.bidPrice[index] ?? NaN;
    const ask = quotes.askPrice[index] ?? NaN;
    const price = priceType === 'bid' ? bid : priceType === 'ask' ? ask : (bid + ask) / 2;
    if (Number.isNaN(price)) oneSided += 1;
    else if (priceType === 'mid' && bid > ask) crossed += 1;
    else {
      prices.timeNs.push(timeNs);
      prices.seq.push(quotes.seq[index] ?? 0n);
      prices.price.push(price);
      prices.size.push(0);
    }
  }
  return { prices, oneSided, crossed };
}

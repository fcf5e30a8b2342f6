import { checkSymbol } from '@tickwell/domain';

export interface YahooInstrument {
  /** Tickwell's id. */
  readonly symbol: string;
  /** Yahoo's, for example "AAPL", "EURUSD=X", "^GSPC". */
  readonly ticker: string;
}

/** The ticker becomes part of an address. */
const TICKER = /^[A-Za-z0-9^][A-Za-z0-9.^=-]{0,31}$/;

/** What is wrong with an instrument; empty: nothing. */
export function instrumentProblems({ symbol, ticker }: YahooInstrument): string[] {
  const problems: string[] = [];
  const checked = checkSymbol(symbol);
  if (!checked.ok) problems.push(checked.error);
  if (!TICKER.test(ticker))
    problems.push(`"${ticker.slice(0, 40)}" is not a ticker: use 1 to 32 of A-Z a-z 0-9 . ^ = -`);
  return problems;
}

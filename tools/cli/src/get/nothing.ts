import type { Instrument } from '@tickwell/client';

/** At most so many are named. */
const SHOWN = 4;

/** What is asked for: a kind of data of a symbol; of bars an interval and what they are built of. */
interface Asked {
  readonly symbol: string;
  readonly kind: string;
  readonly interval: string;
  readonly priceType: string;
}

/** "nothing is stored of EURUSD that matches", and what there is of it instead: bars of currencies are midpoints, not trades. */
export function nothingText(asked: Asked, stored: readonly Instrument[]): string {
  const { symbol, kind } = asked;
  const others = stored.filter((each) => each.symbol === symbol && each.kind === kind);
  const flags = [...new Set(others.filter((each) => !isAsked(asked, each)).map(flagsOf))];
  if (kind !== 'bars' || flags.length === 0)
    return `nothing is stored of ${symbol} that matches; see "tickwell get instruments ${symbol}"`;
  const more = flags.length > SHOWN ? `, and ${flags.length - SHOWN} more` : '';
  return `nothing is stored of ${symbol} that matches; of its bars there are: ${flags.slice(0, SHOWN).join(', ')}${more}`;
}

function isAsked({ interval, priceType }: Asked, each: Instrument): boolean {
  return each.interval === interval && each.priceType === priceType;
}

function flagsOf({ interval, priceType }: Instrument): string {
  const type = priceType === 'trade' ? '' : ` --price-type ${priceType}`;
  return `--interval ${interval}${type}`;
}

import { formatNs } from '@tickwell/domain';
import { distance } from '../market/price-state.ts';
import { infoOf, type MarketRule } from '../market-rule.ts';
import { BAD_PRINT, PRICE_ABSURD, PRICE_OUTLIER } from '../settings/catalogue.ts';

function percent(share: number): string {
  return `${(share * 100).toPrecision(3)} %`;
}

/** Far from what is trusted, and from the unconfirmed prices before it. */
export function priceOutlier<C>(): MarketRule<C> {
  return {
    ...infoOf(
      PRICE_OUTLIER,
      'Price is far from the last one that is trusted, measured in the moves that are usual of this stream (running medians of the size of its moves and of the time between them). Prices that agree with it confirm it: only the first of a new level is odd.',
    ),
    prepare: (_rule, rules) => ({
      broken: ({ move, stream }) => {
        const { prices } = stream;
        return prices !== undefined && prices.isFar(move, rules) && !prices.confirms(move, rules);
      },
      explain: ({ move, stream: { prices } }) => {
        const trusted = prices?.trusted ?? NaN;
        const usual = prices?.limit(move.gapS, rules) ?? NaN;
        return `price ${move.price} is ${percent(distance(move.price, trusted))} from ${trusted}, more than ${percent(usual)}, after ${move.gapS} s`;
      },
    }),
  };
}

/**
 * Kept back, because a wrong print does its harm at once: stops are hit, bars are wrong, positions are valued. It never keeps a market out:
 * the third price that insists goes through.
 */
export function priceAbsurd<C>(): MarketRule<C> {
  return {
    ...infoOf(
      PRICE_ABSURD,
      'Price is so many times the trusted one and the last one, or one part in so many of both, within moments: no market walks that way. What insists is a new level: the third price in a row that says the same goes through.',
    ),
    prepare: (rule) => {
      const far = rule.number('times') - 1;
      const withinS = rule.number('withinSeconds');
      return {
        broken: ({ move, stream }) => {
          const { prices } = stream;
          if (prices === undefined || !prices.isWarm || move.gapS > withinS) return false;
          if (distance(move.price, prices.trusted) < far || !(prices.trusted > 0 && move.price > 0))
            return false;
          // A crash is walked down, print by print, though nothing confirms the steps.
          return distance(move.price, prices.last) >= far && !prices.insists(move.price);
        },
        explain: ({ move, stream }) =>
          `price ${move.price} is ${(1 + distance(move.price, stream.prices?.trusted ?? NaN)).toPrecision(3)} times away from ${stream.prices?.trusted}, ${move.gapS} s after the event before`,
      };
    },
  };
}

/** What can be said of a bad print without knowing what comes: only afterwards. */
export function badPrint<C>(): MarketRule<C> {
  return {
    ...infoOf(
      BAD_PRINT,
      'Price is back where it was before the last few, which were far from it and which nothing confirmed: those were bad prints. The finding stands at the price that takes them back; it names their time.',
    ),
    prepare: (rule) => {
      const most = rule.number('prints');
      return {
        broken: ({ move, stream }) => {
          const { prices } = stream;
          return prices !== undefined && prices.away <= most && prices.takesBack(move);
        },
        explain: ({ move, stream: { prices } }) =>
          `price ${move.price} takes back ${prices?.last} (${prices?.away} from ${formatNs(prices?.awayNs ?? 0n)} on), before which it was ${prices?.trusted}`,
      };
    },
  };
}

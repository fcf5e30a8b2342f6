import type { PriceBasis, PriceType, Result } from '@tickwell/domain';
import type { ProviderContext } from './context.ts';
import type { ProviderKind, ProviderRow } from './rows.ts';

/**
 * A source of market data of your own. A TypeScript or JavaScript module exports one as its default:
 *
 *     import type { Provider } from '@tickwell/provider';
 *
 *     export default {
 *       name: 'my-vendor',
 *       kinds: ['bars'],
 *       intervals: ['1d'],
 *       priceBasis: 'raw',
 *       async *history({ symbol, from, to }, context) {
 *         ...
 *         yield { time: '2026-03-02', open: 1, high: 2, low: 1, close: 2 };
 *       },
 *     } satisfies Provider;
 *
 * docs/providers.md has the recipe; `tickwell source check FILE` says what is wrong with one.
 */
export interface Provider {
  /** The source on every event: 1 to 32 of a-z, 0-9 and -, not that of a built-in source. */
  readonly name: string;
  /** One line for people. */
  readonly description?: string;
  /** What `history` delivers; with no `history`, what `live` does. */
  readonly kinds: readonly ProviderKind[];
  /** Where `live` delivers something else. */
  readonly liveKinds?: readonly ProviderKind[];
  /** Of the bars, in Tickwell's words: 1m, 5m, 1h, 1d, 1w, 1mo. */
  readonly intervals?: readonly string[];
  /** To which corporate actions prices are adjusted: raw, split-adjusted, all (also dividends). Needed with prices. */
  readonly priceBasis?: Exclude<PriceBasis, 'unspecified'>;
  /** Which price bars are built of; default trade. */
  readonly priceType?: PriceType;
  /** There is nothing before this date. */
  readonly earliest?: string;
  /** A symbol that always has data, as the provider writes it: what `tickwell source check` asks for. */
  readonly example?: string;
  readonly limits?: ProviderLimits;
  /**
   * All rows of one symbol in [from, to), in order of time. What lies outside of it is left out; so are bars that have not ended. It may
   * be asked again for any part of a span and must then answer the same rows.
   */
  history?(request: HistoryRequest, context: ProviderContext): Rows;
  /**
   * Rows of all the symbols as they happen, until the signal fires; each symbol's in order of time. When it ends or fails it is started
   * again after a pause.
   */
  live?(request: LiveRequest, context: ProviderContext): Rows;
}

/** What an `async *` method answers; a list will do for history. */
export type Rows =
  | AsyncIterable<ProviderRow>
  | Iterable<ProviderRow>
  | Promise<AsyncIterable<ProviderRow> | Iterable<ProviderRow>>;

/** What Tickwell keeps to for the provider. Left out: 2 requests a second, one at a time, 30 seconds, no limit of the span. */
export interface ProviderLimits {
  readonly requestsPerSecond?: number;
  readonly requestsPerMinute?: number;
  readonly requestsPerHour?: number;
  readonly requestsPerDay?: number;
  /** Requests under way at once. */
  readonly parallel?: number;
  /** Most days that one call of `history` is asked for; longer spans become several calls. */
  readonly daysPerRequest?: number;
  /** How long one answer may take, and how long a call of `history` may be silent, in seconds. */
  readonly timeoutSeconds?: number;
  /** Live: after so long without a row it is started again; left out: silence is nothing special. */
  readonly liveSilenceSeconds?: number;
  /** Providers that share a key share their limits; default: the name. */
  readonly group?: string;
}

export interface HistoryRequest {
  /** The provider's own symbol, never Tickwell's id. */
  readonly symbol: string;
  readonly kind: ProviderKind;
  /** Of bars, else "". */
  readonly interval: string;
  readonly from: Date;
  /** Not part of it. */
  readonly to: Date;
}

export interface LiveRequest {
  readonly symbols: readonly string[];
  readonly kinds: readonly ProviderKind[];
  /** Of bars, else "". */
  readonly interval: string;
}

/**
 * Makes a provider of one type of definition (a JSON document with `"type"`): what is wrong with it is every problem at once, each with
 * its path below `where`. The types known to a process are given to the provider feed by whoever wires it.
 */
export type DefinitionReader = (definition: unknown, where: string) => Result<Provider, readonly string[]>;

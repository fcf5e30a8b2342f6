/**
 * A moment. A `Date`; ns since the epoch as a `bigint`; or ISO 8601 with its zone, such as `2026-03-02T14:30:00Z` or
 * `2026-03-02T09:30:00-05:00`. What belongs to a day (bars of a day and longer, ex dates, ends of periods) is the date alone,
 * `2026-03-02`: the day at the exchange. A time of day without a zone, and a number, are refused: nobody could say what they mean.
 */
export type Time = Date | bigint | string;

/** What a provider can deliver. */
export const PROVIDER_KINDS = ['bars', 'trades', 'quotes', 'actions', 'fundamentals'] as const;

export type ProviderKind = (typeof PROVIDER_KINDS)[number];

interface RowBase {
  /** The provider's symbol. Live rows need it; of history it may be left out, for only one symbol was asked for. */
  readonly symbol?: string;
  /** What the vendor sent. If the row is refused, this is kept with the refusal; left out, the row itself is. */
  readonly raw?: unknown;
}

/** `time`: the start of the bar. A source without volumes leaves `volume` out; 0 says that nothing was traded. */
export interface BarRow extends RowBase {
  readonly kind?: 'bars';
  readonly time: Time;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume?: number | null;
  readonly vwap?: number | null;
  readonly tradeCount?: number | null;
}

export interface TradeRow extends RowBase {
  readonly kind?: 'trades';
  readonly time: Time;
  readonly price: number;
  /** Left out: not known, which is stored as 0. */
  readonly size?: number | null;
  /** The vendor's own number of the trade, where it grows; left out: Tickwell counts the trades of equal time. */
  readonly seq?: number | bigint;
  readonly conditions?: string;
  readonly venue?: string;
}

/** A side without a quote is null or left out. */
export interface QuoteRow extends RowBase {
  readonly kind?: 'quotes';
  readonly time: Time;
  readonly bid?: number | null;
  readonly ask?: number | null;
  readonly bidSize?: number | null;
  readonly askSize?: number | null;
  readonly seq?: number | bigint;
}

/** A dividend (`amount` a share) or a split (`to` new shares for `from` old ones: 4 and 1 in a 4:1 split). */
export interface ActionRow extends RowBase {
  readonly kind?: 'actions';
  /** The ex date. */
  readonly time: Time;
  readonly dividend?: { readonly amount: number; readonly currency?: string };
  readonly split?: { readonly from: number; readonly to: number };
}

/** `time`: the end of the period. `periodType`: what the value is of. */
export interface FundamentalRow extends RowBase {
  readonly kind?: 'fundamentals';
  readonly time: Time;
  readonly item: string;
  readonly periodType: 'annual' | 'quarterly' | 'ttm' | 'instant';
  readonly value: number;
  readonly currency?: string;
}

/** Something the vendor sent that is no event: why, on one line, and what it was. It is filed as a refusal, and later rows go on. */
export interface RefusedRow extends RowBase {
  readonly kind?: ProviderKind;
  readonly refused: string;
}

/** Where several kinds were asked for (live), `kind` says which one the row is. */
export type ProviderRow = BarRow | TradeRow | QuoteRow | ActionRow | FundamentalRow | RefusedRow;

import type { TimeZone } from '@tickwell/domain';
import type { PriceBasis, PriceType } from '@tickwell/domain';
import type { ProviderErrorCode, ProviderKind, ProviderLimits } from '@tickwell/provider';
import type { DateStyle } from './template.ts';

/** A definition of an HTTP provider, checked and complete. docs/providers.md has every property. */
export interface HttpDefinition {
  readonly name: string;
  readonly description: string;
  readonly example: string | undefined;
  /** Which symbols the vendor has; undefined: any. */
  readonly symbols: RegExp | undefined;
  /** Reference of the key; undefined: none is needed. */
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly priceBasis: Exclude<PriceBasis, 'unspecified'> | undefined;
  readonly priceType: PriceType | undefined;
  readonly earliest: string | undefined;
  readonly limits: ProviderLimits;
  /** Tickwell's interval → the vendor's word. */
  readonly intervals: ReadonlyMap<string, string>;
  readonly errors: readonly ErrorRule[];
  readonly series: ReadonlyMap<ProviderKind, SeriesDefinition>;
}

/** What an answer means. The first rule that fits decides. */
export interface ErrorRule {
  /** Of the answer; undefined: any. */
  readonly status: number | undefined;
  /** What the body holds; undefined: anything. */
  readonly pattern: RegExp | undefined;
  readonly code: ProviderErrorCode;
  /** What to do, for people; "": what the vendor says is enough. */
  readonly remedy: string;
}

/** How one kind is asked for, and what its answer is. */
export interface SeriesDefinition {
  readonly kind: ProviderKind;
  readonly url: string;
  readonly dates: DateStyle;
  readonly answer: AnswerFormat;
  readonly columns: ReadonlyMap<ColumnRole, ColumnRef>;
  readonly time: { readonly format: string; readonly zone: TimeZone; readonly stamp: 'start' | 'end' };
  /** Texts that say that there is no value. */
  readonly nulls: ReadonlySet<string>;
  readonly order: 'ascending' | 'descending';
  readonly paging: Paging | undefined;
}

export type AnswerFormat =
  | {
      readonly format: 'json';
      /** Properties from the root to the rows; empty: the root. */
      readonly rows: readonly string[];
      /** Rows are objects, lists of values, or each column is a list. */
      readonly layout: 'objects' | 'arrays' | 'columns';
    }
  | {
      readonly format: 'csv';
      readonly delimiter: string;
      readonly header: boolean;
      readonly skipLines: number;
      /** Lines that begin with it are none; "": there are none. */
      readonly comment: string;
    };

/** A column by its name (dots lead into objects) or index; several are joined with a space; or a value of every row. */
export type ColumnRef =
  | { readonly kind: 'columns'; readonly of: readonly (string | number)[] }
  | { readonly kind: 'constant'; readonly value: string | number };

export type Paging =
  | { readonly type: 'page'; readonly first: number; readonly size: number | undefined }
  | { readonly type: 'offset'; readonly size: number }
  | { readonly type: 'next'; readonly path: readonly string[] }
  | { readonly type: 'cursor'; readonly path: readonly string[] };

export const ROLES: Readonly<
  Record<ProviderKind, { readonly required: readonly ColumnRole[]; readonly optional: readonly ColumnRole[] }>
> = {
  bars: {
    required: ['time', 'open', 'high', 'low', 'close'],
    optional: ['volume', 'vwap', 'tradeCount'],
  },
  trades: { required: ['time', 'price'], optional: ['size', 'seq', 'conditions', 'venue'] },
  quotes: { required: ['time', 'bid', 'ask'], optional: ['bidSize', 'askSize', 'seq'] },
  actions: { required: ['time'], optional: ['dividend', 'currency', 'splitFactor', 'splitFrom', 'splitTo'] },
  fundamentals: { required: ['time', 'item', 'periodType', 'value'], optional: ['currency'] },
};

export type ColumnRole =
  | 'time'
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'volume'
  | 'vwap'
  | 'tradeCount'
  | 'price'
  | 'size'
  | 'seq'
  | 'conditions'
  | 'venue'
  | 'bid'
  | 'ask'
  | 'bidSize'
  | 'askSize'
  | 'dividend'
  | 'currency'
  | 'splitFactor'
  | 'splitFrom'
  | 'splitTo'
  | 'item'
  | 'periodType'
  | 'value';

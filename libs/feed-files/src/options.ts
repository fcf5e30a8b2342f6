import { createHash } from 'node:crypto';
import type { PriceBasis, PriceType, Result } from '@tickwell/domain';
import { checkSymbol, err, ok, parseInterval, TickwellError } from '@tickwell/domain';

/** What an event needs of a row. Which of them apply depends on the kind. */
export type Role =
  | 'time'
  | 'symbol'
  | 'seq'
  | 'price'
  | 'size'
  | 'conditions'
  | 'venue'
  | 'bid'
  | 'ask'
  | 'bidSize'
  | 'askSize'
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'volume'
  | 'vwap'
  | 'tradeCount';

/** A column by its name or its index from 0; several are joined with a space (a date and a time column). */
export type ColumnRef = string | number | readonly (string | number)[];

export type ColumnMapping = Readonly<Partial<Record<Role, ColumnRef>>>;

export type FileFormat = 'csv' | 'jsonl' | 'json' | 'parquet' | 'arrow';

/** How one file becomes one stream of events. */
export interface FileSourceOptions {
  readonly path: string;
  /** Name inside a zip or jar; may be left out where the archive holds one file. */
  readonly entry?: string;
  readonly format?: FileFormat | 'auto';
  readonly kind: 'trades' | 'quotes' | 'bars';
  /** Overrides what the header names suggest. */
  readonly mapping?: ColumnMapping;
  /** One instrument for the whole file; left out, a column says it. */
  readonly symbol?: string;
  /** Bars only: "1m", "1d", … */
  readonly interval?: string;
  /** Bars only; default "trade". */
  readonly priceType?: PriceType;
  readonly priceBasis: PriceBasis;
  /** Names the source: "file:<dataset>". */
  readonly dataset: string;
  /** IANA name or fixed offset of times that say none themselves; default UTC. */
  readonly timeZone?: string;
  /** "auto" (default), "epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "ms-of-day" or a pattern such as "DD/MM/YYYY HH:mm:ss". */
  readonly timeFormat?: string;
  /** The day of "ms-of-day" times, YYYY-MM-DD. */
  readonly baseDate?: string;
  /** Bars only: whether rows are stamped with the start (default) or the end of the bar. */
  readonly barTime?: 'start' | 'end';
  /** Prices are divided by it; 10000 for files that hold integers × 10,000. Default 1. */
  readonly priceDivisor?: number;
  /** CSV: one character; default: found out. */
  readonly delimiter?: string;
  /** CSV: whether the first line names the columns; default: found out. */
  readonly header?: boolean | 'auto';
  /** CSV and JSON lines: lines before the first (header) line. */
  readonly skipLines?: number;
  /** JSON: name of the property that holds the rows; default: the only array. */
  readonly recordsAt?: string;
  /** "descending" reads a newest-first file of at most 64 MiB backwards; "auto" (default) looks at its first rows. */
  readonly order?: 'ascending' | 'descending' | 'auto';
}

/** Expected failures: `code` is stable, the message names the file, the place and the fix. */
export class FileFeedError extends TickwellError {
  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, { cause });
    this.name = 'FileFeedError';
  }
}

const DATASET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Checks what can be checked without the file; all errors at once. */
export function checkOptions(options: FileSourceOptions): Result<FileSourceOptions, FileFeedError> {
  const wrong: string[] = [];
  if (!DATASET.test(options.dataset))
    wrong.push(`dataset "${options.dataset}" must be 1 to 64 of A-Z a-z 0-9 . _ -`);
  if (options.symbol !== undefined) {
    const symbol = checkSymbol(options.symbol);
    if (!symbol.ok) wrong.push(`symbol ${symbol.error}`);
    if (options.mapping?.symbol !== undefined)
      wrong.push('give either one symbol for the file or a symbol column, not both');
  }
  if (options.kind === 'bars') {
    const interval = options.interval === undefined ? undefined : parseInterval(options.interval);
    if (interval === undefined) wrong.push('bars need an interval, for example 1m or 1d');
    else if (!interval.ok) wrong.push(interval.error);
  } else if (options.interval !== undefined) {
    wrong.push(`an interval belongs to bars, not to ${options.kind}`);
  }
  const divisor = options.priceDivisor ?? 1;
  if (!Number.isFinite(divisor) || divisor <= 0) wrong.push(`priceDivisor ${divisor} must be above 0`);
  if (options.delimiter !== undefined && !/^[^"\r\n]$/.test(options.delimiter))
    wrong.push('delimiter must be one character, not a quote');
  const skip = options.skipLines ?? 0;
  if (!Number.isInteger(skip) || skip < 0 || skip > 1000) wrong.push('skipLines must be 0 to 1000');
  if (wrong.length === 0) return ok(options);
  return err(new FileFeedError('file-options', `${options.path}: ${wrong.join('; ')}`));
}

/**
 * Eight hex digits of everything that decides which events a content becomes; where the file lies is no part of it. With the
 * hash of the content it is the identity of the stream.
 */
export function mappingHash(options: FileSourceOptions): string {
  const meaning = Object.fromEntries(
    Object.entries(options).filter(([name]) => name !== 'path' && name !== 'entry'),
  );
  const canonical = JSON.stringify(meaning, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(canonical).digest('hex').slice(0, 8);
}

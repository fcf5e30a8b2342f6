import type { BarQuery, SeriesQuery } from '@tickwell/ports';

/** The whole series that something is asked of: neither range nor limit. */
export function seriesOf(query: SeriesQuery & Pick<BarQuery, 'interval' | 'priceType' | 'asOf'>): BarQuery {
  const { symbol, interval, priceType, source, asOf, signal } = query;
  return {
    symbol,
    interval,
    priceType,
    ...(source === undefined ? {} : { source }),
    ...(asOf === undefined ? {} : { asOf }),
    ...(signal === undefined ? {} : { signal }),
  };
}

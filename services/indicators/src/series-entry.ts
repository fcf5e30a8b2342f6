import type { PriceBasis, PriceType } from '@tickwell/domain';
import type { IndicatorSeries } from '@tickwell/indicators';
import type { SeriesWarmUp } from './series-warm-up.ts';
import type { ServiceSettings } from './settings.ts';

/** One series of bars of a symbol. */
export interface SeriesEntry {
  readonly source: string;
  readonly interval: string;
  readonly priceType: PriceType;
  readonly indicators: IndicatorSeries;
  /** Of its newest bars. */
  priceBasis: PriceBasis;
  /** By which {@link indicators} are configured; undefined: not since the state was read. */
  settings: ServiceSettings | undefined;
  /** That is under way. */
  warmUp: SeriesWarmUp | undefined;
}

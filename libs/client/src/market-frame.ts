import type { BarFrame } from '@tickwell/validation';
import type { Bar } from './rows.ts';

/** What a frame takes of a bar; rows of a file or of another vendor have as much. */
export type FrameBar = Pick<Bar, 'startNs' | 'open' | 'high' | 'low' | 'close' | 'volume'>;

/** Bars of one instrument as the columns that {@link validateMarketData} and {@link processMarketData} judge; rows in any order. */
export function barFrame(symbol: string, bars: readonly FrameBar[]): BarFrame {
  const column = (of: (bar: FrameBar) => number): Float64Array => Float64Array.from(bars, of);
  const hasVolume = bars.some(({ volume = NaN }) => !Number.isNaN(volume));
  return {
    symbol,
    timeNs: BigInt64Array.from(bars, ({ startNs }) => startNs),
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    ...(hasVolume ? { volume: column(({ volume = NaN }) => volume) } : {}),
  };
}

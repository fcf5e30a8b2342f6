import type { BarQuery } from '@tickwell/ports';
import type { BestChunk } from '../best-bars.ts';

export type SeriesChunk = BestChunk & { readonly contract?: string };

/** Bars as GetBars answers them. */
export type ReadBars = (query: BarQuery) => AsyncIterable<SeriesChunk>;

/** What indicators read of bars. */
export const BAR_COLUMNS = ['startNs', 'open', 'high', 'low', 'close', 'volume', 'vwap'];

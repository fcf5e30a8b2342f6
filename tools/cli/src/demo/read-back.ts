import type { TickwellClient } from '@tickwell/client';
import type { StoredSeries } from '../stored.ts';

/** Reads a whole series over gRPC and counts its rows. */
export async function readBack(client: TickwellClient, series: StoredSeries): Promise<number> {
  const { symbol, source, interval, specId } = series;
  let rows = 0;
  switch (series.kind) {
    case 'trades':
      for await (const chunk of client.ticks({ symbol, source, columns: ['price', 'size'] }))
        rows += chunk.trades.timeNs.length;
      break;
    case 'quotes':
      for await (const chunk of client.quotes({ symbol, source })) rows += chunk.quotes.timeNs.length;
      break;
    case 'bars':
      for await (const chunk of client.bars({ symbol, source, interval })) rows += chunk.bars.startNs.length;
      break;
    case 'indicators':
      for await (const chunk of client.indicators({ symbol, source, interval, specId, mode: 'stored' }))
        rows += chunk.startNs.length;
      break;
  }
  return rows;
}

import type { Bar } from './bar.ts';
import type { EmptyIntervals } from './builder.ts';
import { nextSlot, type BarGrid } from './grid.ts';
import { MAX_EMPTY_RUN } from './interval-bars.ts';
import { TradeBar } from './trade-bar.ts';

/** The empty intervals of a grid between one bar and a later one, by the policy; of more than 1,500 in a row the first ones. */
export function emptyBetween(
  grid: BarGrid,
  empty: EmptyIntervals,
  last: Pick<Bar, 'startNs' | 'close' | 'knownAtNs'>,
  beforeNs: bigint,
): readonly Bar[] {
  const bars: Bar[] = [];
  if (empty === 'absent') return bars;
  let slot = grid.slotOf(last.startNs);
  while (slot !== undefined && bars.length < MAX_EMPTY_RUN) {
    slot = nextSlot(grid, slot.endNs);
    if (slot === undefined || slot.startNs >= beforeNs) break;
    const price = empty === 'carried' ? last.close : NaN;
    bars.push(TradeBar.empty(slot.startNs, price, last.knownAtNs).toBar(false));
  }
  return bars;
}

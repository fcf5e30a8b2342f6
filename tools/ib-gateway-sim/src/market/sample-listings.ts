import { cryptoCalendar, usStockCalendar } from './calendar.ts';
import type { Listing } from './listing.ts';
import { APPLE, coin, endless } from './recorded-listings.ts';
import { recordingOfBars } from './recording.ts';
import { sampleApple, sampleBitcoin, sampleEther } from './sources/sample.ts';

/** The market of a machine without recorded data: what comes in the JAR of ta4j-examples. */
export function sampleListings(jar: string): readonly Listing[] {
  const coins = cryptoCalendar();
  const shares = usStockCalendar();
  const both = { hasTrades: true, hasQuotes: true };
  return [
    endless(
      { instrument: APPLE, calendar: shares, ...both },
      recordingOfBars({
        id: 'sample AAPL',
        calendar: shares,
        tick: 0.01,
        exchange: 'NASDAQ',
        trades: () => sampleApple(jar, shares),
        minCoverage: 0,
      }),
    ),
    endless(
      { instrument: coin(479624278, 'BTC', 'Bitcoin cryptocurrency'), calendar: coins, ...both },
      sampleBitcoin(jar, 'sample BTC'),
    ),
    endless(
      { instrument: coin(495759171, 'ETH', 'Ethereum cryptocurrency'), calendar: coins, ...both },
      recordingOfBars({
        id: 'sample ETH',
        calendar: coins,
        tick: 0.01,
        exchange: 'PAXOS',
        trades: () => sampleEther(jar),
        minCoverage: 0.7,
      }),
    ),
  ];
}

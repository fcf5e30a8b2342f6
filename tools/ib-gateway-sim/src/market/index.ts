import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sampleJarPath } from '@tickwell/local-stack';
import type { Logger } from '@tickwell/ports';
import { createFundamentals } from './fundamentals.ts';
import type { Market } from './market.ts';
import { recordedListings } from './recorded-listings.ts';
import { createReplayedMarket } from './replayed-market.ts';
import { sampleListings } from './sample-listings.ts';

export interface MarketOptions {
  /** The recorded data; without: `TICKWELL_TEST_DATA`, or the folder `shared/data` beside the checkout where it exists. */
  readonly dataDir?: string | undefined;
  /** The JAR of ta4j-examples for a machine without recorded data; without: fetched. */
  readonly sampleJar?: string | undefined;
  readonly logger: Logger;
  /** The simulated clock, ms since the epoch: contracts of futures are listed around it. */
  readonly now?: (() => number) | undefined;
}

const BESIDE_THE_CHECKOUT = join(import.meta.dirname, '../../../../../shared/data');

/**
 * A market that replays recorded days on the simulated calendar, for ever. Recorded is what happened within a day: prices, sizes,
 * the order of events, to the resolution of the file. Mapped is the date: every trading day of the exchange replays a recorded day
 * of the same weekday, recorded week after recorded week, at the same time of day; where the recording begins again the price
 * jumps. Made are the single trades and quotes of recordings that have bars only (aggregated they give the bars back), the quotes of
 * those that have trades only, and the conIds of futures. See the README of this folder for which is which.
 *
 * @throws Error where a given folder does not exist, or LocalStackError where the sample cannot be fetched.
 */
export async function createMarket(options: MarketOptions): Promise<Market> {
  const nowMs = options.now?.() ?? Date.now();
  const dataDir = options.dataDir ?? (options.sampleJar === undefined ? foundDataDir() : undefined);
  if (dataDir !== undefined) {
    if (!existsSync(dataDir))
      throw new Error(`${dataDir}: no such folder of recorded data; leave it out to use the sample`);
    const listings = recordedListings(dataDir, nowMs);
    options.logger.info({ dataDir, instruments: listings.length }, 'the market replays the recorded data');
    return createReplayedMarket(listings, createFundamentals(dataDir));
  }
  const jar = options.sampleJar ?? (await sampleJarPath());
  options.logger.info({ jar }, 'the market replays the sample: there is no folder of recorded data');
  return createReplayedMarket(sampleListings(jar), () => undefined);
}

function foundDataDir(): string | undefined {
  const named = process.env['TICKWELL_TEST_DATA'];
  if (named !== undefined && named !== '') return named;
  return existsSync(BESIDE_THE_CHECKOUT) ? BESIDE_THE_CHECKOUT : undefined;
}

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { ContentHash } from './content-hash.ts';
import { mulberry32 } from './random.ts';

export const START_NS = 1_700_000_000_000_000_000n;
const LINES_A_CHUNK = 5_000;

export interface GeneratedTrades {
  readonly path: string;
  readonly rows: number;
  readonly symbols: readonly string[];
  /** Over (symbol, time, seq, price, size) of every row. */
  readonly hash: string;
}

/**
 * Writes a CSV of trades, symbols interleaved, the same for the same arguments: random walks in cents from a seeded generator,
 * about every eleventh trade at the time of the one before of its symbol (so that ordinals matter).
 */
export async function generateTrades(options: {
  readonly path: string;
  readonly rows: number;
  readonly symbols: number;
  readonly seed?: number;
  /** Time from one row to the next; default 1 ms. */
  readonly stepNs?: bigint;
  /** Time of the row before the first. */
  readonly startNs?: bigint;
}): Promise<GeneratedTrades> {
  const stepNs = options.stepNs ?? 1_000_000n;
  const startNs = options.startNs ?? START_NS;
  const random = mulberry32(options.seed ?? 1);
  const series = Array.from({ length: options.symbols }, (_, i) => ({
    symbol: `SYM${String(i).padStart(3, '0')}`,
    cents: 10_000 + i * 100,
    timeNs: startNs,
    seq: 0n,
  }));
  const hash = new ContentHash();
  const out = createWriteStream(options.path);
  let text = 'time,symbol,price,size\n';
  for (let row = 0; row < options.rows; row += 1) {
    const one = series[Math.floor(random() * series.length)];
    if (one === undefined) continue;
    const sameTime = row > 0 && random() < 0.09;
    one.seq = sameTime && one.timeNs > startNs ? one.seq + 1n : 0n;
    if (one.seq === 0n) one.timeNs = startNs + BigInt(row + 1) * stepNs;
    one.cents = Math.max(100, one.cents + Math.floor(random() * 21) - 10);
    const price = one.cents / 100;
    const size = 1 + Math.floor(random() * 500);
    hash.add(one.symbol, one.timeNs, one.seq, price, size);
    text += `${one.timeNs},${one.symbol},${price},${size}\n`;
    if (row % LINES_A_CHUNK === LINES_A_CHUNK - 1) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await finished(out);
  return {
    path: options.path,
    rows: options.rows,
    symbols: series.map((one) => one.symbol),
    hash: hash.digest(),
  };
}

import { TABLES } from '@tickwell/contracts';
import { queryStore } from '../store.ts';
import type { Span } from './missing-days.ts';

/** A span of history that was read to its end. Times in ns since the epoch. */
export interface AskedSpan {
  readonly span: Span;
  readonly atNs: bigint;
}

/** What a stream of history was asked for, beside its span. */
export interface AskedOf {
  readonly symbol: string;
  /** As streams are named: "1h:TRADES", "trades". */
  readonly what: string;
  readonly useRth: boolean;
}

const NS_PER_SECOND = 1_000_000_000n;

/** The spans of a series of Interactive Brokers that finished streams asked for: their names say so (libs/feed-ib, HistorySource). */
export async function askedHistory(
  httpUrl: string,
  source: string,
  of: AskedOf,
): Promise<readonly AskedSpan[]> {
  const rows = await queryStore(
    httpUrl,
    `select stream, cast(max(ts) as long) from ${TABLES.sourceStatus.name} where source = '${source}' and state = 'finished' group by stream`,
  );
  return rows.flatMap(([stream, atNs]) => {
    const span = spanOf(String(stream ?? ''), of);
    // To the nearest µs: what a number of JSON holds.
    return span === undefined ? [] : [{ span, atNs: BigInt(Math.round(Number(atNs))) }];
  });
}

/** The span of a stream's name where it is one of this series, whatever contract it was of. */
export function spanOf(stream: string, { symbol, what, useRth }: AskedOf): Span | undefined {
  const prefix = `ib:history:${symbol}:`;
  if (!stream.startsWith(prefix)) return undefined;
  const match = /^\d+:(.+):(rth|all):(\d+)-(\d+)(?::again-\d+)?$/.exec(stream.slice(prefix.length));
  const [, of, hours, from, to] = match ?? [];
  if (of !== what || hours !== (useRth ? 'rth' : 'all') || from === undefined || to === undefined)
    return undefined;
  return { fromNs: BigInt(from) * NS_PER_SECOND, toNs: BigInt(to) * NS_PER_SECOND };
}

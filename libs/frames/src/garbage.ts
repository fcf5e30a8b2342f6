import { chainOf, type ChainRow } from './cover.ts';
import { filesOf } from './manifest.ts';

/** A chain of a frame with those of its versions that can still be read. */
export interface LiveChain {
  /** All writes from the base to the newest version, and merges of them. */
  readonly rows: readonly ChainRow[];
  readonly base: number;
  /** Versions that are neither pruned nor of a frame that is gone. */
  readonly live: readonly number[];
}

/**
 * Hashes of files that rows name and no live version is read from: those of pruned versions, and those that merges stand for in
 * every live one. Files are named by contents and can be of several frames, so all the chains of a store are looked at at once.
 */
export function garbage(chains: readonly LiveChain[]): readonly string[] {
  const needed = new Set<string>();
  const named = new Set<string>();
  for (const { rows, base, live } of chains) {
    for (const { segments } of rows) for (const { sha256 } of segments) named.add(sha256);
    if (live.length === 0) continue;
    const chain = chainOf(rows, { from: base, to: Math.max(...live) });
    for (const version of live) for (const sha256 of filesOf(chain, version)) needed.add(sha256);
  }
  return [...named].filter((sha256) => !needed.has(sha256));
}

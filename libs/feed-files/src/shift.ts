import {
  intervalStartNs,
  NS_PER_DAY,
  pickBars,
  pickQuotes,
  pickTrades,
  utcDateNumber,
} from '@tickwell/domain';
import type { FeedChunk } from '@tickwell/ports';
import { intervalOf } from './merge.ts';

/** What a shift of these events must be a multiple of, so that bars stay on their grid and days stay days. */
function alignmentNs(chunk: FeedChunk): bigint {
  if (chunk.kind === 'trades' || chunk.kind === 'quotes' || chunk.kind === 'portfolio') return 1n;
  const interval = chunk.kind === 'bars' ? intervalOf(chunk.interval) : undefined;
  return interval?.kind === 'fixed' ? interval.lengthNs : NS_PER_DAY;
}

/** The events at `indexes` under new positions, moved in time. */
export function shiftedPick(
  chunk: FeedChunk,
  indexes: readonly number[],
  positions: bigint[],
  shiftNs: bigint,
): FeedChunk {
  const move = (ns: bigint): bigint => ns + floorTo(shiftNs, alignmentNs(chunk));
  switch (chunk.kind) {
    case 'trades': {
      const trades = pickTrades(chunk.trades, indexes);
      return { ...chunk, trades: { ...trades, timeNs: trades.timeNs.map(move) }, positions };
    }
    case 'quotes': {
      const quotes = pickQuotes(chunk.quotes, indexes);
      return { ...chunk, quotes: { ...quotes, timeNs: quotes.timeNs.map(move) }, positions };
    }
    case 'bars': {
      const bars = pickBars(chunk.bars, indexes);
      const interval = intervalOf(chunk.interval);
      const startNs = bars.startNs.map((start) =>
        interval === undefined ? move(start) : intervalStartNs(interval, move(start)),
      );
      return {
        ...chunk,
        bars: {
          ...bars,
          startNs,
          sessionDate: bars.sessionDate.length === 0 ? [] : startNs.map(utcDateNumber),
        },
        positions,
      };
    }
    case 'fundamentals': {
      const items = indexes.flatMap((index, at) =>
        chunk.items
          .slice(index, index + 1)
          .map((item) => ({ ...item, position: positions[at] ?? 0n, periodEndNs: move(item.periodEndNs) })),
      );
      return { ...chunk, items, positions };
    }
    case 'actions': {
      const actions = indexes.flatMap((index, at) =>
        chunk.actions
          .slice(index, index + 1)
          .map((action) => ({ ...action, position: positions[at] ?? 0n, exDateNs: move(action.exDateNs) })),
      );
      return { ...chunk, actions, positions };
    }
    case 'portfolio': {
      const items = indexes.flatMap((index) =>
        chunk.items.slice(index, index + 1).map((item) => ({ ...item, timeNs: move(item.timeNs) })),
      );
      return { ...chunk, items, positions };
    }
  }
}

/** Rounds down to a multiple. */
function floorTo(value: bigint, unit: bigint): bigint {
  const rest = value % unit;
  return rest < 0n ? value - rest - unit : value - rest;
}

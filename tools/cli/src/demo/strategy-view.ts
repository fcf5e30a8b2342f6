import type { MarketEvent, StreamEvent, TickwellClient } from '@tickwell/client';
import { formatNs } from '@tickwell/domain';
import { formatCount } from '../format/numbers.ts';

const PRICE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 4, useGrouping: false });

const SHOWN_BARS = 3;

type BarsEvent = Extract<MarketEvent, { kind: 'bars' | 'forming-bars' }>;

/** What a strategy sees of one message: the newest bars a line each, everything else on one. */
export function eventLines(event: StreamEvent): readonly string[] {
  return event.kind === 'bars' || event.kind === 'forming-bars' ? barTexts(event) : [eventText(event)];
}

function barTexts({ kind, symbol, interval, bars }: BarsEvent): readonly string[] {
  const name = kind === 'bars' ? 'bar' : 'forming bar';
  const { startNs, open, high, low, close, volume } = bars;
  const first = Math.max(0, startNs.length - SHOWN_BARS);
  return startNs.slice(first).map((start, offset) => {
    const at = first + offset;
    const [o, h, l, c] = [open, high, low, close].map((column) => PRICE.format(column[at] ?? 0));
    const v = volume[at];
    return `${formatNs(start)} ${symbol} ${name} ${interval} o ${o} h ${h} l ${l} c ${c}${v === undefined ? '' : ` v ${PRICE.format(v)}`}`;
  });
}

function eventText(event: Exclude<StreamEvent, BarsEvent>): string {
  if (event.kind === 'live')
    return `-- live from here, after ${formatCount(event.historyEvents)} events of history --`;
  if (event.kind === 'snapshot-end')
    return `-- the newest of ${formatCount(event.series)} series; from here on what comes after --`;
  const at = (ns: bigint | undefined): string => (ns === undefined ? '' : formatNs(ns));
  switch (event.kind) {
    case 'trades': {
      const { timeNs, price, size } = event.trades;
      return `${at(timeNs.at(-1))} ${event.symbol} ${timeNs.length} trades, last ${PRICE.format(price.at(-1) ?? 0)} x ${PRICE.format(size.at(-1) ?? 0)}`;
    }
    case 'quotes': {
      const { timeNs, bidPrice, askPrice } = event.quotes;
      return `${at(timeNs.at(-1))} ${event.symbol} quote ${PRICE.format(bidPrice.at(-1) ?? 0)} / ${PRICE.format(askPrice.at(-1) ?? 0)}`;
    }
    case 'indicators': {
      const { startNs, warm, outputs } = event.values;
      const values = outputs.map(({ name, value }) => `${name} ${PRICE.format(value.at(-1) ?? Number.NaN)}`);
      const cold = warm.at(-1) === true ? '' : ' (not warm yet)';
      return `${at(startNs.at(-1))} ${event.symbol} ${event.specId} ${event.interval}: ${values.join(', ')}${cold}`;
    }
  }
}

/** The last history of a symbol's bars and indicators as a subscriber gets it, up to where it turns live. */
export async function* historyView(
  client: TickwellClient,
  options: {
    readonly symbol: string;
    readonly source: string;
    readonly interval: string;
    readonly sinceNs: bigint;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<StreamEvent> {
  const { symbol, source, interval, sinceNs, signal } = options;
  const subscription = client.subscribe({
    symbols: [symbol],
    kinds: ['bars', 'indicators'],
    intervals: [interval],
    source,
    sinceNs,
    signal,
  });
  for await (const event of subscription) {
    yield event;
    if (event.kind === 'live') return;
  }
}

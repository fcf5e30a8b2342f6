import { SILENT, type FeedItem } from '@tickwell/ports';
import { describe, expect, it } from 'vitest';
import { FakeClock, refusals } from './fixtures/network.ts';
import { QUOTE_SERIES, YahooQuotes, type QuoteSeries, type YahooState } from './quotes.ts';
import { err, ok, TickwellError, type Result } from '@tickwell/domain';

const T0 = Date.UTC(2026, 0, 1) / 1000;

type Entry = Readonly<Record<string, unknown>>;

function entry(more: Entry = {}): Entry {
  return {
    symbol: 'A',
    marketState: 'REGULAR',
    regularMarketPrice: 10,
    regularMarketTime: T0,
    bid: 9,
    bidSize: 2,
    ask: 11,
    askSize: 3,
    ...more,
  };
}

interface Polled {
  readonly all: readonly FeedItem[];
  /** Seconds from the first poll to each. */
  readonly polls: readonly number[];
  readonly states: readonly YahooState[];
}

/** What becomes of these answers, one poll each. */
async function poll(
  answers: readonly (readonly Entry[] | TickwellError)[],
  series: readonly QuoteSeries[] = QUOTE_SERIES,
): Promise<Polled> {
  const clock = new FakeClock();
  const stop = new AbortController();
  const polls: number[] = [];
  const states: YahooState[] = [];
  const quotes = (): Promise<Result<unknown, TickwellError>> => {
    const answer = answers[polls.length];
    polls.push(clock.ms / 1000 - T0);
    if (polls.length >= answers.length)
      setImmediate(() => {
        stop.abort();
      });
    return Promise.resolve(
      answer instanceof TickwellError ? err(answer) : ok({ quoteResponse: { result: answer ?? [] } }),
    );
  };
  const source = new YahooQuotes({
    client: { quotes },
    clock,
    logger: SILENT,
    instruments: [{ symbol: 'A', ticker: 'A' }],
    series,
    everyMs: 5000,
    onState: (state) => states.push(state),
  });
  const all: FeedItem[] = [];
  for await (const item of source.read({ afterPosition: 0n, signal: stop.signal })) all.push(item);
  return { all, polls, states };
}

function quoted(all: readonly FeedItem[]): (number | undefined)[][] {
  return all.flatMap((item) =>
    item.kind === 'quotes'
      ? [
          [
            Number(item.quotes.timeNs[0]) / 1e9 - T0,
            item.quotes.bidPrice[0],
            item.quotes.bidSize[0],
            item.quotes.askPrice[0],
            item.quotes.askSize[0],
          ],
        ]
      : [],
  );
}

function traded(all: readonly FeedItem[]): unknown[][] {
  return all.flatMap((item) =>
    item.kind === 'trades'
      ? [
          [
            Number(item.trades.timeNs[0]) / 1e9 - T0,
            Number(item.trades.seq[0]),
            item.trades.price[0],
            item.trades.size[0],
            item.trades.conditions[0],
          ],
        ]
      : [],
  );
}

describe('YahooQuotes', () => {
  it('makes an event of what changed, and of nothing else', async () => {
    const { all, polls } = await poll([
      [entry()],
      [entry()],
      [entry({ bid: 9.5 })],
      [entry({ bid: 9.5, regularMarketPrice: 10.5 })],
      [entry({ bid: 9.5, regularMarketPrice: 10.6, regularMarketTime: T0 + 7 })],
    ]);
    expect(quoted(all)).toEqual([
      [0, 9, 2, 11, 3],
      [10, 9.5, 2, 11, 3],
    ]);
    expect(traded(all)).toEqual([
      [0, 0, 10, 0, 'regular'],
      [0, 1, 10.5, 0, 'regular'],
      [7, 0, 10.6, 0, 'regular'],
    ]);
    expect(polls).toEqual([0, 5, 10, 15, 20]);
  });

  it('makes only what was asked for', async () => {
    expect(traded((await poll([[entry()]], ['quotes'])).all)).toEqual([]);
    expect(quoted((await poll([[entry()]], ['trades'])).all)).toEqual([]);
  });

  it('takes a closed market’s quotes for none, and asks less often', async () => {
    const closed = entry({
      marketState: 'CLOSED',
      postMarketPrice: 12,
      postMarketTime: T0 - 60,
      regularMarketTime: T0 - 600,
    });
    const { all, polls } = await poll([[closed], [closed], [entry()]]);
    expect(quoted(all)).toEqual([[120, 9, 2, 11, 3]]);
    expect(traded(all)[0]).toEqual([-60, 0, 12, 0, 'post']);
    expect(polls).toEqual([0, 60, 120]);
  });

  it('dates quotes back by the delay of the exchange, and leaves a missing side out', async () => {
    const { all } = await poll([[entry({ exchangeDataDelayedBy: 15, bid: 0, askSize: undefined })]]);
    expect(quoted(all)).toEqual([[-900, NaN, NaN, 11, 0]]);
  });

  it('refuses a ticker that is not answered once, until it comes back', async () => {
    const { all } = await poll([[], [], [entry()], []]);
    expect(refusals(all).map(({ rule, symbol }) => [rule, symbol])).toEqual([
      ['yahoo-no-data', 'A'],
      ['yahoo-no-data', 'A'],
    ]);
  });

  it('goes on after a failure, and says when it begins and ends', async () => {
    const down = new TickwellError('yahoo-unreachable', 'Yahoo quotes of A: gone', { retryable: true });
    const { all, states } = await poll([down, down, [entry()]]);
    expect(quoted(all)).toHaveLength(1);
    expect(states).toEqual([
      { state: 'degraded', reason: 'Yahoo quotes of A: gone' },
      { state: 'up', reason: 'quotes arrive again' },
    ]);
  });

  it('gives positions one after the other, and a safe place at the end', async () => {
    const { all } = await poll([[entry()], [entry({ bid: 9.5 })]]);
    const positions = all.flatMap((item) =>
      item.kind === 'progress' || item.kind === 'refused' ? [] : item.positions,
    );
    expect(positions).toEqual([1n, 2n, 3n]);
    expect(all.at(-1)).toEqual({ kind: 'progress', position: 3n });
  });
});

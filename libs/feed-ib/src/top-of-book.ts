import { NS_PER_SECOND } from '@tickwell/domain';
import { quotesChunk } from './columns.ts';
import type { ResolvedInstrument } from './contracts.ts';
import type { IbMessage } from './ib-messages.ts';
import type { LiveContext } from './live-group.ts';
import type { MarketDataType } from './connection-options.ts';
import { OpenHole, type QueueLine } from '@tickwell/ports';
import { secondsToNs } from './report.ts';
import type { Subscription } from './subscription.ts';

/** Tick types of IB's documentation ("Available tick types"): live, then delayed. */
const FIELDS: ReadonlyMap<number, 'bidPrice' | 'askPrice' | 'bidSize' | 'askSize'> = new Map([
  [1, 'bidPrice'],
  [2, 'askPrice'],
  [0, 'bidSize'],
  [3, 'askSize'],
  [66, 'bidPrice'],
  [67, 'askPrice'],
  [69, 'bidSize'],
  [70, 'askSize'],
]);
const TYPES: readonly MarketDataType[] = ['live', 'frozen', 'delayed', 'delayed-frozen'];

interface Book {
  bidPrice: number;
  askPrice: number;
  bidSize: number;
  askSize: number;
}

interface TopQuote extends Book {
  readonly timeNs: bigint;
}

/**
 * The best bid and ask as market data lines report them. IB stamps them with no time, so theirs is that of their arrival; there is no
 * history of them, so a hole stays one. Data of another type than was asked for (delayed instead of live) is not delivered.
 */
export class TopOfBook {
  readonly #instrument: ResolvedInstrument;
  readonly #context: LiveContext;
  readonly #wanted: MarketDataType;
  #book: Book = emptyBook();
  #isDirty = false;
  #isExpected = true;
  #hole: OpenHole | undefined;
  #lastNs = 0n;
  #subscription: Subscription | undefined;
  #line: QueueLine<TopQuote> | undefined;

  readonly lines = 1;
  /** There is no history of it to wait for. */
  readonly isWhole = true;
  readonly lastSeconds = undefined;

  constructor(instrument: ResolvedInstrument, context: LiveContext, wanted: MarketDataType) {
    this.#instrument = instrument;
    this.#context = context;
    this.#wanted = wanted;
  }

  start(): void {
    const { contract, symbol } = this.#instrument;
    const { clock, report, refused } = this.#context;
    const nowSeconds = (): number => Number(clock.nowNs() / NS_PER_SECOND);
    this.#subscription = this.#context.connection.subscribe({
      subject: `${symbol} top of book`,
      pacing: {
        lane: 'live',
        instrument: symbol,
        history: 'none',
        weight: 1,
        identity: '',
        group: '',
      },
      send: (link, reqId) => {
        link.reqMarketData(reqId, contract);
      },
      cancel: (link, reqId) => {
        link.cancelMarketData(reqId);
      },
      onMessage: (message) => {
        this.#heard(message);
      },
      onOutage: (reason) => {
        this.#book = emptyBook();
        if (this.#lastNs > 0n) this.#hole ??= new OpenHole(reason, secondsToNs(nowSeconds()), clock.nowNs());
      },
      onActive: () => {
        const unrepaired = 'there is no history of the top of the book';
        const hole = this.#hole?.close({
          symbol,
          series: 'top',
          toNs: secondsToNs(nowSeconds()),
          nowNs: clock.nowNs(),
          unrepaired,
        });
        this.#hole = undefined;
        if (hole !== undefined) report(hole);
      },
      onRefused: (error) => {
        report({ kind: 'refused', symbol, series: 'top', reason: error.message });
        refused(error);
      },
    });
  }

  stop(): void {
    this.#subscription?.stop();
  }

  #heard(message: IbMessage): void {
    if (message.kind === 'marketDataType') {
      const type = TYPES[message.type - 1] ?? 'live';
      this.#isExpected = isSameDelay(type, this.#wanted);
      this.#context.report({ kind: 'market-data-type', symbol: this.#instrument.symbol, type });
      return;
    }
    if (message.kind !== 'tickPrice' && message.kind !== 'tickSize') return;
    const field = FIELDS.get(message.field);
    if (field === undefined || !this.#isExpected || this.#book[field] === message.value) return;
    this.#book[field] = message.value;
    if (this.#isDirty) return;
    this.#isDirty = true;
    // A price and its size come as two messages of one turn.
    queueMicrotask(() => {
      this.#deliver();
    });
  }

  #deliver(): void {
    this.#isDirty = false;
    const { bidPrice, askPrice } = this.#book;
    if (!(bidPrice > 0) && !(askPrice > 0)) return;
    const { clock, queue } = this.#context;
    const nowNs = clock.nowNs();
    this.#lastNs = nowNs > this.#lastNs ? nowNs : this.#lastNs + 1n;
    const quote: TopQuote = { ...this.#book, timeNs: this.#lastNs };
    this.#line ??= queue.line(this.#make);
    this.#line.add(quote);
  }

  readonly #make = (quotes: readonly TopQuote[], positions: bigint[]): ReturnType<typeof quotesChunk> => {
    const { symbol } = this.#instrument;
    const numbered = quotes.map(({ timeNs, ...book }) => ({ event: { ...book, time: 0, timeNs }, seq: 0 }));
    const chunk = quotesChunk({ symbol, priceBasis: 'raw' }, numbered, positions);
    if (chunk.kind !== 'quotes') return chunk;
    return { ...chunk, quotes: { ...chunk.quotes, timeNs: quotes.map(({ timeNs }) => timeNs) } };
  };
}

function emptyBook(): Book {
  return { bidPrice: NaN, askPrice: NaN, bidSize: 0, askSize: 0 };
}

function isSameDelay(a: MarketDataType, b: MarketDataType): boolean {
  return a.startsWith('delayed') === b.startsWith('delayed');
}

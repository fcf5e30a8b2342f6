/**
 * Memory of what the validator keeps of 50,000 symbols, each with a stream of trades, one of quotes and one series of minute bars whose window of versions is full; and the size of a
 * checkpoint of one. Run: node --expose-gc services/validator/bench/states.ts [symbols]. Not measured: Kafka's buffers, the process at work.
 */
import { emptyBars, emptyQuotes, emptyTrades, type Interval } from '@tickwell/domain';
import {
  BARS,
  DEFAULT_SETTINGS,
  judge,
  KeyState,
  QUOTES,
  TRADES,
  type BatchContext,
} from '@tickwell/validation';

const SYMBOLS = Number(process.argv[2] ?? 50_000);
const START_NS = 1_704_153_600_000_000_000n;
const MINUTE_NS = 60_000_000_000n;
const EVENTS = 30;
const BARS_KEPT = 128;
const MINUTE: Interval = { text: '1m', kind: 'fixed', lengthNs: MINUTE_NS };
const MIB = 1024 * 1024;

function context(symbol: string): BatchContext {
  return {
    key: symbol,
    symbol,
    source: 'bench',
    origin: `live:bench#${symbol}`,
    streamName: undefined,
    referenceNs: START_NS * 2n,
    loggedNs: START_NS + 60n * MINUTE_NS,
    intervalText: '1m',
    interval: MINUTE,
    settings: DEFAULT_SETTINGS.of(symbol),
    isReleased: false,
  };
}

function columns(count: number): {
  readonly trades: ReturnType<typeof emptyTrades>;
  readonly quotes: ReturnType<typeof emptyQuotes>;
  readonly positions: bigint[];
} {
  const [trades, quotes] = [emptyTrades(), emptyQuotes()];
  const positions: bigint[] = [];
  for (let at = 0; at < count; at += 1) {
    const timeNs = START_NS + BigInt(at) * 1_000_000_000n;
    const price = 100 + Math.sin(at);
    positions.push(BigInt(at + 1));
    trades.timeNs.push(timeNs);
    trades.seq.push(0n);
    trades.price.push(price);
    trades.size.push(1);
    quotes.timeNs.push(timeNs);
    quotes.seq.push(0n);
    quotes.bidPrice.push(price - 0.01);
    quotes.bidSize.push(1);
    quotes.askPrice.push(price + 0.01);
    quotes.askSize.push(1);
  }
  return { trades, quotes, positions };
}

function minuteBars(count: number): ReturnType<typeof emptyBars> {
  const bars = emptyBars();
  for (let at = 0; at < count; at += 1) {
    bars.startNs.push(START_NS + BigInt(at) * MINUTE_NS);
    for (const column of [bars.open, bars.high, bars.low, bars.close]) column.push(100 + Math.sin(at));
    bars.volume.push(1);
  }
  return bars;
}

function residentMib(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / MIB;
}

const { trades, quotes, positions } = columns(EVENTS);
const bars = minuteBars(BARS_KEPT);
const barPositions = bars.startNs.map((_start, at) => BigInt(at + 1));
const states: KeyState[] = [];
const before = residentMib();
for (const [what, withBars] of [
  ['trades and quotes', false],
  ['and a full series of bars', true],
] as const) {
  for (let at = 0; at < SYMBOLS; at += 1) {
    const symbol = `S${at}`;
    const state = (states[at] ??= new KeyState());
    const batch = context(symbol);
    if (withBars) {
      const versions = {
        window: () => state.versions('1m/trade', 'bench'),
        knownAtNs: START_NS,
        priceBasis: 'raw',
      } as const;
      judge(BARS, bars, barPositions, state.stream('1m/trade', batch.origin), batch, versions);
    } else {
      judge(TRADES, trades, positions, state.stream('trades', batch.origin), batch);
      judge(QUOTES, quotes, positions, state.stream('quotes', batch.origin), batch);
    }
  }
  const bytes = states[0]?.encode().length ?? 0;
  process.stdout.write(
    `${SYMBOLS.toLocaleString('en')} symbols, ${what}: ${Math.round(residentMib())} MiB resident (${Math.round(before)} before), ${bytes} bytes each in a checkpoint\n`,
  );
}

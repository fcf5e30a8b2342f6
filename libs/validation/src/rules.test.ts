import type { BarColumns, PriceBasis, QuoteColumns, TradeColumns } from '@tickwell/domain';
import { describe, expect, it } from 'vitest';
import {
  action,
  barContext,
  bars,
  context,
  DAY_NS,
  fundamental,
  HOUR_NS,
  judged,
  portfolioEvent,
  quotes,
  SECOND_NS,
  settingsOf,
  trades,
} from './fixtures/events.ts';
import type { Judgement } from './judge.ts';
import { BARS } from './kinds/bars.ts';
import { KINDS, rulesOf } from './kinds/index.ts';
import { ACTIONS, FUNDAMENTALS, PORTFOLIO } from './kinds/lists.ts';
import { QUOTES } from './kinds/quotes.ts';
import { TRADES } from './kinds/trades.ts';
import type { BatchContext, Kind } from './rule.ts';
import { createStream } from './stream-state.ts';
import { VersionWindow } from './version-window.ts';

/** One rule of one kind: events of which the last breaks it, and as near a case as there is that does not. */
interface Case {
  readonly kind: string;
  readonly rule: string;
  readonly what: string;
  /** How it shows in the judgement, where that is not the rule's id alone. */
  readonly shows?: string | readonly string[];
  readonly breaks: () => Judgement;
  readonly passes: () => Judgement;
}

interface Sides<C> {
  readonly breaks: C;
  readonly passes: C;
  readonly batch?: BatchContext;
  /** Context of the passing side, where that is the difference. */
  readonly passingBatch?: BatchContext;
  readonly shows?: Case['shows'];
}

type MakeCase<C> = (rule: string, what: string, sides: Sides<C>) => Case;

function caseOf<C>(kind: Kind<C>, count: (columns: C) => number, defaults: BatchContext): MakeCase<C> {
  return (rule, what, { breaks, passes, batch = defaults, passingBatch = batch, shows = rule }) => ({
    kind: kind.name,
    rule,
    what,
    shows,
    breaks: () => judged(kind, breaks, count(breaks), { batch }),
    passes: () => judged(kind, passes, count(passes), { batch: passingBatch }),
  });
}

const trade = caseOf(TRADES, (columns) => columns.timeNs.length, context());
const quote = caseOf(QUOTES, (columns) => columns.timeNs.length, context());
const bar = caseOf(BARS, (columns) => columns.startNs.length, barContext('5m'));
const item = caseOf(FUNDAMENTALS, (items) => items.length, context());
const act = caseOf(ACTIONS, (items) => items.length, context());
const folio = caseOf(PORTFOLIO, (items) => items.length, context());

const YEAR_1970_END = 31_535_999_999_999_999n;
const YEAR_1971 = 31_536_000_000_000_000n;
const LATEST = context().referenceNs + 24n * HOUR_NS;

const YEAR_1970_SECONDS = 1_704_153_600n;

function sourceCase<C>(make: MakeCase<C>, good: C, batch: BatchContext): Case {
  return make('source-syntax', 'source with a line break', {
    breaks: good,
    passes: good,
    batch: { ...batch, source: 'file:a\nb' },
    passingBatch: { ...batch, source: 'derived:file:a b' },
  });
}

function instrumentCases<C>(make: MakeCase<C>, good: C, batch: BatchContext): readonly Case[] {
  const elsewhere = { ...batch, symbol: 'MSFT' };
  return [
    sourceCase(make, good, batch),
    make('key-mismatch', 'symbol is not the key', {
      breaks: good,
      passes: good,
      batch: elsewhere,
      passingBatch: { ...elsewhere, key: 'MSFT' },
    }),
    make('symbol-syntax', 'symbol with a blank', {
      breaks: good,
      passes: good,
      batch: { ...batch, symbol: 'A B', key: 'A B' },
      passingBatch: { ...batch, symbol: 'A.B', key: 'A.B' },
    }),
  ];
}

const TRADE_CASES: readonly Case[] = [
  ...instrumentCases(trade, trades({}), context()),
  trade('time-too-old', 'time 0', { breaks: trades({ timeNs: 0n }), passes: trades({ timeNs: YEAR_1971 }) }),
  trade('time-too-old', 'end of 1970', {
    breaks: trades({ timeNs: YEAR_1970_END }),
    passes: trades({ timeNs: YEAR_1971 }),
  }),
  ...[1n, 1_000n, 1_000_000n].map((unit) =>
    trade('time-too-old', `today in units of ${1_000_000_000n / unit} ns, read as ns`, {
      breaks: trades({ timeNs: YEAR_1970_SECONDS * unit }),
      passes: trades({ timeNs: YEAR_1970_SECONDS * 1_000_000_000n }),
    }),
  ),
  trade('time-in-future', 'just beyond the allowance', {
    breaks: trades({ timeNs: LATEST + 1n }),
    passes: trades({ timeNs: LATEST }),
  }),
  ...[NaN, Infinity, -Infinity, 0, -0, -1].map((price) =>
    trade('price-positive', `price ${price}`, {
      breaks: trades({ price }),
      passes: trades({ price: 5e-324 }),
    }),
  ),
  ...[NaN, Infinity, -Infinity, -1].map((size) =>
    trade('size-not-negative', `size ${size}`, { breaks: trades({ size }), passes: trades({ size: 0 }) }),
  ),
  trade('time-order', 'a nanosecond back', {
    breaks: trades({}, { timeNs: DAY_NS - 1n }),
    passes: trades({}, { timeNs: DAY_NS, seq: 1n }),
  }),
  trade('sequence-order', 'lower seq at equal time', {
    breaks: trades({ seq: 5n }, { timeNs: DAY_NS, seq: 4n }),
    passes: trades({ seq: 5n }, { timeNs: DAY_NS + 1n, seq: 4n }),
  }),
  trade('duplicate', 'the same again', {
    breaks: trades({ price: 7 }, { timeNs: DAY_NS, price: 7 }),
    passes: trades({ price: 7 }, { timeNs: DAY_NS, price: 7, seq: 1n }),
  }),
  trade('duplicate-conflict', 'same identity, other price', {
    breaks: trades({ price: 7 }, { timeNs: DAY_NS, price: 8 }),
    passes: trades({ price: 7 }, { timeNs: DAY_NS, price: 8, seq: 1n }),
  }),
  trade('duplicate-conflict', 'same identity, other venue', {
    breaks: trades({ price: 7 }, { timeNs: DAY_NS, price: 7, venue: 'Q' }),
    passes: trades({ price: 7 }, { timeNs: DAY_NS, price: 7, venue: 'Q', seq: 1n }),
  }),
  trade('price-jump', 'up by more than half', {
    breaks: trades({ price: 100 }, { price: 150.01 }),
    passes: trades({ price: 100 }, { price: 150 }),
  }),
  trade('unit-error', 'pounds after pence', {
    breaks: trades({ price: 3501 }, { price: 35.35 }),
    passes: trades({ price: 3501 }, { price: 2535 }),
  }),
  trade('price-jump', 'down by more than half', {
    breaks: trades({ price: 100 }, { price: 49.99 }),
    passes: trades({ price: 100 }, { price: 50 }),
  }),
];

const NO_BID = { bidPrice: NaN, bidSize: NaN };
const NO_ASK = { askPrice: NaN, askSize: NaN };

const QUOTE_CASES: readonly Case[] = [
  ...instrumentCases(quote, quotes({}), context()),
  quote('time-too-old', 'time 0', { breaks: quotes({ timeNs: 0n }), passes: quotes({ timeNs: YEAR_1971 }) }),
  quote('time-in-future', 'just beyond the allowance', {
    breaks: quotes({ timeNs: LATEST + 1n }),
    passes: quotes({ timeNs: LATEST }),
  }),
  ...[0, -1, Infinity, -Infinity].flatMap((value) => [
    quote('quote-price', `bid ${value}`, { breaks: quotes({ bidPrice: value }), passes: quotes(NO_BID) }),
    quote('quote-price', `ask ${value}`, { breaks: quotes({ askPrice: value }), passes: quotes(NO_ASK) }),
  ]),
  quote('quote-missing', 'neither side', {
    breaks: quotes({ ...NO_BID, ...NO_ASK }),
    passes: quotes(NO_ASK),
  }),
  ...[NaN, -1, Infinity].flatMap((value) => [
    quote('quote-size', `bid size ${value}`, {
      breaks: quotes({ bidSize: value }),
      passes: quotes({ bidSize: 0 }),
    }),
    quote('quote-size', `ask size ${value}`, {
      breaks: quotes({ askSize: value }),
      passes: quotes({ askSize: 0 }),
    }),
  ]),
  quote('time-order', 'a nanosecond back', {
    breaks: quotes({}, { timeNs: DAY_NS - 1n }),
    passes: quotes({}, { timeNs: DAY_NS, seq: 1n }),
  }),
  quote('sequence-order', 'lower seq at equal time', {
    breaks: quotes({ seq: 5n }, { timeNs: DAY_NS, seq: 4n }),
    passes: quotes({ seq: 5n }, { timeNs: DAY_NS, seq: 6n }),
  }),
  quote('duplicate', 'the same again, one side missing', {
    breaks: quotes(NO_BID, { timeNs: DAY_NS, ...NO_BID }),
    passes: quotes(NO_BID, { timeNs: DAY_NS, ...NO_BID, seq: 1n }),
  }),
  quote('duplicate-conflict', 'same identity, other size', {
    breaks: quotes({}, { timeNs: DAY_NS, bidSize: 9 }),
    passes: quotes({}, { timeNs: DAY_NS, bidSize: 9, seq: 1n }),
  }),
  quote('quote-crossed', 'bid above ask', {
    breaks: quotes({ bidPrice: 101.01 }),
    passes: quotes({ bidPrice: 100.99 }),
  }),
  quote('quote-locked', 'bid equal to ask', {
    breaks: quotes({ bidPrice: 101 }),
    passes: quotes({ bidPrice: 100.99 }),
  }),
  quote('quote-spread', 'a stub bid', {
    breaks: quotes({ bidPrice: 50.49 }),
    passes: quotes({ bidPrice: 50.5 }),
  }),
];

const BAR_CASES: readonly Case[] = [
  ...instrumentCases(bar, bars({}), barContext('5m')),
  ...['7m', '', '5x', '2w'].map((text) =>
    bar('bar-interval', `interval "${text}"`, {
      breaks: bars({}),
      passes: bars({}),
      batch: barContext(text),
      passingBatch: barContext('1h'),
    }),
  ),
  bar('time-too-old', 'start 0', { breaks: bars({ startNs: 0n }), passes: bars({ startNs: YEAR_1971 }) }),
  bar('time-in-future', 'the next bar beyond the allowance', {
    breaks: bars({ startNs: LATEST + HOUR_NS }),
    passes: bars({ startNs: LATEST }),
  }),
  bar('bar-misaligned', 'a second late', {
    breaks: bars({ startNs: DAY_NS + 1_000_000_000n }),
    passes: bars({ startNs: DAY_NS + HOUR_NS / 12n }),
  }),
  bar('bar-misaligned', 'hourly bars start on the quarter hour, as sessions do', {
    breaks: bars({ startNs: DAY_NS + HOUR_NS / 12n }),
    passes: bars({ startNs: DAY_NS + HOUR_NS / 2n }),
    batch: barContext('1h'),
  }),
  bar('bar-misaligned', 'daily bar at New York midnight', {
    breaks: bars({ startNs: DAY_NS + 5n * HOUR_NS }),
    passes: bars({ startNs: DAY_NS }),
    batch: barContext('1d'),
  }),
  bar('bar-misaligned', 'weekly bar on a Tuesday', {
    breaks: bars({ startNs: DAY_NS }),
    passes: bars({ startNs: DAY_NS - 24n * HOUR_NS }),
    batch: barContext('1w'),
  }),
  bar('bar-misaligned', 'monthly bar on the second', {
    breaks: bars({ startNs: DAY_NS }),
    passes: bars({ startNs: DAY_NS - 24n * HOUR_NS }),
    batch: barContext('1mo'),
  }),
  ...(['open', 'high', 'low', 'close'] as const).flatMap((name) =>
    [NaN, Infinity, 0, -3].map((value) =>
      bar('bar-price-positive', `${name} ${value}`, { breaks: bars({ [name]: value }), passes: bars({}) }),
    ),
  ),
  bar('bar-range', 'low above high', {
    breaks: bars({ open: 10, high: 9, low: 11, close: 10 }),
    passes: bars({ open: 10, high: 10, low: 10, close: 10 }),
  }),
  ...[{ open: 12.01 }, { open: 8.99 }, { close: 12.01 }, { close: 8.99 }].map((change) =>
    bar('bar-range', JSON.stringify(change), { breaks: bars(change), passes: bars({ open: 12, close: 9 }) }),
  ),
  ...[NaN, -1, Infinity].map((volume) =>
    bar('bar-volume', `volume ${volume}`, { breaks: bars({ volume }), passes: bars({ volume: 0 }) }),
  ),
  bar('bar-volume', 'no volumes at all', {
    breaks: bars({ volume: -1 }),
    passes: { ...bars({}), volume: [] },
  }),
  ...[0, -1, Infinity].map((vwap) =>
    bar('bar-vwap', `vwap ${vwap}`, { breaks: bars({ vwap }), passes: bars({ vwap: 10.5 }) }),
  ),
  bar('bar-session-date', 'the day before', {
    breaks: bars({ sessionDate: 20240101 }),
    passes: bars({ sessionDate: 20240102 }),
    batch: barContext('1d'),
  }),
  bar('time-order', 'the bar before', {
    breaks: bars({ startNs: DAY_NS + HOUR_NS }, { startNs: DAY_NS }),
    passes: bars({ startNs: DAY_NS }, { startNs: DAY_NS + HOUR_NS }),
  }),
  bar('duplicate', 'the same again', { breaks: bars({}, { startNs: DAY_NS }), passes: bars({}, {}) }),
  bar('duplicate-conflict', 'same start, other close', {
    breaks: bars({}, { startNs: DAY_NS, close: 10 }),
    passes: bars({}, { close: 10 }),
  }),
  bar('unit-error', 'pence after pounds', {
    breaks: bars({}, { open: 900, high: 900, low: 800, close: 800 }),
    passes: bars({}, { open: 9, high: 9, low: 8, close: 8 }),
  }),
  bar('price-jump', 'close after a missed split', {
    breaks: bars({}, { open: 4, high: 5, low: 3, close: 4 }),
    passes: bars({}, { open: 9, high: 9, low: 8, close: 8 }),
  }),
  versionCase('unchanged', {
    shows: 'duplicate',
    what: 'the same from another stream',
    known: [{ atNs: 5n }],
    breaks: { atNs: 4n },
    passes: { atNs: 6n, close: 10 },
  }),
  versionCase('unchanged', {
    shows: 'duplicate',
    what: 'the same with another price basis is a version',
    known: [{ atNs: 5n }],
    breaks: { atNs: 6n },
    passes: { atNs: 6n, priceBasis: 'split-adjusted' },
  }),
  versionCase('superseded', {
    what: 'other values from a stream that began before the values in force were confirmed',
    known: [{ atNs: 5n }, { atNs: 7n }],
    breaks: { atNs: 6n, close: 10 },
    passes: { atNs: 8n, close: 10 },
  }),
  versionCase('superseded', {
    what: 'an older version that was never in force since',
    known: [{ atNs: 5n }, { atNs: 7n }],
    breaks: { atNs: 5n, close: 10 },
    passes: { atNs: 4n, close: 10 },
  }),
];

interface SaidBar {
  readonly atNs: bigint;
  readonly close?: number;
  readonly priceBasis?: PriceBasis;
}

/** One bar said by several streams, each known at another time; the last one breaks the rule or does not. */
function versionCase(
  rule: string,
  of: {
    readonly shows?: string;
    readonly what: string;
    readonly known: readonly SaidBar[];
    readonly breaks: SaidBar;
    readonly passes: SaidBar;
  },
): Case {
  const { known, breaks, passes, ...rest } = of;
  const judgeLast = (last: SaidBar): Judgement => {
    const window = new VersionWindow(8);
    const say = ({ atNs, close = 11, priceBasis = 'raw' }: SaidBar): Judgement =>
      judged(BARS, bars({ close }), 1, {
        batch: barContext('5m'),
        versions: { window: () => window, knownAtNs: atNs, priceBasis },
      });
    for (const each of known) say(each);
    return say(last);
  };
  return { kind: 'bars', rule, ...rest, breaks: () => judgeLast(breaks), passes: () => judgeLast(passes) };
}

const LIST_CASES: readonly Case[] = [
  ...instrumentCases(item, [fundamental()], context()),
  item('time-too-old', 'period end 0', {
    breaks: [fundamental({ periodEndNs: 0n })],
    passes: [fundamental({ periodEndNs: LATEST * 2n })],
  }),
  ...[{ item: '' }, { item: 'x'.repeat(129) }, { periodType: 'monthly' }].map((change) =>
    item('fundamental-item', JSON.stringify(change).slice(0, 40), {
      breaks: [fundamental(change)],
      passes: [fundamental({ item: 'x'.repeat(128), periodType: 'ttm' })],
    }),
  ),
  ...[NaN, Infinity].map((value) =>
    item('fundamental-value', `value ${value}`, {
      breaks: [fundamental({ value })],
      passes: [fundamental({ value: -5 })],
    }),
  ),
  item('currency', 'a symbol', {
    breaks: [fundamental({ currency: '$' })],
    passes: [fundamental({ currency: '' }), fundamental({ currency: 'GBp' })],
  }),
  ...instrumentCases(act, [action()], context()),
  act('time-too-old', 'ex date 0', { breaks: [action({ exDateNs: 0n })], passes: [action()] }),
  act('time-in-future', 'beyond two years', {
    breaks: [action({ exDateNs: DAY_NS + 740n * 24n * HOUR_NS })],
    passes: [action({ exDateNs: DAY_NS + 30n * 24n * HOUR_NS })],
  }),
  act('action-date', 'with a time of day', {
    breaks: [action({ exDateNs: DAY_NS + HOUR_NS })],
    passes: [action()],
  }),
  ...[NaN, 0, -1].map((amount) =>
    act('action-amount', `dividend of ${amount}`, { breaks: [action({ amount })], passes: [action()] }),
  ),
  act('action-amount', 'split without denominator', {
    breaks: [action({ kind: 'split', splitNumerator: 4 })],
    passes: [action({ kind: 'split', splitNumerator: 4, splitDenominator: 1, amount: 0 })],
  }),
  act('currency', 'a word', {
    breaks: [action({ currency: 'euro' })],
    passes: [action({ currency: 'EUR' })],
  }),
  sourceCase(folio, [portfolioEvent()], context()),
  folio('time-too-old', 'time 0', { breaks: [portfolioEvent({ timeNs: 0n })], passes: [portfolioEvent()] }),
  folio('time-in-future', 'beyond the allowance', {
    breaks: [portfolioEvent({ timeNs: LATEST + 1n })],
    passes: [portfolioEvent({ timeNs: LATEST })],
  }),
  ...['', 'DU2'].map((account) =>
    folio('portfolio-account', `account "${account}"`, {
      breaks: [portfolioEvent({ account })],
      passes: [portfolioEvent()],
    }),
  ),
  ...[{ kind: undefined }, { symbol: '' }, { numbers: { quantity: NaN } }].map((change) =>
    folio('portfolio-event', Object.keys(change).join(), {
      breaks: [portfolioEvent(change)],
      passes: [portfolioEvent({ kind: 'accountValue', symbol: undefined, numbers: {} })],
    }),
  ),
];

/** So many quiet seconds, and what follows them. */
const QUIET = 30;

function quiet<E extends object>(...after: readonly E[]): readonly (E | { readonly price: number })[] {
  const before = Array.from({ length: QUIET }, (_value, index) => ({
    price: index % 2 === 0 ? 100 : 100.01,
  }));
  return [...before, ...after];
}

const quietTrades = (...prices: readonly number[]): TradeColumns =>
  trades(...quiet(...prices.map((price) => ({ price }))));

/** Quotes a cent wide around prices, after a quiet while. */
const quietQuotes = (...prices: readonly number[]): QuoteColumns =>
  quotes(
    ...quiet(...prices.map((price) => ({ price }))).map(({ price }) => ({
      bidPrice: price - 0.01,
      askPrice: price + 0.01,
    })),
  );

const flatBar = (price: number): object => ({ open: price, high: price, low: price, close: price });
const quietBars = (...prices: readonly number[]): BarColumns =>
  bars(...quiet(...prices.map((price) => ({ price }))).map(({ price }) => flatBar(price)));

/** A judge's view of a stock of New York. */
const listed = (changes: Partial<BatchContext> = {}): BatchContext => ({
  ...context(changes),
  settings: settingsOf({ type: 'stock', calendar: 'XNYS' }),
});
const listedBars = (interval: string): BatchContext => ({
  ...listed(),
  ...barContext(interval),
  settings: listed().settings,
});

/** 2024-01-02T15:00:00Z, half an hour after New York opens. */
const OPEN_NS = DAY_NS + 15n * HOUR_NS;
const TRADING: readonly { readonly timeNs: bigint }[] = Array.from({ length: QUIET }, (_value, index) => ({
  timeNs: OPEN_NS + BigInt(index) * SECOND_NS,
}));
const MINUTE_NS = 60n * SECOND_NS;

function marketCases<C>(
  make: MakeCase<C>,
  batch: BatchContext,
  series: (...prices: readonly number[]) => C,
): readonly Case[] {
  return [
    make('price-outlier', 'first of a new level', {
      breaks: series(110),
      passes: series(101),
      batch,
    }),
    make('price-absurd', 'a slip of the comma', { breaks: series(1000.1), passes: series(104), batch }),
    make('bad-print', 'back at once', {
      shows: ['price-outlier', 'bad-print'],
      breaks: series(110, 100),
      passes: series(104, 100),
      batch,
    }),
  ];
}

const SEQUENCED = settingsOf({
  documents: { all: { rules: { 'sequence-gap': { sources: ['file:test'] } } } },
});

const MARKET_CASES: readonly Case[] = [
  ...marketCases(trade, context(), quietTrades),
  ...marketCases(quote, context(), quietQuotes),
  ...marketCases(bar, barContext('5m'), quietBars),
  trade('outside-session', 'in the night', {
    breaks: trades({ timeNs: DAY_NS + 7n * HOUR_NS }),
    passes: trades({ timeNs: DAY_NS + 10n * HOUR_NS }),
    batch: listed(),
  }),
  trade('outside-session', 'a holiday, and an instrument that names no calendar', {
    breaks: trades({ timeNs: DAY_NS - 9n * HOUR_NS }),
    passes: trades({ timeNs: DAY_NS - 9n * HOUR_NS }),
    batch: listed(),
    passingBatch: context(),
  }),
  bar('outside-session', 'a daily bar of New Year', {
    breaks: bars({ startNs: DAY_NS - 24n * HOUR_NS }),
    passes: bars({ startNs: DAY_NS }),
    batch: listedBars('1d'),
  }),
  bar('outside-session', 'five minutes of the night', {
    breaks: bars({ startNs: DAY_NS + 9n * HOUR_NS - 5n * MINUTE_NS }),
    passes: bars({ startNs: DAY_NS + 9n * HOUR_NS }),
    batch: listedBars('5m'),
  }),
  trade('stale-feed', '31 minutes of open market', {
    breaks: trades(...TRADING, { timeNs: OPEN_NS + 32n * MINUTE_NS, price: 130 }),
    passes: trades(...TRADING, { timeNs: OPEN_NS + 29n * MINUTE_NS, price: 130 }),
    batch: listed(),
  }),
  quote('stale-feed', 'over the night there is no market', {
    breaks: quotes(...TRADING, { timeNs: OPEN_NS + 32n * MINUTE_NS }),
    passes: quotes({}, ...TRADING.map(({ timeNs }) => ({ timeNs: timeNs + 6n * HOUR_NS - 5n * MINUTE_NS })), {
      timeNs: OPEN_NS + 24n * HOUR_NS - 10n * MINUTE_NS,
    }),
    batch: listed(),
  }),
  bar('stale-feed', 'two hours without five-minute bars', {
    breaks: bars(...barTimes(QUIET), { startNs: barNs(QUIET + 24) }),
    passes: bars(...barTimes(QUIET), { startNs: barNs(QUIET + 12) }),
    batch: { ...barContext('5m'), settings: settingsOf({ type: 'crypto' }) },
  }),
  trade('sequence-gap', 'one is missing', {
    breaks: trades({ seq: 5n }, { seq: 7n }),
    passes: trades({ seq: 5n }, { seq: 6n }),
    batch: { ...context(), settings: SEQUENCED },
  }),
  quote('sequence-gap', 'of another source a gap says nothing', {
    breaks: quotes({ seq: 5n }, { seq: 7n }),
    passes: quotes({ seq: 5n }, { seq: 7n }),
    batch: { ...context(), settings: SEQUENCED },
    passingBatch: context(),
  }),
  ...(['trades', 'quotes'] as const).map(clockCase),
];

function barNs(index: number): bigint {
  return DAY_NS + BigInt(index) * 5n * MINUTE_NS;
}

function barTimes(count: number): readonly { readonly startNs: bigint }[] {
  return Array.from({ length: count }, (_value, index) => ({ startNs: barNs(index) }));
}

/** A stream of a record a second, each a while after its time. */
function clockCase(kind: 'trades' | 'quotes'): Case {
  const stream = (lagSeconds: bigint) => (): Judgement => {
    const state = createStream();
    let judgement: Judgement | undefined;
    for (let second = 1; second <= 40 && (judgement?.findings.length ?? 0) === 0; second += 1) {
      const timeNs = DAY_NS + BigInt(second) * SECOND_NS;
      const batch = context({ loggedNs: timeNs + lagSeconds * SECOND_NS });
      const options = { batch, stream: state, first: second };
      judgement =
        kind === 'trades'
          ? judged(TRADES, trades({ timeNs }), 1, options)
          : judged(QUOTES, quotes({ timeNs }), 1, options);
    }
    return judgement ?? judged(TRADES, trades(), 0);
  };
  return {
    kind,
    rule: 'clock-skew',
    what: 'an hour behind, as of a wrong zone',
    breaks: stream(3600n),
    passes: stream(1n),
  };
}

const CASES = [...MARKET_CASES, ...TRADE_CASES, ...QUOTE_CASES, ...BAR_CASES, ...LIST_CASES];

function rulesHit(judgement: Judgement): readonly string[] {
  const duplicates = judgement.duplicates > 0 ? ['duplicate'] : [];
  return [
    ...judgement.refusals.map((refusal) => refusal.rule),
    ...duplicates,
    ...judgement.findings.map((finding) => finding.rule),
  ];
}

describe('every rule', () => {
  it.each(CASES)('$kind $rule: $what', ({ rule, shows, breaks, passes }) => {
    expect(rulesHit(breaks())).toEqual([shows ?? rule].flat());
    expect(rulesHit(passes())).toEqual([]);
    expect(passes().accepted).toBe('all');
  });

  it('has a case for each kind it belongs to', () => {
    const expected = KINDS.flatMap((kind) => rulesOf(kind).map((rule) => `${kind.name} ${rule.id}`));
    expect([...new Set(CASES.map((entry) => `${entry.kind} ${entry.rule}`))].sort()).toEqual(expected.sort());
  });

  it('explains itself on one line with stream, position, symbol, time, value and rule', () => {
    const { refusals } = judged(TRADES, trades({}, { price: -3 }), 2, { first: 17 });
    expect(refusals).toEqual([
      {
        index: 1,
        rule: 'price-positive',
        severity: 'reject',
        reason:
          'file:test#AAPL position 18: trade of AAPL at 2024-01-02T00:00:01Z: price -3 is not a finite number above 0 (price-positive)',
      },
    ]);
    const reasons = CASES.flatMap(({ breaks }) => breaks().refusals.map((refusal) => refusal.reason));
    expect(reasons.length).toBeGreaterThan(50);
    for (const reason of reasons) expect(reason).not.toMatch(/\n|undefined|\[object/);
  });

  it('stands where its severity belongs', () => {
    for (const kind of KINDS) {
      const stopping = [...kind.batchRules, ...kind.eventRules, ...kind.orderRules];
      expect(stopping.filter(({ severity }) => severity !== 'reject' && severity !== 'duplicate')).toEqual(
        [],
      );
      expect(kind.marketRules.all.filter(({ severity }) => severity === 'reject')).toEqual([]);
    }
  });
});

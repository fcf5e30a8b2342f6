import {
  checkSymbol,
  err,
  isSessionSource,
  ok,
  parseInterval,
  type Interval,
  type Result,
} from '@tickwell/domain';
import {
  parseSpec,
  PRICE_SOURCES,
  readSource,
  type IndicatorInput,
  type IndicatorSpec,
  type PriceSource,
  type Registry,
} from '@tickwell/indicators';

/** A number of a bar of another instrument: `close@SPY`. */
export interface OtherNumber {
  readonly symbol: string;
  readonly source: PriceSource;
  /** The number of the own bar in whose place the specification reads it. */
  readonly carrier: Carrier;
}

/** What is computed of one reading of the bars. */
export interface AskedSeries {
  /** What the answer calls it. */
  readonly id: string;
  readonly spec: IndicatorSpec;
  /** Of other instruments; of two with the same start only. */
  readonly others: readonly OtherNumber[];
  /** Bars of another interval that it is computed of, known where they are over; undefined: those that are asked for. */
  readonly interval: Interval | undefined;
}

type Carrier = 'open' | 'high' | 'low' | 'vwap';

/** Words that read a number, beside its own. */
const READERS: Readonly<Record<Carrier, readonly string[]>> = {
  open: ['open', 'ohlc4'],
  vwap: ['vwap'],
  high: ['high', 'hl2', 'hlc3', 'ohlc4', 'vwap'],
  low: ['low', 'hl2', 'hlc3', 'ohlc4', 'vwap'],
};
const CARRIERS = ['open', 'vwap', 'high', 'low'] as const;

const OTHER = /\b([a-z0-9]+)@([^\s,()]+)/gi;

/**
 * A specification that may read another series: `beta(60,close@SPY)` a number of another instrument's bar of the same start, `rsi(14)@1h` the indicator of
 * another interval. The error is one line.
 */
export function parseAskedSeries(text: string, registry: Registry): Result<AskedSeries, string> {
  const [, whole = text, intervalText] = /^(.*\))\s*@\s*([^@()]*)$/s.exec(text) ?? [];
  if (intervalText !== undefined) return ofOtherInterval(text, whole, intervalText.trim(), registry);
  if (text.includes('@')) return ofTwoSymbols(text, registry);
  const parsed = parseSpec(text, registry);
  return parsed.ok
    ? ok({ id: parsed.spec.id, spec: parsed.spec, others: [], interval: undefined })
    : err(parsed.error.message);
}

function ofOtherInterval(
  text: string,
  whole: string,
  intervalText: string,
  registry: Registry,
): Result<AskedSeries, string> {
  const interval = parseInterval(intervalText);
  if (!interval.ok)
    return err(`indicator specification "${text}": after the last @ comes an interval: ${interval.error}`);
  if (whole.includes('@'))
    return err(
      `indicator specification "${text}" reads another instrument and another interval: one of both at a time`,
    );
  const parsed = parseSpec(whole, registry);
  if (!parsed.ok) return err(parsed.error.message);
  const id = `${parsed.spec.id}@${interval.value.text}`;
  return ok({ id, spec: parsed.spec, others: [], interval: interval.value });
}

function ofTwoSymbols(text: string, registry: Registry): Result<AskedSeries, string> {
  const others = new Map<string, OtherNumber>();
  const words = new Set(
    text
      .replace(OTHER, ' ')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [],
  );
  const free = CARRIERS.filter((carrier) => !READERS[carrier].some((word) => words.has(word)));
  const problems: string[] = [];
  const rewritten = text.replace(OTHER, (found: string, word: string, symbol: string) => {
    const source = PRICE_SOURCES.find((one) => one === word.toLowerCase());
    const checked = checkSymbol(symbol);
    if (source === undefined) problems.push(`"${word}@" is not one of ${PRICE_SOURCES.join('@, ')}@`);
    if (!checked.ok) problems.push(checked.error);
    const key = `${source}@${symbol}`;
    const carrier = others.get(key)?.carrier ?? free.shift();
    if (carrier === undefined) problems.push('reads too many numbers at once');
    if (source === undefined || carrier === undefined) return found;
    others.set(key, { symbol, source, carrier });
    return carrier;
  });
  const [problem] = problems;
  if (problem !== undefined) return err(`indicator specification "${text}": ${problem}`);
  const parsed = parseSpec(rewritten, registry);
  if (!parsed.ok) return err(`indicator specification "${text}": ${reasonOf(parsed.error.message)}`);
  const { spec } = parsed;
  if (readsWholeBars(spec))
    return err(
      `indicator specification "${text}" reads whole bars, and numbers of another instrument cannot be among them`,
    );
  return ok({ id: named(spec.id, others.values()), spec, others: [...others.values()], interval: undefined });
}

/** The id with the numbers of others as they were asked for. */
function named(id: string, others: Iterable<OtherNumber>): string {
  const names = new Map<string, string>();
  for (const { carrier, source, symbol } of others) names.set(carrier, `${source}@${symbol}`);
  return id.replace(/[a-z0-9]+/g, (word) => names.get(word) ?? word);
}

function reasonOf(message: string): string {
  return message.replace(/^indicator specification ".*?" /, '');
}

function readsWholeBars({ definition, inner }: IndicatorSpec): boolean {
  return (
    definition.reads.some((field) => field !== 'source') || (inner !== null && readsWholeBars(inner.spec))
  );
}

/** What is wrong with bars of a source where indicators of another interval are asked for: bars by sessions are over when a calendar says so, not after their length. */
export function sessionProblem(
  asked: readonly { readonly id: string; readonly interval?: Interval | undefined }[],
  source: string,
): string | undefined {
  const one = asked.find(({ interval }) => interval !== undefined);
  if (one === undefined || !isSessionSource(source)) return undefined;
  const utc = source.slice(0, source.lastIndexOf('@'));
  return `${one.id}: the bars of ${source} end with their sessions, and of such bars there are no indicators of another interval: ask for those by UTC, source "${utc}"`;
}

/** A bar with the numbers of other instruments where the specification reads them; undefined: one of them has no bar. */
export function withOthers(
  input: IndicatorInput,
  others: readonly OtherNumber[],
  barOf: (symbol: string) => IndicatorInput | undefined,
): IndicatorInput | undefined {
  const replaced: { -readonly [Name in Carrier]?: number } = {};
  for (const { symbol, source, carrier } of others) {
    const bar = barOf(symbol);
    if (bar === undefined) return undefined;
    replaced[carrier] = readSource(bar, source);
  }
  return { ...input, ...replaced };
}

import { NS_PER_DAY, NS_PER_SECOND, parseIsoTime } from '@tickwell/domain';
import { isObject, listOf, numberOf, part, secondsOf, textOf } from './json.ts';
import { refuse, type Unplaced } from './refusal.ts';
import type { Item, Read } from './statements.ts';

/** Lists of a module whose entries have a period of their own, and the field that names it. */
const PERIOD_LISTS: Readonly<
  Record<string, { readonly list: string; readonly end: string; readonly type: string }>
> = {
  incomeStatementHistory: { list: 'incomeStatementHistory', end: 'endDate', type: 'annual' },
  incomeStatementHistoryQuarterly: { list: 'incomeStatementHistory', end: 'endDate', type: 'quarterly' },
  balanceSheetHistory: { list: 'balanceSheetStatements', end: 'endDate', type: 'annual' },
  balanceSheetHistoryQuarterly: { list: 'balanceSheetStatements', end: 'endDate', type: 'quarterly' },
  cashflowStatementHistory: { list: 'cashflowStatements', end: 'endDate', type: 'annual' },
  cashflowStatementHistoryQuarterly: { list: 'cashflowStatements', end: 'endDate', type: 'quarterly' },
  earningsHistory: { list: 'history', end: 'quarter', type: 'quarterly' },
};
/** Lists whose entries are as of now and have a name: "0q", "+1y", "-1m". */
const NAMED_LISTS: Readonly<Record<string, string>> = {
  earningsTrend: 'trend',
  recommendationTrend: 'trend',
};
/** Of Yahoo's pages, not of the company. */
const NOT_ITEMS: ReadonlySet<string> = new Set(['maxAge', 'priceHint']);
/** Ratios, counts, dates: numbers without a currency. Yahoo does not say which are amounts. */
const NO_AMOUNT =
  /ratio|margin|growth|yield|percent|pct|beta|return|shares|count|number|volume|date|quarter|yearend|size|change|surprise|recommendation|payout|PE$|^(?:priceTo|enterpriseTo|debtTo)|peg/i;
const MAX_DEPTH = 4;

/**
 * Reads `{quoteSummary:{result:[{module:{…}}]}}`: every number of a module is an item "module.name", of its own period where the entry has
 * one, else "instant" of the day it was asked (UTC). Texts, links and lists of people are no fundamentals; a module without any number
 * is a refusal that says so, and so is a text where a number belongs ("Infinity").
 */
export function readSummary(answer: unknown, askedNs: bigint, symbol: string, what: string): Read {
  const result = listOf(part(part(answer, 'quoteSummary'), 'result'))[0];
  const items: Item[] = [];
  const refusals: Unplaced[] = [];
  for (const [module, content] of isObject(result) ? Object.entries(result) : []) {
    const reader = new ModuleReader(module, askedNs - (askedNs % NS_PER_DAY), currencyOf(content));
    reader.read(content);
    for (const { path, value } of reader.wrong)
      refusals.push(
        refuse(
          'bad-fundamental',
          `${what}: ${path} is ${JSON.stringify(value)}, not a number`,
          symbol,
          value,
        ),
      );
    if (reader.items.length === 0 && reader.wrong.length === 0)
      refusals.push(
        refuse('no-fundamental', `${what}: nothing in ${module} is a number of the company`, symbol, content),
      );
    items.push(...reader.items);
  }
  return { items, refusals };
}

function currencyOf(content: unknown): string {
  return textOf(part(content, 'financialCurrency')) ?? textOf(part(content, 'currency')) ?? '';
}

class ModuleReader {
  readonly items: Item[] = [];
  readonly wrong: { readonly path: string; readonly value: string }[] = [];
  readonly #module: string;
  readonly #dayNs: bigint;
  readonly #currency: string;

  constructor(module: string, dayNs: bigint, currency: string) {
    this.#module = module;
    this.#dayNs = dayNs;
    this.#currency = currency;
  }

  read(content: unknown): void {
    const now = { periodType: 'instant', periodEndNs: this.#dayNs, currency: this.#currency };
    this.#numbers(content, this.#module, now, 0);
    const periods = PERIOD_LISTS[this.#module];
    for (const entry of listOf(part(content, periods?.list ?? ''))) {
      const periodEndNs = dateOf(part(entry, periods?.end ?? ''));
      if (periods === undefined || periodEndNs === undefined) continue;
      const currency = textOf(part(entry, 'currency')) ?? this.#currency;
      const own = withoutField(entry, periods.end);
      this.#numbers(own, this.#module, { periodType: periods.type, periodEndNs, currency }, 0);
    }
    for (const entry of listOf(part(content, NAMED_LISTS[this.#module] ?? ''))) {
      const name = textOf(part(entry, 'period'));
      if (name !== undefined) this.#numbers(entry, `${this.#module}.${name}`, now, 0);
    }
  }

  /** Numbers of an object and of those in it, whether bare or as Yahoo's {raw, fmt}; lists are not entered. */
  #numbers(
    value: unknown,
    path: string,
    of: Pick<Item, 'periodType' | 'periodEndNs' | 'currency'>,
    depth: number,
  ): void {
    if (!isObject(value) || depth > MAX_DEPTH) return;
    for (const [name, inner] of Object.entries(value)) {
      if (NOT_ITEMS.has(name)) continue;
      const item = `${path}.${name}`;
      const number = numberOf(inner) ?? numberOf(part(inner, 'raw'));
      if (number !== null)
        this.items.push({ item, ...of, value: number, ...(NO_AMOUNT.test(name) ? { currency: '' } : {}) });
      else if (typeof inner === 'string' && /^-?(?:infinity|nan)$/i.test(inner))
        this.wrong.push({ path: item, value: inner });
      else this.#numbers(inner, item, of, depth + 1);
    }
  }
}

function withoutField(entry: unknown, field: string): unknown {
  return isObject(entry)
    ? Object.fromEntries(Object.entries(entry).filter(([name]) => name !== field))
    : entry;
}

/** Seconds, {raw: seconds} or "2024-09-30"; ns since the epoch. */
function dateOf(value: unknown): bigint | undefined {
  const seconds = secondsOf(value) ?? secondsOf(part(value, 'raw'));
  if (seconds !== undefined) return BigInt(seconds) * NS_PER_SECOND;
  const parsed = parseIsoTime(textOf(value) ?? '');
  return parsed.ok ? parsed.value : undefined;
}

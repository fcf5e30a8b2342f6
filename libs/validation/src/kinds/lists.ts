import { checkSymbol, NS_PER_DAY, type CorporateAction, type Fundamental } from '@tickwell/domain';
import { marketRules } from '../market-rule.ts';
import type { EventRule, Kind } from '../rule.ts';
import { INSTRUMENT_RULES, SOURCE_RULES } from '../rules/batch.ts';
import { isPrice } from '../rules/prices.ts';
import { FUTURE_ALLOWANCE_HOURS, timeInFuture, timeTooOld } from '../rules/time.ts';

/** Dividends and splits are announced ahead of their ex date. */
const ACTION_ALLOWANCE_HOURS = 2 * 366 * 24;
const MAX_ITEM_LENGTH = 128;
const PERIOD_TYPES: readonly string[] = ['annual', 'quarterly', 'ttm', 'instant'];
/** ISO 4217, and the minor units that vendors write beside it ("GBp"). */
const CURRENCY = /^[A-Za-z]{3}$/;

/** What is checked of a portfolio event; the service adapts the message to it. */
export interface PortfolioCheck {
  readonly account: string;
  readonly timeNs: bigint;
  /** "position", "execution", ...; undefined where the event says nothing. */
  readonly kind: string | undefined;
  /** Instrument it concerns; undefined where there is none. */
  readonly symbol: string | undefined;
  readonly numbers: Readonly<Record<string, number>>;
}

interface CheckOptions<T> {
  readonly id: string;
  readonly description: string;
  readonly parameters?: Readonly<Record<string, number | string>>;
  /** What is wrong with one item, for people; undefined when nothing is. */
  readonly check: (item: T, key: string) => string | undefined;
}

function itemRule<T>(options: CheckOptions<T>): EventRule<readonly T[]> {
  const problem = (items: readonly T[], index: number, key: string): string | undefined => {
    const item = items[index];
    return item === undefined ? 'is not there' : options.check(item, key);
  };
  return {
    id: options.id,
    severity: 'reject',
    description: options.description,
    parameters: options.parameters ?? {},
    broken: (items, index, _stream, batch) => problem(items, index, batch.key) !== undefined,
    explain: (items, index, _stream, batch) => problem(items, index, batch.key) ?? '',
  };
}

/** Kinds whose events come as lists and have no order among them: what they replace is decided by `known_at`, not here. */
function listKind<T>(
  kind: Pick<Kind<readonly T[]>, 'name' | 'noun' | 'batchRules' | 'eventRules' | 'timeNs'>,
): Kind<readonly T[]> {
  return {
    ...kind,
    orderRules: [],
    isNext: () => true,
    marketRules: marketRules([]),
    remember: () => undefined,
    pick: (items, indexes) => {
      const wanted = new Set(indexes);
      return items.filter((_item, index) => wanted.has(index));
    },
  };
}

const periodEnd = (items: readonly Fundamental[], index: number): bigint => items[index]?.periodEndNs ?? 0n;
const exDate = (actions: readonly CorporateAction[], index: number): bigint => actions[index]?.exDateNs ?? 0n;
const timeOf = (items: readonly { readonly timeNs: bigint }[], index: number): bigint =>
  items[index]?.timeNs ?? 0n;

function isCurrency(text: string): boolean {
  return text === '' || CURRENCY.test(text);
}

/** Period ends may lie ahead: estimates are fundamentals too. */
export const FUNDAMENTALS = listKind<Fundamental>({
  name: 'fundamentals',
  noun: 'fundamental',
  batchRules: INSTRUMENT_RULES,
  eventRules: [
    timeTooOld(periodEnd),
    itemRule({
      id: 'fundamental-item',
      description:
        'Item has no name or too long a one, or its period type is not annual, quarterly, ttm or instant.',
      parameters: { maxLength: MAX_ITEM_LENGTH },
      check: ({ item, periodType }) =>
        item === '' || item.length > MAX_ITEM_LENGTH || !PERIOD_TYPES.includes(periodType)
          ? `item ${quote(item)} with period type ${quote(periodType)}: wanted a name and one of ${PERIOD_TYPES.join(', ')}`
          : undefined,
    }),
    itemRule({
      id: 'fundamental-value',
      description: 'Value of a fundamental is NaN or infinite.',
      check: ({ item, value }) =>
        Number.isFinite(value) ? undefined : `value ${value} of ${quote(item)} is not a finite number`,
    }),
    itemRule({
      id: 'currency',
      description: 'Currency is not a three-letter code; empty: none.',
      check: ({ currency }) =>
        isCurrency(currency) ? undefined : `currency ${quote(currency)} is not a three-letter code`,
    }),
  ],
  timeNs: periodEnd,
});

export const ACTIONS = listKind<CorporateAction>({
  name: 'actions',
  noun: 'corporate action',
  batchRules: INSTRUMENT_RULES,
  eventRules: [
    timeTooOld(exDate),
    timeInFuture(exDate, ACTION_ALLOWANCE_HOURS),
    itemRule({
      id: 'action-date',
      description: 'Ex date is not midnight UTC.',
      check: ({ exDateNs }) => (exDateNs % NS_PER_DAY === 0n ? undefined : 'the ex date is not midnight UTC'),
    }),
    itemRule({
      id: 'action-amount',
      description: 'Dividend without a finite amount above 0, or split without a finite ratio above 0.',
      check: actionProblem,
    }),
    itemRule({
      id: 'currency',
      description: 'Currency is not a three-letter code; empty: none.',
      check: ({ currency }) =>
        isCurrency(currency) ? undefined : `currency ${quote(currency)} is not a three-letter code`,
    }),
  ],
  timeNs: exDate,
});

function actionProblem(action: CorporateAction): string | undefined {
  if (action.kind === 'dividend') {
    return isPrice(action.amount)
      ? undefined
      : `amount ${action.amount} of a dividend is not a finite number above 0`;
  }
  const { splitNumerator, splitDenominator } = action;
  return isPrice(splitNumerator) && isPrice(splitDenominator)
    ? undefined
    : `split ${splitNumerator} for ${splitDenominator} is not a ratio of finite numbers above 0`;
}

export const PORTFOLIO = listKind<PortfolioCheck>({
  name: 'portfolio',
  noun: 'portfolio event',
  batchRules: SOURCE_RULES,
  eventRules: [
    timeTooOld(timeOf),
    timeInFuture(timeOf, FUTURE_ALLOWANCE_HOURS),
    itemRule({
      id: 'portfolio-account',
      description: 'Account of a portfolio event is empty or not the key of the record.',
      check: ({ account }, key) =>
        account !== '' && account === key
          ? undefined
          : `account ${quote(account)} in a record with key ${quote(key)}`,
    }),
    itemRule({
      id: 'portfolio-event',
      description:
        'Portfolio event says nothing, names no instrument where it concerns one, or holds NaN or infinity.',
      check: portfolioProblem,
    }),
  ],
  timeNs: timeOf,
});

function portfolioProblem({ kind, symbol, numbers }: PortfolioCheck): string | undefined {
  if (kind === undefined) return 'it is neither position, account value, execution nor profit and loss';
  if (symbol !== undefined) {
    const checked = checkSymbol(symbol);
    if (!checked.ok) return `${kind} of ${checked.error}`;
  }
  const wrong = Object.entries(numbers).find(([, value]) => !Number.isFinite(value));
  return wrong === undefined ? undefined : `${wrong[0]} ${wrong[1]} of ${kind} is not a finite number`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

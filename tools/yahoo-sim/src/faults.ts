import { err, ok, type Result } from '@tickwell/domain';
import { isObject } from './json.ts';

const FAULTS = [
  'too-many',
  'too-many-text',
  'error-500',
  'html',
  'truncated',
  'reset',
  'hang',
  'unauthorized',
  'error-200',
  'changed-types',
  'null-prices',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Those that another attempt gets over. */
const TRANSIENT: readonly Fault[] = ['too-many', 'too-many-text', 'error-500', 'html', 'truncated', 'reset'];

/** A fault for some requests. */
export interface FaultRule {
  readonly fault: Fault;
  /** Undefined: any. */
  readonly ticker?: string;
  /** chart, quote, quoteSummary, timeseries, getcrumb; undefined: any. */
  readonly endpoint?: string;
  /** How often; undefined: always. */
  readonly times?: number;
}

/** `[{"fault":"html","ticker":"AAPL","endpoint":"chart","times":2}, …]`; every problem at once, with its place. */
export function parseFaults(text: string, file: string): Result<readonly FaultRule[], string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`${file}: no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(value)) return err(`${file}: must be a list of faults`);
  const problems: string[] = [];
  const rules = value.flatMap((each: unknown, index) => {
    const rule = parseRule(each);
    if (rule.ok) return [rule.value];
    problems.push(`${file}: [${index}] ${rule.error}`);
    return [];
  });
  return problems.length === 0 ? ok(rules) : err(problems.join('; '));
}

function parseRule(value: unknown): Result<FaultRule, string> {
  if (!isObject(value)) return err('must be an object');
  const unknown = Object.keys(value).find((name) => !['fault', 'ticker', 'endpoint', 'times'].includes(name));
  if (unknown !== undefined) return err(`${unknown} is not known; known are fault, ticker, endpoint, times`);
  const { ticker, endpoint, times } = value;
  const fault = FAULTS.find((each) => each === value['fault']);
  if (fault === undefined) return err(`fault must be one of ${FAULTS.join(', ')}`);
  if (times !== undefined && !(typeof times === 'number' && Number.isInteger(times) && times > 0))
    return err('times must be a whole number above 0');
  return ok({
    fault,
    ...(typeof ticker === 'string' ? { ticker } : {}),
    ...(typeof endpoint === 'string' ? { endpoint } : {}),
    ...(times === undefined ? {} : { times }),
  });
}

/** Decides about each request: the rules in their order, then chance. The same seed gives the same chances. */
export class Faults {
  readonly #rules: { readonly rule: FaultRule; left: number }[];
  readonly #failRate: number;
  #state: number;

  constructor(rules: readonly FaultRule[], failRate: number, seed = 1) {
    this.#rules = rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
    this.#failRate = failRate;
    this.#state = seed;
  }

  next(endpoint: string, tickers: readonly string[]): Fault | undefined {
    for (const each of this.#rules) {
      const { rule } = each;
      if (each.left <= 0) continue;
      if (rule.endpoint !== undefined && rule.endpoint !== endpoint) continue;
      if (rule.ticker !== undefined && !tickers.includes(rule.ticker)) continue;
      each.left -= 1;
      return rule.fault;
    }
    if (this.#random() >= this.#failRate) return undefined;
    return TRANSIENT[Math.floor(this.#random() * TRANSIENT.length)];
  }

  /** A linear congruential generator (Numerical Recipes): good enough to spread faults. */
  #random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 4_294_967_296;
  }
}

/** The same answer with its prices gone, or as texts. */
export function damaged(body: unknown, fault: Fault): unknown {
  if (fault !== 'changed-types' && fault !== 'null-prices') return body;
  return JSON.parse(JSON.stringify(body), (name, value: unknown) => {
    if (!Array.isArray(value) || !/^(?:open|high|low|close)$/.test(name)) return value;
    return value.map((price: unknown) => (fault === 'null-prices' ? null : `${String(price)} USD`));
  });
}

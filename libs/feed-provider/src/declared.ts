import {
  err,
  JsonFields,
  parseInterval,
  parseIsoTime,
  type PriceBasis,
  type PriceType,
  type Result,
} from '@tickwell/domain';
import { PROVIDER_KINDS, type Provider, type ProviderKind, type ProviderLimits } from '@tickwell/provider';

/** What a provider says of itself, checked and complete. */
export interface Declared {
  readonly name: string;
  readonly description: string;
  readonly kinds: readonly ProviderKind[];
  readonly liveKinds: readonly ProviderKind[];
  readonly intervals: readonly string[];
  readonly priceBasis: PriceBasis;
  readonly priceType: PriceType;
  /** Undefined: it does not say. */
  readonly earliestNs: bigint | undefined;
  /** "": none. */
  readonly example: string;
  readonly limits: ProviderLimits;
  readonly hasHistory: boolean;
  readonly hasLive: boolean;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Sources of the platform's own; a provider of that name would pass for one. */
const TAKEN: ReadonlySet<string> = new Set(['ib', 'yahoo', 'file', 'replay', 'derived', 'sample']);
const WITH_PRICES: ReadonlySet<ProviderKind> = new Set(['bars', 'trades', 'quotes']);
const FIELDS = [
  'name',
  'description',
  'kinds',
  'liveKinds',
  'intervals',
  'priceBasis',
  'priceType',
  'earliest',
  'example',
  'limits',
] as const;

/** Whether a value has the methods of a provider; {@link readDeclared} checks the rest. */
export function isProvider(value: unknown): value is Provider {
  return (
    typeof value === 'object' &&
    value !== null &&
    isMethod(value, 'history') &&
    isMethod(value, 'live') &&
    ('history' in value || 'live' in value)
  );
}

function isMethod(value: object, name: string): boolean {
  const method: unknown = Reflect.get(value, name);
  return method === undefined || typeof method === 'function';
}

/** Checks what a provider says of itself: every problem at once, each naming the property below `where`. */
export function readDeclared(value: unknown, where: string): Result<Declared, readonly string[]> {
  if (!isProvider(value)) return err([shapeProblem(value, where)]);
  // A provider may be an instance of a class, with more properties than these.
  const said = Object.fromEntries(
    FIELDS.flatMap((name) => {
      const field: unknown = Reflect.get(value, name);
      return field === undefined ? [] : [[name, field] as const];
    }),
  );
  const fields = new JsonFields(said, where);
  const kinds = readKinds(fields, 'kinds') ?? [];
  const liveKinds = readKinds(fields, 'liveKinds');
  const hasHistory = value.history !== undefined;
  const hasLive = value.live !== undefined;
  const all = [...kinds, ...(liveKinds ?? [])];
  const declared: Declared = {
    name: readName(fields),
    description: fields.text('description') ?? '',
    kinds: hasHistory ? kinds : [],
    liveKinds: hasLive ? (liveKinds ?? kinds) : [],
    intervals: readIntervals(fields, all.includes('bars')),
    priceBasis: readBasis(
      fields,
      all.some((kind) => WITH_PRICES.has(kind)),
    ),
    priceType: fields.choice('priceType', ['trade', 'bid', 'ask', 'mid']) ?? 'trade',
    earliestNs: readEarliest(fields),
    example: fields.text('example') ?? '',
    limits: readLimits(fields.take('limits'), `${where}.limits`, fields.problems),
    hasHistory,
    hasLive,
  };
  if (said['kinds'] === undefined)
    fields.problem('kinds', `is required: a list of some of ${PROVIDER_KINDS.join(', ')}`);
  return fields.finish(declared);
}

function shapeProblem(value: unknown, where: string): string {
  if (typeof value !== 'object' || value === null)
    return `${where} must be an object with name, kinds and history or live: write "export default { name: …, async *history(request, context) { … } }"`;
  return `${where} needs a method: async *history(request, context), or async *live(request, context)`;
}

function readName(fields: JsonFields): string {
  const name = fields.requiredText('name');
  if (name !== '' && !NAME.test(name)) fields.problem('name', `"${name}" must be 1 to 32 of a-z, 0-9 and -`);
  else if (TAKEN.has(name)) fields.problem('name', `"${name}" is a source of Tickwell's own: choose another`);
  return name;
}

function readKinds(fields: JsonFields, name: string): readonly ProviderKind[] | undefined {
  const list = fields.list(name);
  if (list === undefined) return undefined;
  const kinds = list.flatMap((one) => {
    const kind = PROVIDER_KINDS.find((known) => known === one);
    if (kind === undefined)
      fields.problem(name, `may hold ${PROVIDER_KINDS.join(', ')}, not ${JSON.stringify(one)}`);
    return kind === undefined ? [] : [kind];
  });
  if (list.length === 0) fields.problem(name, `must name at least one of ${PROVIDER_KINDS.join(', ')}`);
  return [...new Set(kinds)];
}

function readIntervals(fields: JsonFields, hasBars: boolean): readonly string[] {
  const list = fields.list('intervals') ?? [];
  if (hasBars && list.length === 0)
    fields.problem('intervals', 'is required with bars: a list such as ["1m", "1d"]');
  return list.flatMap((one) => {
    const interval = typeof one === 'string' ? parseInterval(one) : err('must be a text such as 1d');
    if (!interval.ok) fields.problem('intervals', interval.error);
    return typeof one === 'string' ? [one] : [];
  });
}

function readBasis(fields: JsonFields, hasPrices: boolean): PriceBasis {
  const basis = fields.choice('priceBasis', ['raw', 'split-adjusted', 'all']);
  if (basis === undefined && hasPrices && fields.take('priceBasis') === undefined)
    fields.problem(
      'priceBasis',
      'is required with prices: raw (as traded), split-adjusted, or all (dividends, too)',
    );
  return basis ?? 'unspecified';
}

function readEarliest(fields: JsonFields): bigint | undefined {
  const text = fields.text('earliest');
  if (text === undefined) return undefined;
  const time = parseIsoTime(text);
  if (time.ok) return time.value;
  fields.problem('earliest', time.error);
  return undefined;
}

const NUMBERS = [
  'requestsPerSecond',
  'requestsPerMinute',
  'requestsPerHour',
  'requestsPerDay',
  'parallel',
  'daysPerRequest',
  'timeoutSeconds',
  'liveSilenceSeconds',
] as const;

/** As {@link ProviderLimits}; problems are added. */
export function readLimits(value: unknown, where: string, problems: string[]): ProviderLimits {
  if (value === undefined) return {};
  const fields = new JsonFields(value, where);
  const limits: Partial<Record<(typeof NUMBERS)[number], number>> = {};
  for (const name of NUMBERS) {
    const number = fields.number(name);
    if (number === undefined) continue;
    const isWhole = name !== 'parallel' || Number.isInteger(number);
    if (Number.isFinite(number) && number > 0 && isWhole) limits[name] = number;
    else fields.problem(name, `must be a ${name === 'parallel' ? 'whole ' : ''}number above 0`);
  }
  const group = fields.text('group');
  const read = fields.finish({ ...limits, ...(group === undefined ? {} : { group }) });
  if (read.ok) return read.value;
  problems.push(...read.error);
  return {};
}

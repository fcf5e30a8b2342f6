/** Reads faults from JSON; the first thing that is wrong is one line with its place. */
import { err, ok, type Result, type TimeZone } from '@tickwell/domain';
import { parseIbTime, zoneNamed } from '../time/ib-time.ts';
import type { RequestKind } from '../wire/requests.ts';
import type { DenialCode, Fault, FaultKind, FaultScript, Timing } from './fault.ts';

export interface FaultContext {
  /** What "+90s" counts from. */
  readonly startMs: number;
  /** The zone of times without one. */
  readonly zone: TimeZone;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const FARMS = ['market', 'history', 'secdef'] as const;
const DENIALS = [354, 10089, 10090, 10167, 10197] as const satisfies readonly DenialCode[];
/** Requests whose answers can be slow. */
const SLOW_KINDS = [
  'contractDetails',
  'matchingSymbols',
  'historicalData',
  'headTimestamp',
  'historicalTicks',
  'marketData',
  'realTimeBars',
  'tickByTick',
  'fundamentalData',
  'positions',
  'accountUpdates',
  'accountSummary',
  'pnl',
  'pnlSingle',
  'executions',
  'currentTime',
] as const satisfies readonly RequestKind[];

/** A bad fault file; `message` names the place. */
class Wrong extends Error {}

/** "30s" → ms; undefined: not a duration. */
export function parseSpan(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  return match === null ? undefined : Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? NaN);
}

/** The faults of a file's text: `{"faults": [...]}` or the list itself. The error is one line. */
export function parseFaultFile(
  text: string,
  file: string,
  context: FaultContext,
): Result<readonly Fault[], string> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return err(`${file}: not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const list = isObject(content) ? content['faults'] : content;
  if (!Array.isArray(list)) return err(`${file}: expected {"faults": [...]}`);
  const faults: Fault[] = [];
  for (const [index, item] of list.entries()) {
    const fault = parseFault(item, `${file}: faults[${index}]`, context);
    if (!fault.ok) return fault;
    faults.push(fault.value);
  }
  return ok(faults);
}

/** One fault; `place` stands before the error. */
export function parseFault(item: unknown, place: string, context: FaultContext): Result<Fault, string> {
  if (!isObject(item)) return err(`${place}: expected an object such as {"kind": "cut", "at": "+10m"}`);
  try {
    const reader = new Reader(item, place, context);
    const fault = readFault(reader);
    reader.refuseOthers();
    return ok(fault);
  } catch (error) {
    if (error instanceof Wrong) return err(error.message);
    throw error;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields of one fault, each read once; what nobody read is a mistake. */
class Reader {
  readonly #item: Readonly<Record<string, unknown>>;
  readonly #place: string;
  readonly #context: FaultContext;
  readonly #read = new Set<string>();

  constructor(item: Readonly<Record<string, unknown>>, place: string, context: FaultContext) {
    this.#item = item;
    this.#place = place;
    this.#context = context;
  }

  fail(name: string, problem: string): never {
    throw new Wrong(`${this.#place}.${name}: ${problem}`);
  }

  #value(name: string): unknown {
    this.#read.add(name);
    return this.#item[name];
  }

  text(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'string') return value;
    return this.fail(name, `expected a text, not ${JSON.stringify(value)}`);
  }

  needed(name: string): string {
    return this.text(name) ?? this.fail(name, 'is missing');
  }

  number(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    return this.fail(name, `expected a whole number, not ${JSON.stringify(value)}`);
  }

  flag(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.fail(name, `expected true or false, not ${JSON.stringify(value)}`);
  }

  choice<T extends string | number>(name: string, choices: readonly T[]): T | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    return (
      choices.find((choice) => choice === value) ??
      this.fail(name, `${JSON.stringify(value)} is none of ${choices.join(', ')}`)
    );
  }

  list<T extends string>(name: string, choices: readonly T[]): readonly T[] {
    const value = this.#value(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.fail(name, 'expected a list');
    return value.map(
      (item: unknown) =>
        choices.find((choice) => choice === item) ??
        this.fail(name, `${JSON.stringify(item)} is none of ${choices.join(', ')}`),
    );
  }

  span(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return parseSpan(text) ?? this.fail(name, `"${text}" is not a duration such as 30s, 5m, 2h or 1d`);
  }

  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (text.startsWith('+')) {
      const spanMs = parseSpan(text.slice(1)) ?? this.fail(name, `"${text}" is not such as +30s or +5m`);
      return this.#context.startMs + spanMs;
    }
    if (/^\d{4}-/.test(text) && /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) && Number.isFinite(Date.parse(text)))
      return Date.parse(text);
    const parsed = parseIbTime(text, this.#context.zone);
    if (parsed.ok) return parsed.value;
    return this.fail(
      name,
      `"${text}" is not a time such as +10m, 2025-10-06T23:45:00-04:00 or 20251006 23:45:00 US/Eastern`,
    );
  }

  when(): Timing {
    const atMs = this.time('at');
    const daily = this.text('daily');
    if (atMs !== undefined && daily !== undefined)
      return this.fail('daily', 'stands beside at: give one of both');
    if (atMs !== undefined) return { name: 'at', atMs };
    if (daily === undefined) return { name: 'now' };
    const match = /^([01]?\d|2[0-3]):([0-5]\d)\s+(\S+)$/.exec(daily);
    if (match === null || !zoneNamed(match[3] ?? '').ok)
      return this.fail('daily', `"${daily}" is not a time of the day such as 23:45 US/Eastern`);
    return { name: 'daily', minuteOfDay: Number(match[1]) * 60 + Number(match[2]), zone: match[3] ?? '' };
  }

  refuseOthers(): void {
    for (const name of Object.keys(this.#item))
      if (!this.#read.has(name)) this.fail(name, 'this kind of fault has no such field');
  }
}

function readFault(reader: Reader): Fault {
  const kind =
    reader.choice('kind', Object.keys(MEANINGS) as FaultKind[]) ?? reader.fail('kind', 'is missing');
  return {
    when: reader.when(),
    forMs: LASTING.has(kind) ? reader.span('for') : undefined,
    what: MEANINGS[kind](reader),
  };
}

const LASTING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'connectivityLost',
  'farmDown',
  'restart',
  'silent',
  'clientIdInUse',
  'slow',
  'hole',
  'noPermission',
  'pacingStorm',
]);

/** Only the fields that are given, so that "not given" stays what it is. */
function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const MEANINGS: Readonly<Record<FaultScript['kind'], (reader: Reader) => Fault['what']>> = {
  notice: (r) => ({
    kind: 'notice',
    code: r.number('code') ?? r.fail('code', 'is missing'),
    ...given({ text: r.text('text') }),
  }),
  connectivityLost: (r) => ({
    kind: 'connectivityLost',
    ...given({ notice: r.choice('notice', [1100, 2110]), restored: r.choice('restored', [1101, 1102]) }),
  }),
  farmDown: (r) => ({ kind: 'farmDown', farm: r.choice('farm', FARMS) ?? r.fail('farm', 'is missing') }),
  restart: () => ({ kind: 'restart' }),
  silent: (r) => ({ kind: 'silent', ...given({ clientId: r.number('clientId') }) }),
  cut: (r) => ({ kind: 'cut', ...given({ clientId: r.number('clientId'), midFrame: r.flag('midFrame') }) }),
  clientIdInUse: (r) => ({
    kind: 'clientIdInUse',
    clientId: r.number('clientId') ?? r.fail('clientId', 'is missing'),
  }),
  slow: (r) => ({
    kind: 'slow',
    delayMs: r.span('delay') ?? r.fail('delay', 'is missing'),
    requests: r.list('requests', SLOW_KINDS),
  }),
  hole: (r) => {
    const fromMs = r.time('from') ?? r.fail('from', 'is missing');
    const toMs = r.time('to') ?? r.fail('to', 'is missing');
    if (toMs <= fromMs) r.fail('to', 'is not after from');
    return { kind: 'hole', instrument: r.needed('instrument'), fromMs, toMs };
  },
  noPermission: (r) => ({
    kind: 'noPermission',
    instrument: r.needed('instrument'),
    ...given({ code: r.choice('code', DENIALS), delayed: r.flag('delayed') }),
  }),
  pacingStorm: () => ({ kind: 'pacingStorm' }),
  garbage: (r) => ({
    kind: 'garbage',
    ...given({ clientId: r.number('clientId'), style: r.choice('style', ['message', 'length']) }),
  }),
  halfFrame: (r) => ({ kind: 'halfFrame', ...given({ clientId: r.number('clientId') }) }),
};

import { checkSymbol, JsonFields } from '@tickwell/domain';
import { INSTRUMENT_TYPES } from '@tickwell/instruments';

/** Instruments by what the map says of them; an empty list: any. Not all are empty. */
export interface InstrumentRule {
  readonly types: readonly string[];
  readonly exchanges: readonly string[];
  readonly currencies: readonly string[];
}

/** Which instruments a policy is for: those named, and those of the map that fulfil its rule. */
export interface Selection {
  readonly ids: readonly string[];
  readonly rule: InstrumentRule | undefined;
}

/** What rules ask of an instrument. */
export interface InstrumentFacts {
  readonly type: string;
  readonly exchange: string;
  readonly currency: string;
}

export const MAX_INSTRUMENTS = 20_000;
const MAX_VALUES = 100;
const MAX_VALUE_CHARS = 64;

/** A list of ids, or an object with `ids` and/or what the instruments of the map have in common. */
export function readSelection(fields: JsonFields, problems: string[]): Selection {
  const value = fields.take('instruments');
  if (Array.isArray(value)) return { ids: readIds(fields, 'instruments', value), rule: undefined };
  const own = new JsonFields(value, 'policy.instruments');
  if (typeof value !== 'object' || value === null) {
    problems.push(
      'policy.instruments must be a list of ids, or an object with ids, type, exchange or currency',
    );
    return { ids: [], rule: undefined };
  }
  const ids = own.take('ids') === undefined ? [] : readIds(own, 'ids', own.list('ids') ?? []);
  const types = readValues(own, 'type');
  const rule = { types, exchanges: readValues(own, 'exchange'), currencies: readValues(own, 'currency') };
  const unknown = types.find((type) => !INSTRUMENT_TYPES.some((known) => known === type));
  if (unknown !== undefined) own.problem('type', `"${unknown}" is none of ${INSTRUMENT_TYPES.join(', ')}`);
  const isEmpty = weightOf(rule) === 0;
  const read = own.finish(undefined);
  if (!read.ok) problems.push(...read.error);
  else if (isEmpty && ids.length === 0)
    problems.push('policy.instruments must name ids, or a type, exchange or currency of the instrument map');
  return { ids, rule: isEmpty ? undefined : rule };
}

function readIds(fields: JsonFields, name: string, list: readonly unknown[]): readonly string[] {
  if (list.length === 0 || list.length > MAX_INSTRUMENTS)
    fields.problem(name, `must be a list of 1 to ${MAX_INSTRUMENTS} instrument ids`);
  const seen = new Set<string>();
  for (const [index, value] of list.entries()) {
    const checked = checkSymbol(typeof value === 'string' ? value : '');
    if (!checked.ok) fields.problem(`${name}[${index}]`, checked.error);
    else if (seen.has(checked.value)) fields.problem(`${name}[${index}]`, `${checked.value} is named twice`);
    else seen.add(checked.value);
  }
  return [...seen];
}

/** One text, or a list of some. */
function readValues(fields: JsonFields, name: string): readonly string[] {
  const value = fields.take(name);
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter(
    (one): one is string => typeof one === 'string' && one !== '' && one.length <= MAX_VALUE_CHARS,
  );
  if (texts.length !== list.length || texts.length === 0 || texts.length > MAX_VALUES)
    fields.problem(
      name,
      `must be a text, or a list of 1 to ${MAX_VALUES} of at most ${MAX_VALUE_CHARS} characters`,
    );
  return [...new Set(texts)];
}

/** How many properties a rule asks for: of two rules that hold of an instrument the one with more decides. */
export function weightOf(rule: InstrumentRule): number {
  return sides(rule).filter((values) => values.length > 0).length;
}

export function isChosen(rule: InstrumentRule, { type, exchange, currency }: InstrumentFacts): boolean {
  return holds(rule.types, type) && holds(rule.exchanges, exchange) && holds(rule.currencies, currency);
}

function holds(values: readonly string[], value: string): boolean {
  return values.length === 0 || values.includes(value);
}

/** Whether there may be an instrument of which both rules hold. */
export function mayMeet(a: InstrumentRule, b: InstrumentRule): boolean {
  const others = sides(b);
  return sides(a).every((values, at) => {
    const other = others[at] ?? [];
    return values.length === 0 || other.length === 0 || values.some((value) => other.includes(value));
  });
}

function sides(rule: InstrumentRule): readonly (readonly string[])[] {
  return [rule.types, rule.exchanges, rule.currencies];
}

/** "type stock or etf, currency USD" */
export function ruleText(rule: InstrumentRule): string {
  const names = ['type', 'exchange', 'currency'];
  return sides(rule)
    .flatMap((values, at) => (values.length === 0 ? [] : [`${names[at] ?? ''} ${values.join(' or ')}`]))
    .join(', ');
}

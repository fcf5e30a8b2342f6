import type { IndicatorDefinition, IndicatorSpec, ParameterRule, ParameterValue } from './definition.ts';
import type { PriceSource } from './input.ts';
import { PRICE_SOURCES } from './input.ts';
import type { Registry } from './registry.ts';
import { BUILT_IN } from './registry.ts';

export type SpecErrorCode =
  | 'indicator-spec-syntax'
  | 'indicator-spec-unknown'
  | 'indicator-spec-arguments'
  | 'indicator-spec-range'
  | 'indicator-spec-source'
  | 'indicator-spec-duplicate';

/** What is wrong with a specification, where (1-based character of the text), and how to put it right. Terminal. */
export interface SpecError {
  readonly code: SpecErrorCode;
  readonly message: string;
  readonly position: number;
  readonly retryable: false;
}

export type SpecResult =
  { readonly ok: true; readonly spec: IndicatorSpec } | { readonly ok: false; readonly error: SpecError };

export type SpecListResult =
  | { readonly ok: true; readonly specs: readonly IndicatorSpec[] }
  | { readonly ok: false; readonly errors: readonly SpecError[] };

const MAX_SPEC_LENGTH = 200;
const MAX_SPECS = 1_000;

/** A piece of the text without the blanks around it, and its 1-based position. */
interface Piece {
  readonly text: string;
  readonly position: number;
}

/**
 * Parses `name(parameter, …[, source])`, e.g. `sma(20)`, `MACD(12,26,9)`, `ema(12,hl2)`, `vwap(utc-day)`. Case and blanks do not
 * matter; every parameter is given; the source may be left out. `registry` decides which names exist.
 */
export function parseSpec(text: string, registry: Registry = BUILT_IN): SpecResult {
  if (text.length > MAX_SPEC_LENGTH) {
    const shown = `${text.slice(0, 40)}…`;
    return fail('syntax', shown, 1, `is ${text.length} characters long, at most ${MAX_SPEC_LENGTH} are read`);
  }
  const shape = /^\s*([a-z][a-z0-9_]*)\s*\(([^()]*)\)\s*$/i.exec(text);
  const name = shape?.[1];
  if (name === undefined) {
    return fail('syntax', text, 1, 'is not of the form name(parameter,…), e.g. sma(20) or macd(12,26,9)');
  }
  const definition = registry.get(name.toLowerCase());
  if (definition === undefined) {
    const known = [...registry.keys()].sort().join(', ');
    const position = text.indexOf(name) + 1;
    return fail('unknown', text, position, `names no indicator; known are ${known}`);
  }
  const open = text.indexOf('(') + 1;
  return parseArguments(text, definition, pieces(shape?.[2] ?? '', open));
}

/** Parses `sma(20), MACD(12,26,9)`: all errors at once, and no specification twice. Positions count within the whole list. */
export function parseSpecList(text: string, registry: Registry = BUILT_IN): SpecListResult {
  const specs = new Map<string, IndicatorSpec>();
  const errors: SpecError[] = [];
  const items = splitList(text);
  if (items.length > MAX_SPECS) {
    const what = `has ${items.length} specifications, at most ${MAX_SPECS} are read`;
    return { ok: false, errors: [specError('syntax', `${text.slice(0, 40)}…`, 1, what)] };
  }
  for (const item of items) {
    const result = parseSpec(item.text, registry);
    if (!result.ok) {
      errors.push({ ...result.error, position: result.error.position + item.position - 1 });
    } else if (specs.has(result.spec.id)) {
      errors.push(
        specError('duplicate', item.text, item.position, `asks for ${result.spec.id} again: name it once`),
      );
    } else {
      specs.set(result.spec.id, result.spec);
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, specs: [...specs.values()] };
}

/** Cuts at the commas outside parentheses. */
function splitList(text: string): Piece[] {
  const items: Piece[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index <= text.length; index += 1) {
    const character = text[index];
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === undefined || (character === ',' && depth <= 0)) {
      items.push(piece(text.slice(start, index), start));
      start = index + 1;
    }
  }
  return items;
}

function pieces(text: string, offset: number): Piece[] {
  if (text.trim() === '') return [];
  let start = offset;
  return text.split(',').map((part) => {
    const result = piece(part, start);
    start += part.length + 1;
    return result;
  });
}

function piece(raw: string, offset: number): Piece {
  return { text: raw.trim(), position: offset + raw.length - raw.trimStart().length + 1 };
}

function parseArguments(text: string, definition: IndicatorDefinition, given: readonly Piece[]): SpecResult {
  const { parameters: rules, defaultSource } = definition;
  const most = rules.length + (defaultSource === null ? 0 : 1);
  if (given.length < rules.length || given.length > most) {
    const wanted =
      rules.map((rule) => rule.name).join(', ') + (defaultSource === null ? '' : ' and may take a source');
    const position = given[most]?.position ?? text.indexOf('(') + 1;
    const what = `has ${given.length} arguments, ${definition.name} takes ${wanted}: write e.g. ${definition.examples[0]}`;
    return fail('arguments', text, position, what);
  }
  const parameters: ParameterValue[] = [];
  for (const [index, rule] of rules.entries()) {
    const argument = given[index] ?? { text: '', position: 1 };
    const value = parseParameter(rule, argument.text.toLowerCase());
    if (value === null) {
      return fail(
        'range',
        text,
        argument.position,
        `has ${rule.name} "${argument.text}", allowed is ${allowed(rule)}`,
      );
    }
    parameters.push(value);
  }
  const problem = definition.check?.(parameters) ?? null;
  if (problem !== null) {
    return fail(
      'range',
      text,
      given[0]?.position ?? 1,
      `breaks a rule: ${problem}, e.g. ${definition.examples[0]}`,
    );
  }
  const source = parseSource(given[rules.length]?.text, defaultSource);
  if (source === undefined) {
    const argument = given[rules.length] ?? { text: '', position: 1 };
    const what = `has source "${argument.text}", allowed is ${PRICE_SOURCES.join(', ')}`;
    return fail('source', text, argument.position, what);
  }
  return { ok: true, spec: buildSpec(definition, parameters, source) };
}

function buildSpec(
  definition: IndicatorDefinition,
  parameters: readonly ParameterValue[],
  source: PriceSource | null,
): IndicatorSpec {
  const words = source === null ? parameters : [...parameters, source];
  return Object.freeze({
    id: `${definition.name}(${words.join(',')})`,
    definition,
    parameters: Object.freeze([...parameters]),
    source,
    outputs: definition.outputs,
    lookback: definition.lookback(parameters),
    memory: definition.memory(parameters),
  });
}

/** `undefined` if the word is no source. */
function parseSource(
  word: string | undefined,
  defaultSource: PriceSource | null,
): PriceSource | null | undefined {
  if (word === undefined) return defaultSource;
  return PRICE_SOURCES.find((source) => source === word.toLowerCase());
}

/** `null` if the word is not one of the rule's values. */
function parseParameter(rule: ParameterRule, word: string): ParameterValue | null {
  if (rule.kind === 'choice') return rule.choices.includes(word) ? word : null;
  const pattern = rule.kind === 'integer' ? /^\d{1,9}$/ : /^\d{1,9}(\.\d{1,9})?$/;
  const value = Number(word);
  return pattern.test(word) && value >= rule.min && value <= rule.max ? value : null;
}

function allowed(rule: ParameterRule): string {
  if (rule.kind === 'choice') return rule.choices.join(' or ');
  return `${rule.kind === 'integer' ? 'a whole number' : 'a number'} from ${rule.min} to ${rule.max}`;
}

type Reason = SpecErrorCode extends `indicator-spec-${infer Word}` ? Word : never;

function fail(reason: Reason, text: string, position: number, what: string): SpecResult {
  return { ok: false, error: specError(reason, text, position, what) };
}

function specError(reason: Reason, text: string, position: number, what: string): SpecError {
  const message = `indicator specification "${text}" ${what} (character ${position})`;
  return { code: `indicator-spec-${reason}`, message, position, retryable: false };
}

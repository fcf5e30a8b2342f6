import type { IndicatorDefinition, IndicatorSpec, ParameterRule, ParameterValue } from './definition.ts';
import type { PriceSource } from './input.ts';
import { PRICE_SOURCES } from './input.ts';
import type { Registry } from './registry.ts';
import { allIndicators } from './registry.ts';

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
/** Most indicators of indicators within each other. */
const MAX_DEPTH = 5;
/** Revisions of formulas are smaller. */
const REVISIONS = 1_000;
/** Most specifications of one list, and of one series of bars. */
export const MAX_SPECS = 1_000;

/** A piece of the text without the blanks around it, and its 1-based position. */
interface Piece {
  readonly text: string;
  readonly position: number;
}

/**
 * Parses `name(parameter, …[, source])`, e.g. `sma(20)`, `MACD(12,26,9)`, `ema(12,hl2)`, `vwap(utc-day)`. The source may be another indicator:
 * `ema(9,rsi(14))`, `sma(5,macd(12,26,9).signal)`; of several outputs one is named. Case and blanks do not matter; every parameter is
 * given; the source may be left out. `registry` decides which names exist.
 */
export function parseSpec(text: string, registry: Registry = allIndicators()): SpecResult {
  if (text.length > MAX_SPEC_LENGTH) {
    const shown = `${text.slice(0, 40)}…`;
    return fail('syntax', shown, 1, `is ${text.length} characters long, at most ${MAX_SPEC_LENGTH} are read`);
  }
  return parseNested({ whole: text, registry, depth: 1 }, { text, position: 1 });
}

interface Nesting {
  /** What errors quote. */
  readonly whole: string;
  readonly registry: Registry;
  readonly depth: number;
}

function parseNested(within: Nesting, { text, position }: Piece): SpecResult {
  const { whole, registry, depth } = within;
  const shape = /^(\s*)([a-z][a-z0-9_]*)\s*\((.*)\)\s*$/i.exec(text);
  const [, blanks = '', name, argumentsText = ''] = shape ?? [];
  if (name === undefined || !isBalanced(argumentsText)) {
    return fail(
      'syntax',
      whole,
      position,
      'is not of the form name(parameter,…), e.g. sma(20) or macd(12,26,9)',
    );
  }
  if (depth > MAX_DEPTH)
    return fail('syntax', whole, position, `has more than ${MAX_DEPTH} indicators within each other`);
  const definition = registry.get(name.toLowerCase());
  if (definition === undefined) {
    const known = [...registry.keys()].sort().join(', ');
    return fail(
      'unknown',
      whole,
      position + blanks.length,
      `names no indicator with "${name}"; known are ${known}`,
    );
  }
  const open = position - 1 + text.indexOf('(') + 1;
  return parseArguments({ ...within, depth: depth + 1 }, open, definition, pieces(argumentsText, open));
}

/** Whether every parenthesis of what stands between two is closed again, and none before it is opened. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** Parses `sma(20), MACD(12,26,9)`: all errors at once, and no specification twice. Positions count within the whole list. */
export function parseSpecList(text: string, registry: Registry = allIndicators()): SpecListResult {
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

/** The specifications of a list as they are written, in the order in which {@link parseSpecList} has them. */
export function splitSpecs(text: string): readonly string[] {
  return splitList(text).map((item) => item.text);
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
  return splitList(text).map((part) => ({ text: part.text, position: part.position + offset }));
}

function piece(raw: string, offset: number): Piece {
  return { text: raw.trim(), position: offset + raw.length - raw.trimStart().length + 1 };
}

function parseArguments(
  within: Nesting,
  open: number,
  definition: IndicatorDefinition,
  given: readonly Piece[],
): SpecResult {
  const { parameters: rules, defaultSource } = definition;
  const { whole } = within;
  const most = rules.length + (defaultSource === null ? 0 : 1);
  if (given.length < rules.length || given.length > most) {
    const wanted =
      (rules.map((rule) => rule.name).join(', ') || 'no parameter') +
      (defaultSource === null ? '' : ' and may take a source');
    const position = given[most]?.position ?? open;
    const what = `has ${given.length} arguments, ${definition.name} takes ${wanted}: write e.g. ${definition.examples[0]}`;
    return fail('arguments', whole, position, what);
  }
  const parameters: ParameterValue[] = [];
  for (const [index, rule] of rules.entries()) {
    const argument = given[index] ?? { text: '', position: 1 };
    const value = parseParameter(rule, argument.text.toLowerCase());
    if (value === null) {
      const what = `has ${rule.name} "${argument.text}", allowed is ${allowed(rule)}`;
      return fail('range', whole, argument.position, what);
    }
    parameters.push(value);
  }
  const problem = definition.check?.(parameters) ?? null;
  if (problem !== null) {
    const what = `breaks a rule: ${problem}, e.g. ${definition.examples[0]}`;
    return fail('range', whole, given[0]?.position ?? 1, what);
  }
  const source = parseSource(within, given[rules.length], defaultSource);
  return source.ok ? { ok: true, spec: buildSpec(definition, parameters, source.source) } : source;
}

type Source = PriceSource | NonNullable<IndicatorSpec['inner']> | null;
type SourceResult =
  { readonly ok: true; readonly source: Source } | { readonly ok: false; readonly error: SpecError };

function parseSource(
  within: Nesting,
  given: Piece | undefined,
  defaultSource: PriceSource | null,
): SourceResult {
  if (given === undefined) return { ok: true, source: defaultSource };
  const word = given.text.toLowerCase();
  const known = PRICE_SOURCES.find((source) => source === word);
  if (known !== undefined) return { ok: true, source: known };
  if (!word.includes('(')) {
    const what = `has source "${given.text}", allowed is ${PRICE_SOURCES.join(', ')}, or an indicator such as rsi(14)`;
    return failed(specError('source', within.whole, given.position, what));
  }
  const name = /\)\.([a-z0-9_-]*)$/.exec(word)?.[1];
  const text = name === undefined ? given.text : given.text.slice(0, -name.length - 1);
  const parsed = parseNested(within, { text, position: given.position });
  if (!parsed.ok) return parsed;
  const { spec } = parsed;
  const output = name === undefined && spec.outputs.length === 1 ? 0 : spec.outputs.indexOf(name ?? '');
  if (output >= 0) return { ok: true, source: { spec, output } };
  const asked = name === undefined ? 'names none' : `names "${name}"`;
  const what = `${asked} of the outputs of ${spec.definition.name}: write ${text}.${spec.outputs.join(` or ${text}.`)}`;
  return failed(specError('source', within.whole, given.position, what));
}

function failed(error: SpecError): { readonly ok: false; readonly error: SpecError } {
  return { ok: false, error };
}

function buildSpec(
  definition: IndicatorDefinition,
  parameters: readonly ParameterValue[],
  from: Source,
): IndicatorSpec {
  const inner = typeof from === 'string' ? null : from;
  const source = typeof from === 'string' ? from : null;
  const words = source ?? (inner === null ? undefined : sourceText(inner));
  const listed = words === undefined ? parameters : [...parameters, words];
  const memory = definition.memory(parameters);
  return Object.freeze({
    id: `${definition.name}(${listed.join(',')})`,
    definition,
    parameters: Object.freeze([...parameters]),
    source,
    inner,
    outputs: definition.outputs,
    lookback: definition.lookback(parameters) + (inner?.spec.lookback ?? 0),
    // A window of values that themselves depend on a window is a longer window; all else goes back to the start.
    memory: inner === null || (memory === 'window' && inner.spec.memory === 'window') ? memory : 'series',
    sessions: (definition.sessions?.(parameters) ?? 0) + (inner?.spec.sessions ?? 0),
    needsSession: memory === 'session' || (inner?.spec.needsSession ?? false),
    revision: (inner?.spec.revision ?? 0) * REVISIONS + definition.revision,
  });
}

function sourceText({ spec, output }: NonNullable<IndicatorSpec['inner']>): string {
  return spec.outputs.length === 1 ? spec.id : `${spec.id}.${spec.outputs[output]}`;
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

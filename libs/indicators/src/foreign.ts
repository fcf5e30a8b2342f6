import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import type { IndicatorDefinition, ParameterRule } from './definition.ts';
import { PRICE_SOURCES } from './input.ts';
import { trialProblem } from './trial.ts';

/*
 * Definitions of users' own modules: nothing about them is known before it is checked here.
 */

const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const OUTPUT = /^[a-z][a-z0-9_-]{0,39}$/;
const FIELDS: readonly unknown[] = ['source', 'open', 'high', 'low', 'close', 'volume'];
const MAX_REVISION = 999;
/** As many arguments as a specification of 200 characters can hold. */
const MAX_PARAMETERS = 20;
const MAX_OUTPUTS = 50;

/** A definition, or everything that is wrong with it, each problem naming its field and what it must be. */
export function readDefinition(value: unknown): Result<IndicatorDefinition, readonly string[]> {
  const problems: string[] = [];
  if (!isDefinition(value, problems)) return err(problems);
  const found = attempt(() => value.examples.flatMap((example) => trialProblem(value, example) ?? []));
  if (found.length > 0) return err(found);
  return ok(value);
}

/** What it threw is a problem like the others. */
function attempt(check: () => readonly string[]): readonly string[] {
  try {
    return check();
  } catch (error) {
    return [`it throws "${errorMessage(error)}"`];
  }
}

function isDefinition(value: unknown, problems: string[]): value is IndicatorDefinition {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push('it must be an object: { name, title, formula, revision, parameters, … }');
    return false;
  }
  const fields = new Map(Object.entries(value));
  const must = (name: string, holds: (field: unknown) => boolean, what: string): void => {
    if (!holds(fields.get(name))) problems.push(`${name} must be ${what}`);
  };
  must(
    'name',
    (name) => matches(name, NAME),
    'a word of lower-case letters, digits and _ that begins with a letter',
  );
  must('title', isText, 'a text');
  must('formula', isText, 'a text that says what it computes and where that comes from');
  must('revision', (at) => isInteger(at, 1, MAX_REVISION), `a whole number from 1 to ${MAX_REVISION}`);
  must(
    'defaultSource',
    (source) => source === null || isSource(source),
    `null or one of ${PRICE_SOURCES.join(', ')}`,
  );
  must(
    'reads',
    (reads) => isListOf(reads, (field) => FIELDS.includes(field), 0),
    `a list of ${FIELDS.join(', ')}`,
  );
  must(
    'outputs',
    isOutputs,
    `a list of 1 to ${MAX_OUTPUTS} different names of lower-case letters, digits, - and _`,
  );
  must('examples', (list) => isListOf(list, isText, 1), 'a list of specifications, one at least');
  for (const name of ['lookback', 'memory', 'create'])
    must(name, (field) => typeof field === 'function', 'a function of the parameters');
  for (const name of ['sessions', 'check', 'otherSource'])
    must(
      name,
      (field) => field === undefined || typeof field === 'function',
      'a function of the parameters, or left out',
    );
  problems.push(...parameterProblems(fields.get('parameters')));
  return problems.length === 0;
}

function parameterProblems(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_PARAMETERS)
    return [`parameters must be a list of at most ${MAX_PARAMETERS} rules`];
  return value.flatMap((rule: unknown, index) =>
    isRule(rule)
      ? []
      : `parameters[${index}] must be { kind: "integer" or "number", name, min, max } or { kind: "choice", name, choices }`,
  );
}

function isRule(value: unknown): value is ParameterRule {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('name' in value)) return false;
  if (!matches(value.name, OUTPUT)) return false;
  if (value.kind === 'choice') return 'choices' in value && isListOf(value.choices, isText, 1);
  if (value.kind !== 'integer' && value.kind !== 'number') return false;
  return (
    'min' in value && 'max' in value && isNumber(value.min) && isNumber(value.max) && value.min <= value.max
  );
}

function isOutputs(value: unknown): boolean {
  if (!isListOf(value, (name) => matches(name, OUTPUT), 1)) return false;
  return Array.isArray(value) && value.length <= MAX_OUTPUTS && new Set(value).size === value.length;
}

function isListOf(value: unknown, holds: (item: unknown) => boolean, least: number): boolean {
  return Array.isArray(value) && value.length >= least && value.every(holds);
}

function isSource(value: unknown): boolean {
  return PRICE_SOURCES.some((source) => source === value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isInteger(value: unknown, min: number, max: number): boolean {
  return isNumber(value) && Number.isInteger(value) && value >= min && value <= max;
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

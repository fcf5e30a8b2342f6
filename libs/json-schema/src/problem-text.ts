import type { ErrorObject } from 'ajv/dist/2020.js';
import { nearest } from './nearest.ts';

type Fields = Readonly<Record<string, unknown>>;

const MAX_SHOWN_CHARS = 80;
const TYPE_NAMES: ReadonlyMap<unknown, string> = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['integer', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
  ['null', 'null'],
]);

/** One line: where, what is wrong, what would be right; the last two come from the schema's own descriptions and examples. */
export function problemText(error: ErrorObject): string {
  return error.propertyName === undefined
    ? `${placeOf(error)} ${whatIsWrong(error)}`
    : `${pointer(error.instancePath, error.propertyName)} has a name that is none: it must be ${meaning(error.parentSchema)}`;
}

/** Of what is missing or too much the place is the property, else the value. */
function placeOf({ keyword, instancePath, params }: ErrorObject): string {
  const fields: Fields = params;
  if (keyword === 'required') return pointer(instancePath, fields['missingProperty']);
  if (keyword === 'dependentRequired') return pointer(instancePath, fields['missingProperty']);
  if (keyword === 'additionalProperties') return pointer(instancePath, fields['additionalProperty']);
  return instancePath === '' ? 'the document' : shown(instancePath);
}

function whatIsWrong(error: ErrorObject): string {
  const params: Fields = error.params;
  const schema = fieldsOf(error.parentSchema);
  switch (error.keyword) {
    case 'required':
      return `is required${guess(error, params['missingProperty'])}`;
    case 'dependentRequired':
      return `is required beside ${String(params['property'])}`;
    case 'additionalProperties':
      return unknownText(String(params['additionalProperty']), Object.keys(fieldsOf(schema['properties'])));
    case 'type':
      return `must be ${typeText(error.schema)}`;
    case 'enum':
      return `must be one of ${listOf(error.schema).map(String).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(error.schema)}`;
    case 'pattern':
      return patternText(error, schema);
    case 'minLength':
      return 'is empty: write something, or leave it out';
    case 'maxLength':
      return `has more than ${String(error.schema)} characters`;
    case 'minItems':
      return `must have at least ${String(error.schema)}; leave it out where there is none`;
    case 'maxItems':
      return `has more than ${String(error.schema)} entries`;
    case 'maxProperties':
      return `has more than ${String(error.schema)} properties`;
    case 'uniqueItems':
      return `holds one value twice, at ${[Number(params['i']), Number(params['j'])].sort((a, b) => a - b).join(' and ')}: take one out`;
    case 'anyOf':
    case 'oneOf':
      return choiceText(error, schema);
    default:
      // The rest are bounds of numbers, which Ajv says well.
      return error.message ?? `does not pass ${error.keyword}`;
  }
}

function unknownText(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const rest = known.includes('parameters') ? '; what is your own goes into parameters' : '';
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  return `is not known${hint}: known are ${known.join(', ')}${rest}`;
}

/** A property that is missing may be there under a name that is nearly right. */
function guess({ data, parentSchema }: ErrorObject, missing: unknown): string {
  const known = Object.keys(fieldsOf(fieldsOf(parentSchema)['properties']));
  const unknown = Object.keys(fieldsOf(data)).filter((name) => !known.includes(name));
  const meant = nearest(String(missing), unknown);
  return meant === undefined ? '' : `, and ${shown(meant)} is not known: did you mean it?`;
}

function patternText({ data, parentSchema }: ErrorObject, schema: Fields): string {
  const value = schema['writeOnly'] === true ? 'the value' : shown(JSON.stringify(data));
  return `must be ${meaning(parentSchema)}, and ${value} is not`;
}

function choiceText({ keyword, schema, data }: ErrorObject, parent: Fields): string {
  const names = listOf(schema).map((branch) => listOf(fieldsOf(branch)['required']).map(String));
  if (names.some((required) => required.length === 0)) return `must be ${meaning(parent)}`;
  const choices = names.map((required) => required.join(' with '));
  const has = Object.keys(fieldsOf(data));
  const given = names.filter((required) => required.every((name) => has.includes(name))).length;
  if (keyword === 'oneOf' && given > 1) return `must have one of ${choices.join(', ')}, not ${given} of them`;
  return `must have one of ${choices.join(', ')}`;
}

/** What a value is by its schema: "an instrument id, for example AAPL". */
function meaning(schema: unknown): string {
  const { description, examples, pattern } = fieldsOf(schema);
  const what = typeof description === 'string' ? description : `a text that matches ${String(pattern)}`;
  const shownExamples = listOf(examples).map(String);
  return shownExamples.length === 0 ? what : `${what}, for example ${shownExamples.join(' or ')}`;
}

function typeText(type: unknown): string {
  const types = Array.isArray(type) ? listOf(type) : [type];
  return types.map((one) => TYPE_NAMES.get(one) ?? String(one)).join(' or ');
}

function pointer(path: string, property: unknown): string {
  return shown(`${path}/${String(property).replaceAll('~', '~0').replaceAll('/', '~1')}`);
}

/** Of a name that somebody wrote, as much as goes into a line. */
function shown(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
  return line.length > MAX_SHOWN_CHARS ? `${line.slice(0, MAX_SHOWN_CHARS)}…` : line;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

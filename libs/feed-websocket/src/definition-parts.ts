import { JsonFields } from '@tickwell/domain';
import { conditionText } from './conditions.ts';
import type { Condition, Field } from './definition.ts';
import { parsePath, type Path } from './path.ts';
import { TIME_UNITS } from './values.ts';

/** Reads an object of an object; its problems are the outer one's. Undefined: it is not there. */
export function inner<T>(
  fields: JsonFields,
  name: string,
  where: string,
  read: (inner: JsonFields, where: string) => T,
): T | undefined {
  const value = fields.take(name);
  return value === undefined ? undefined : innerOf(fields, value, `${where}.${name}`, read);
}

/** The same of a value that was taken. */
export function innerOf<T>(
  fields: JsonFields,
  value: unknown,
  where: string,
  read: (inner: JsonFields, where: string) => T,
): T {
  const nested = new JsonFields(value, where);
  // With problems, too, what could be read is looked at further: all mistakes are told at once.
  const result = read(nested, where);
  const checked = nested.finish(result);
  if (!checked.ok) fields.problems.push(...checked.error);
  return result;
}

/** An object whose names are the person's own. */
export function entriesOf(fields: JsonFields, name: string): readonly (readonly [string, unknown])[] {
  const value = fields.take(name);
  if (value === undefined) return [];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  fields.problem(name, 'must be an object');
  return [];
}

const NOWHERE: Path = { text: '', read: () => undefined };

export function pathField(fields: JsonFields, name: string): Path | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const path = parsePath(text);
  if (path.ok) return path.value;
  fields.problem(name, path.error);
  return NOWHERE;
}

export function requiredPath(fields: JsonFields, name: string): Path {
  const path = pathField(fields, name);
  if (path === undefined && fields.take(name) === undefined) fields.problem(name, 'is required: a path');
  return path ?? NOWHERE;
}

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  readonly whole?: true;
}

export function ranged(fields: JsonFields, name: string, { min, max, fallback, whole }: Range): number {
  const value = fields.number(name);
  if (value === undefined) return fallback;
  if (value >= min && value <= max && (whole === undefined || Number.isInteger(value))) return value;
  fields.problem(name, `must be ${whole === undefined ? '' : 'a whole number '}from ${min} to ${max}`);
  return fallback;
}

/** Seconds of the definition in ms. */
export function seconds(fields: JsonFields, name: string, range: Range): number {
  return ranged(fields, name, range) * 1000;
}

/** `{"type": "trade", "data.e": ["a", "b"], "id": {"exists": true}, "error": {"contains": "limit"}}` */
export function conditionsField(fields: JsonFields, name: string): readonly Condition[] {
  return entriesOf(fields, name).flatMap(([text, wanted]): Condition[] => {
    const path = parsePath(text);
    if (!path.ok) {
      fields.problem(name, path.error);
      return [];
    }
    if (oneOf(wanted, 'exists') === true) return [{ path: path.value, values: undefined, part: undefined }];
    const part = oneOf(wanted, 'contains');
    if (typeof part === 'string' && part !== '') return [{ path: path.value, values: undefined, part }];
    const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
    if (list.length > 0 && list.every((value) => typeof value !== 'object' || value === null))
      return [{ path: path.value, values: new Set(list.map(conditionText)), part: undefined }];
    fields.problem(
      `${name}.${text}`,
      'must be a value, a list of values, {"exists": true} or {"contains": "a text"}',
    );
    return [];
  });
}

/** The value of an object with this one property. */
function oneOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== name) return undefined;
  return Object.values(value)[0];
}

const PLAIN: Omit<Field, 'path'> = {
  constant: undefined,
  isReceived: false,
  unit: 'iso',
  values: undefined,
  scale: 1,
  isAbsolute: false,
  missing: undefined,
};

/** A field of an event: a path, or an object with more to say. Undefined: it is not there. */
export function eventField(fields: JsonFields, name: string, where: string): Field | undefined {
  const value = fields.take(name);
  if (value === undefined) return undefined;
  if (typeof value === 'string') return { ...PLAIN, path: pathField(fields, name) };
  return innerOf(fields, value, `${where}.${name}`, (of): Field => {
    const path = pathField(of, 'path');
    const constant = of.take('constant');
    if (constant !== undefined && typeof constant !== 'string' && typeof constant !== 'number')
      of.problem('constant', 'must be a text or a number');
    const isReceived = of.flag('received') ?? false;
    const given = [path, constant, isReceived ? true : undefined].filter((one) => one !== undefined).length;
    if (given !== 1 && of.problems.length === 0)
      of.problem('path', 'is required: a path, or constant, or received');
    const values = entriesOf(of, 'values').map(([from, to]): readonly [string, string] => [from, String(to)]);
    return {
      path,
      constant: typeof constant === 'string' || typeof constant === 'number' ? constant : undefined,
      isReceived,
      unit: of.choice('unit', TIME_UNITS) ?? 'iso',
      values: values.length === 0 ? undefined : new Map(values),
      scale: of.number('scale') ?? 1,
      isAbsolute: of.flag('absolute') ?? false,
      missing: of.number('missing'),
    };
  });
}

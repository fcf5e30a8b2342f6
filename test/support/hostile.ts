import {
  ScalarType,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
} from '@bufbuild/protobuf';

/** What a filter names that nothing has. */
export const HARMLESS = 'NOSUCH';

/** Texts that are more than texts to somebody: to SQL, to a shell, to a path, to a terminal, to a reader of lines, to a parser of numbers. */
export const HOSTILE_TEXTS: readonly string[] = [
  "'",
  "x' or '1'='1",
  "x'; drop table bars; --",
  "\\' union select * from bars --",
  "NOSUCH') or 1=1 --",
  '$1',
  '%',
  '../../etc/passwd',
  '$(reboot)',
  'a\u0000b',
  'two\nlines',
  '\u001b[31mred',
  '\u2028',
  '\u202eevil',
  'Zürich 東京 🚀',
  '999999999999999999999999',
  '{"a":1}',
  'x'.repeat(5_000),
  '€'.repeat(100_000),
];

/** Leads to a field of a message: by the fields on the way. */
export type FieldPath = readonly DescField[];

const MAX_DEPTH = 3;

/** Every field of a message and of the messages in it that is as wanted. */
export function fieldPaths(
  message: DescMessage,
  isWanted: (field: DescField) => boolean,
  depth = 0,
): readonly FieldPath[] {
  if (depth > MAX_DEPTH) return [];
  return message.fields.flatMap((field) => {
    const own = isWanted(field) ? [[field]] : [];
    if (field.message === undefined || field.fieldKind === 'map') return own;
    return [...own, ...fieldPaths(field.message, isWanted, depth + 1).map((path) => [field, ...path])];
  });
}

export function isText(field: DescField): boolean {
  return field.fieldKind !== 'map' && field.scalar === ScalarType.STRING;
}

/** A message with a start and an end. */
export function isRange(field: DescField): boolean {
  return field.message?.field['startNs'] !== undefined && 'endNs' in field.message.field;
}

/** "filter.source" */
export function pathName(path: FieldPath): string {
  return path.map(({ name }) => name).join('.');
}

/** The request with one field replaced; what else a oneof held is gone, and a list has the one value. */
export function withValue(request: JsonObject, [field, ...rest]: FieldPath, value: JsonValue): JsonObject {
  if (field === undefined) return request;
  const others = field.oneof?.fields.map(({ jsonName }) => jsonName) ?? [];
  const kept = Object.fromEntries(
    Object.entries(request).filter(([name]) => name === field.jsonName || !others.includes(name)),
  );
  const before = kept[field.jsonName];
  const [first] = Array.isArray(before) ? before : [before];
  const inner = rest.length === 0 ? value : withValue(isObject(first) ? first : {}, rest, value);
  const isList = field.fieldKind === 'list' && !Array.isArray(inner);
  return { ...kept, [field.jsonName]: isList ? [inner] : inner };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LEAST_64 = String(-(2n ** 63n));
const MOST_64 = String(2n ** 63n - 1n);

/** Numbers that no request means, in the JSON form of the field's type; none of a field that is no number. */
export function absurdNumbers(field: DescField): readonly JsonValue[] {
  if (field.fieldKind === 'map' || field.fieldKind === 'message' || field.message !== undefined) return [];
  if (field.enum !== undefined) return [99];
  switch (field.scalar) {
    case ScalarType.BOOL:
      return [true];
    case ScalarType.UINT32:
      return [2 ** 32 - 1];
    case ScalarType.UINT64:
      return [String(2n ** 64n - 1n)];
    case ScalarType.SFIXED64:
      return [LEAST_64, '-1', '1', MOST_64];
    case ScalarType.DOUBLE:
      return ['NaN', '-Infinity', 1e308];
    default:
      return [];
  }
}

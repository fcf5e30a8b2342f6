/** Looks into answers whose shape is not known to hold. */
type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function part(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The entries of a list, or the values of an object, which Yahoo keys by time. */
export function valuesOf(value: unknown): readonly unknown[] {
  return isObject(value) ? Object.values(value) : listOf(value);
}

/** Whole seconds since the epoch. */
export function secondsOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** For hashes and for what is kept of a refused entry. */
export function numbersAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

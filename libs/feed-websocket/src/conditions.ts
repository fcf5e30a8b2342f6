import type { Condition } from './definition.ts';

/** Whether a message (and the event in it) meets every condition. */
export function meets(conditions: readonly Condition[], message: unknown, element: unknown): boolean {
  for (const { path, values, part } of conditions) {
    const value = path.read(message, element);
    if (values === undefined) {
      if (value === undefined || value === null) return false;
      if (part !== undefined && !conditionText(value).includes(part)) return false;
    } else if (!values.has(conditionText(value))) return false;
  }
  return true;
}

/** Values are compared as texts: a feed that turns `1` into `"1"` means the same. */
export function conditionText(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

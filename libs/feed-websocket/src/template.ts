import { err, ok, type Result } from '@tickwell/domain';

/** Values of placeholders; a list stays one only where it is all of a text. */
export type Placeholders = (name: string) => string | number | readonly string[] | undefined;

const PLACEHOLDER = /\{([A-Za-z][A-Za-z0-9]*(?::[^{}]+)?)\}/g;
const MAX_DEPTH = 16;

/** The placeholders of a template, each once: `{topics}` is "topics", `{secret:key}` is "secret:key". */
export function placeholdersOf(template: unknown): readonly string[] {
  const names = new Set<string>();
  visit(template, 0, (text) => {
    for (const match of text.matchAll(PLACEHOLDER)) names.add(match[1] ?? '');
  });
  return [...names];
}

function visit(template: unknown, depth: number, onText: (text: string) => void): void {
  if (typeof template === 'string') onText(template);
  else if (typeof template === 'object' && template !== null && depth < MAX_DEPTH)
    for (const value of Object.values(template)) visit(value, depth + 1, onText);
}

/** Fills a JSON template. The error names a placeholder without a value. */
export function fill(template: unknown, values: Placeholders): Result<unknown, string> {
  const missing: string[] = [];
  const filled = fillValue(template, values, missing);
  return missing.length === 0 ? ok(filled) : err(`{${missing.join('}, {')}} has no value`);
}

function fillValue(template: unknown, values: Placeholders, missing: string[]): unknown {
  if (typeof template === 'string') return fillString(template, values, missing);
  if (Array.isArray(template))
    return (template as readonly unknown[]).map((value) => fillValue(value, values, missing));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => [name, fillValue(value, values, missing)]),
  );
}

function fillString(text: string, values: Placeholders, missing: string[]): unknown {
  const whole = /^\{([^{}]+)\}$/.exec(text)?.[1];
  if (whole !== undefined && PLACEHOLDER_ALONE.test(text)) {
    const value = values(whole);
    if (value === undefined) missing.push(whole);
    return value;
  }
  return fillText(text, values, { separator: ',', encode: (value) => value, missing });
}

const PLACEHOLDER_ALONE = new RegExp(`^${PLACEHOLDER.source}$`);

/** Fills a text; lists are joined with the separator. */
export function fillText(
  text: string,
  values: Placeholders,
  of: {
    readonly separator: string;
    readonly encode: (value: string) => string;
    readonly missing: string[];
  },
): string {
  return text.replaceAll(PLACEHOLDER, (_match, name: string) => {
    const value = values(name);
    if (value === undefined) {
      of.missing.push(name);
      return '';
    }
    const list = typeof value === 'object' ? value : [String(value)];
    return list.map(of.encode).join(of.separator);
  });
}

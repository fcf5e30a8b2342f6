import { err, ok, type Result } from '@tickwell/domain';

/** Reads one value out of a parsed message; undefined where it is not there. */
export interface Path {
  readonly text: string;
  /** `element` is the one event of a message that holds several, else the message itself. */
  readonly read: (message: unknown, element: unknown) => unknown;
}

const ROOT = '$';
const MAX_STEPS = 16;

/**
 * A path such as `data.k.t`, `[1][0]`, `data[0].price` or `$[3]`: names after dots, array indexes in brackets. `$` is the whole message;
 * without it the path starts at the event (where a message holds several), else at the message.
 */
export function parsePath(text: string): Result<Path, string> {
  const isRoot = text === ROOT || text.startsWith(`${ROOT}.`) || text.startsWith(`${ROOT}[`);
  const steps = stepsOf(isRoot ? text.slice(ROOT.length).replace(/^\./, '') : text);
  if (steps === undefined || steps.length > MAX_STEPS || (steps.length === 0 && !isRoot))
    return err(
      `"${text}" is no path: write names with dots between them and array indexes in brackets, for example data.price, [1][0], $[3]`,
    );
  const read = readerOf(steps);
  return ok({ text, read: isRoot ? (message) => read(message) : (_message, element) => read(element) });
}

type Step = string | number;

function stepsOf(text: string): readonly Step[] | undefined {
  if (text.startsWith('.')) return undefined;
  const steps: Step[] = [];
  const pattern = /(?:^|\.)([^.[\]]+)|\[(\d{1,6})\]/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    steps.push(match[2] === undefined ? (match[1] ?? '') : Number(match[2]));
  }
  return steps;
}

function readerOf(steps: readonly Step[]): (from: unknown) => unknown {
  return (from) => {
    let value = from;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null) return undefined;
      if (typeof step === 'number') {
        if (!Array.isArray(value)) return undefined;
        value = (value as readonly unknown[])[step];
      } else {
        if (!Object.hasOwn(value, step)) return undefined;
        value = (value as Readonly<Record<string, unknown>>)[step];
      }
    }
    return value;
  };
}

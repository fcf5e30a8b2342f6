import type { SchemaCheck } from '@tickwell/ports';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { problemText } from './problem-text.ts';

/** Of these the error before says what is wrong; they only say that something is. */
const WRAPPERS: ReadonlySet<string> = new Set(['if', 'propertyNames']);

/**
 * Ajv makes code of a schema, which is why only schemas of our own come here. It stops at the first error: a document of which every value is wrong
 * must not cost more memory than the document.
 */
export function compileSchema(schema: object): SchemaCheck {
  const ajv = new Ajv2020({ strict: false, strictSchema: true, verbose: true, allErrors: false });
  const validate = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return undefined;
    const error = decisive(validate.errors ?? []);
    return error === undefined ? 'the document does not pass its schema' : problemText(error);
  };
}

/** An error of a branch comes before that of the choice, which says it as a whole. */
function decisive(errors: readonly ErrorObject[]): ErrorObject | undefined {
  return errors.findLast(({ keyword }) => !WRAPPERS.has(keyword));
}

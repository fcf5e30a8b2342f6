/**
 * What is wrong with a value, one line that begins with its place (a JSON pointer) and says what would be right; undefined: nothing. Values that
 * the schema calls `writeOnly` (secrets) are not repeated.
 */
export type SchemaCheck = (value: unknown) => string | undefined;

/** Makes a check of a JSON Schema (draft 2020-12). Throws for a schema that is none: it is ours. */
export type CompileSchema = (schema: object) => SchemaCheck;

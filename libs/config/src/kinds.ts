import { documentSizeProblem, err, errorMessage, ok, type Result } from '@tickwell/domain';
import type { ConfigEntry } from './state.ts';

export const KIND_NAMES = [
  'strategy',
  'portfolio',
  'job',
  'instrument',
  'retention',
  'source',
  'indicator',
  'bars',
  'validation',
  'alert',
] as const;
export type ConfigKindName = (typeof KIND_NAMES)[number];

/** What is particular to one kind of document. Problems are one line each and name the field. */
export interface ConfigKind {
  /** What is wrong with a document by itself. */
  check(id: string, document: unknown): readonly string[];
  /** For kinds whose documents must agree with each other. */
  createIndex?(): ConfigIndex | undefined;
}

/** The current documents of one kind, kept for {@link conflicts}. */
export interface ConfigIndex {
  /** Takes a change; a document that does not pass {@link ConfigKind.check} counts as none. */
  apply(entry: ConfigEntry): void;
  /** Why a document must not be written as it is (`undefined`: must not be deleted), given all the others. */
  conflicts(id: string, document: unknown): readonly string[];
}

/** A kind without an entry takes any JSON object; {@link withSchemas} adds those that have a schema. */
export type ConfigKinds = Partial<Readonly<Record<ConfigKindName, ConfigKind>>>;

const ID = /^[A-Za-z0-9^][A-Za-z0-9._^=:/-]{0,127}$/;

export function checkKind(kind: string): Result<ConfigKindName, string> {
  const known = KIND_NAMES.find((name) => name === kind);
  return known === undefined
    ? err(`kind ${JSON.stringify(kind.slice(0, 80))} is not one of ${KIND_NAMES.join(', ')}`)
    : ok(known);
}

export function checkId(id: string): Result<string, string> {
  return ID.test(id)
    ? ok(id)
    : err(
        `id ${JSON.stringify(id.slice(0, 140))} is none: use 1 to 128 of A-Z a-z 0-9 . _ ^ = : / - that begin with a letter, a digit or ^`,
      );
}

/** The document, if text, size and the rules of its kind are right; else everything that is wrong, the field named. */
export function checkDocument(
  kinds: ConfigKinds,
  kind: ConfigKindName,
  id: string,
  payloadJson: string,
): Result<unknown, string> {
  const name = `${kind} ${id}`;
  const tooLarge = documentSizeProblem(payloadJson);
  if (tooLarge !== undefined) return err(`${name}: ${tooLarge}`);
  const parsed = parseObject(payloadJson);
  if (!parsed.ok) return err(`${name}: ${parsed.error}`);
  const problems = kinds[kind]?.check(id, parsed.value) ?? [];
  return problems.length === 0 ? parsed : err(`${name}: ${problems.join('; ')}`);
}

function parseObject(text: string): Result<object, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return err(`the document is no JSON: ${errorMessage(cause)}`);
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? ok(value)
    : err('the document must be a JSON object, for example {"name":"…"}');
}

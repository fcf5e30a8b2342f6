import { readFileSync } from 'node:fs';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import type { SecretRef } from './definition.ts';

const HIDDEN = '***';
/** Shorter texts are no secrets, and hiding them would hide words. */
const MIN_HIDDEN = 4;
const MAX_SECRET = 64 * 1024;

/** Credentials of one session, and what hides them in everything that is told. */
export class Secrets {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** The text without any secret, as such or as part of a URL. */
  hide(text: string): string {
    let hidden = text;
    for (const value of this.#values.values()) {
      if (value.length < MIN_HIDDEN) continue;
      hidden = hidden.replaceAll(value, HIDDEN).replaceAll(encodeURIComponent(value), HIDDEN);
    }
    return hidden;
  }
}

/** Reads secrets from where they are. Errors name the secret and its place, never its content. */
export function readSecrets(
  refs: ReadonlyMap<string, SecretRef>,
  env: Readonly<Record<string, string | undefined>>,
): Result<Secrets, readonly string[]> {
  const problems: string[] = [];
  const values = new Map<string, string>();
  for (const [name, ref] of refs) {
    const value = ref.from === 'env' ? fromEnv(ref.variable, env) : fromFile(ref.path);
    if (value.ok) values.set(name, value.value);
    else problems.push(`secret ${name}: ${value.error}`);
  }
  return problems.length === 0 ? ok(new Secrets(values)) : err(problems);
}

function fromEnv(
  variable: string,
  env: Readonly<Record<string, string | undefined>>,
): Result<string, string> {
  const value = env[variable];
  return value === undefined || value === '' ? err(`set the environment variable ${variable}`) : ok(value);
}

function fromFile(path: string): Result<string, string> {
  try {
    const value = readFileSync(path, 'utf8').trim();
    if (value !== '' && value.length <= MAX_SECRET) return ok(value);
    return err(`the file ${path} is ${value === '' ? 'empty' : 'too large for a secret'}`);
  } catch (cause) {
    return err(`the file ${path} cannot be read (${errorMessage(cause)})`);
  }
}

import { readFileSync } from 'node:fs';
import { errorMessage } from '@tickwell/domain';
import { ProviderError } from '@tickwell/provider';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** A shorter value would be replaced in texts that have nothing to do with it. */
const MIN_HIDDEN = 4;
const MAX_FILE_BYTES = 64 * 1024;

/** Keys by reference, and their values taken out of everything that is said. One per process is enough. */
export class Secrets {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #values = new Set<string>();

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /**
   * `NAME` or `env:NAME`: the environment variable, else the content of the file that NAME_FILE names. `file:PATH`: that file.
   * @throws ProviderError `unauthorized` that says where the key was looked for.
   */
  get(reference: string): string {
    const value = reference.startsWith('file:')
      ? readSecretFile(reference.slice('file:'.length))
      : this.#variable(reference.replace(/^env:/, ''));
    if (value.length >= MIN_HIDDEN) {
      this.#values.add(value);
      this.#values.add(encodeURIComponent(value));
      this.#values.add(JSON.stringify(value).slice(1, -1));
    }
    return value;
  }

  /** The text without any value that was handed out. */
  hide(text: string): string {
    let hidden = text;
    for (const value of this.#values) hidden = hidden.replaceAll(value, '***');
    return hidden;
  }

  #variable(name: string): string {
    if (!NAME.test(name)) {
      throw new ProviderError(
        'unauthorized',
        `"${name.slice(0, 40)}" is no reference of a key: write the name of an environment variable, or file:PATH`,
      );
    }
    const value = this.#env[name]?.trim();
    if (value !== undefined && value !== '') return value;
    const file = this.#env[`${name}_FILE`];
    if (file !== undefined && file !== '') return readSecretFile(file);
    throw new ProviderError(
      'unauthorized',
      `the key is missing: set the environment variable ${name}, or ${name}_FILE to a file that holds it`,
    );
  }
}

function readSecretFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ProviderError('unauthorized', `the file of the key cannot be read: ${errorMessage(cause)}`, {
      cause,
    });
  }
  const value = text.trim();
  if (value === '' || text.length > MAX_FILE_BYTES)
    throw new ProviderError('unauthorized', `${path} holds no key: it must be one line`);
  return value;
}

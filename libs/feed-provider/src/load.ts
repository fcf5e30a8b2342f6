import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { err, errorMessage, ok, TickwellError, type Result } from '@tickwell/domain';
import type { DefinitionReader, Provider } from '@tickwell/provider';
import { isProvider, readDeclared, type Declared } from './declared.ts';
import { readyDefinition, readyNames } from './ready.ts';

export interface Loaded {
  readonly provider: Provider;
  readonly declared: Declared;
  /** "" of a ready definition. */
  readonly file: string;
  readonly fingerprint: string;
}

export interface LoadOptions {
  /** How long the import of a module may take, by the machine's own clock: it is code that is loaded, not data that is waited for. */
  readonly importTimeoutMs: number;
  /** By the `type` of a definition. */
  readonly definitionReaders: Readonly<Record<string, DefinitionReader>>;
}

const MODULE = /\.(?:ts|mts|js|mjs)$/;
const MAX_SHOWN_PROBLEMS = 100;

/** Whether a text names a file rather than a ready definition. */
export function isFileName(text: string): boolean {
  return MODULE.test(text) || text.endsWith('.json');
}

/**
 * Loads a provider. Errors: `provider-not-found`, `provider-unreadable` (the file is no JSON, or its import failed), `provider-invalid`
 * (every problem of what it says of itself).
 */
export async function loadProvider(
  path: string,
  options: LoadOptions,
): Promise<Result<Loaded, TickwellError>> {
  if (!isFileName(path)) {
    const text = readyDefinition(path);
    if (text !== undefined) return readDefinition(text, path, '', options);
    const known = readyNames().join(', ');
    const reason = `"${path}" is no provider: ready are ${known}; a file ends in .ts, .js or .json`;
    return err(new TickwellError('provider-not-found', reason));
  }
  const file = resolve(path);
  let bytes: string;
  try {
    bytes = readFileSync(file, 'utf8');
  } catch (cause) {
    return err(
      new TickwellError('provider-not-found', `${path}: the file cannot be read (${errorMessage(cause)})`, {
        cause,
      }),
    );
  }
  return MODULE.test(file)
    ? loadModule(bytes, file, options.importTimeoutMs)
    : readDefinition(bytes, basename(file), file, options);
}

async function loadModule(
  bytes: string,
  file: string,
  timeoutMs: number,
): Promise<Result<Loaded, TickwellError>> {
  const name = basename(file);
  let module: unknown;
  try {
    module = await importWithin(file, timeoutMs);
  } catch (cause) {
    return err(new TickwellError('provider-unreadable', `${name}: ${importProblem(cause, file)}`, { cause }));
  }
  const provider: unknown =
    typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  if (provider === undefined) {
    const reason = `${name}: it has no default export; write "export default { name: …, async *history(request, context) { … } }"`;
    return err(new TickwellError('provider-invalid', reason));
  }
  return checked(provider, { name, file, bytes });
}

async function importWithin(file: string, timeoutMs: number): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const seconds = timeoutMs / 1000;
    late.reject(
      new Error(`it is still not loaded after ${seconds} s: what does it wait for at its top level?`),
    );
  }, timeoutMs);
  try {
    return await Promise.race([import(pathToFileURL(file).href), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function importProblem(cause: unknown, file: string): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const text = errorMessage(cause).slice(0, 400);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return `Node only strips types, and this needs more: ${text}; use types that can be erased (no enum, no namespace, no parameter properties)`;
  if (code === 'ERR_MODULE_NOT_FOUND')
    return `something that it imports is not there: ${text}; imports of own files end in ${extname(file)}, packages must be installed beside it`;
  return `it cannot be imported: ${cause instanceof Error ? `${cause.name}: ` : ''}${text}`;
}

function readDefinition(
  text: string,
  name: string,
  file: string,
  { definitionReaders }: LoadOptions,
): Result<Loaded, TickwellError> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return err(
      new TickwellError('provider-unreadable', `${name}: it is no JSON (${errorMessage(cause)})`, { cause }),
    );
  }
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  const reader =
    typeof type === 'string' && Object.hasOwn(definitionReaders, type) ? definitionReaders[type] : undefined;
  if (reader === undefined) {
    const reason = `${name}: type must be one of ${Object.keys(definitionReaders).join(', ')}`;
    return err(new TickwellError('provider-invalid', reason));
  }
  const provider = reader(value, basename(name, '.json'));
  if (!provider.ok) return err(invalid(name, provider.error));
  return checked(provider.value, { name, file, bytes: text });
}

function checked(
  provider: unknown,
  { name, file, bytes }: { readonly name: string; readonly file: string; readonly bytes: string },
): Result<Loaded, TickwellError> {
  const declared = readDeclared(provider, 'default');
  if (!declared.ok) return err(invalid(name, declared.error));
  if (!isProvider(provider)) return err(invalid(name, ['it has no history and no live']));
  const fingerprint = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  return ok({ provider, declared: declared.value, file, fingerprint });
}

function invalid(name: string, problems: readonly string[]): TickwellError {
  const shown = problems.slice(0, MAX_SHOWN_PROBLEMS);
  const more = problems.length > shown.length ? `; and ${problems.length - shown.length} more` : '';
  return new TickwellError('provider-invalid', `${name}: ${shown.join('; ')}${more}`);
}

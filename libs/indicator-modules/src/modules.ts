import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';
import { addIndicators, readDefinition, type IndicatorDefinition } from '@tickwell/indicators';

/** Names the files of users' own indicators, separated by commas. */
export const INDICATOR_MODULES = 'TICKWELL_INDICATOR_MODULES';

const MAX_MODULES = 100;
const MAX_DEFINITIONS = 1_000;
/** How long the import of a module may take, by the machine's own clock: it is code that is loaded, not data that is waited for. */
const IMPORT_TIMEOUT_MS = 10_000;
const MAX_SHOWN_PROBLEMS = 20;

/**
 * Loads the modules that a text names (`./squeeze.ts,./mine.js`) and adds their indicators to those that specifications of this process may
 * name; an empty text names none. The error has everything that is wrong, each with its file and what to do about it; then nothing is added.
 */
export async function addIndicatorModules(list: string): Promise<Result<readonly string[], string>> {
  const files = list
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (files.length > MAX_MODULES)
    return err(`names ${files.length} files, at most ${MAX_MODULES} are loaded`);
  const definitions: IndicatorDefinition[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const loaded = await loadModule(file);
    if (loaded.ok) definitions.push(...loaded.value);
    else problems.push(...loaded.error.map((problem) => `${file}: ${problem}`));
  }
  if (problems.length > 0) return err(shown(problems));
  const taken = addIndicators(definitions);
  if (taken.length > 0)
    return err(`indicators ${taken.join(', ')} are there already: give yours other names`);
  return ok(definitions.map(({ name }) => name));
}

async function loadModule(file: string): Promise<Result<readonly IndicatorDefinition[], readonly string[]>> {
  const path = resolve(file);
  if (!existsSync(path)) return err([`there is no such file (${path})`]);
  let module: unknown;
  try {
    module = await importWithin(path);
  } catch (error) {
    return err([importProblem(error)]);
  }
  const exported: unknown =
    typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  if (exported === undefined)
    return err([
      `it has no default export: write "export default { name: …, create: … }", or a list of such`,
    ]);
  return readExport(exported);
}

function readExport(exported: unknown): Result<readonly IndicatorDefinition[], readonly string[]> {
  const given: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  if (given.length > MAX_DEFINITIONS)
    return err([`it has ${given.length} definitions, at most ${MAX_DEFINITIONS} are read`]);
  const definitions: IndicatorDefinition[] = [];
  const problems: string[] = [];
  for (const [index, value] of given.entries()) {
    const read = readDefinition(value);
    const place = Array.isArray(exported) ? `default export [${index}]` : 'default export';
    if (read.ok) definitions.push(read.value);
    else problems.push(...read.error.map((problem) => `${place}${named(value)}: ${problem}`));
  }
  return problems.length > 0 ? err(problems) : ok(definitions);
}

function named(value: unknown): string {
  const isNamed = typeof value === 'object' && value !== null && 'name' in value;
  return isNamed && typeof value.name === 'string' ? ` (${value.name.slice(0, 40)})` : '';
}

async function importWithin(path: string): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new Error(
        `still not loaded after ${IMPORT_TIMEOUT_MS / 1_000} s: what does it wait for at its top level?`,
      ),
    );
  }, IMPORT_TIMEOUT_MS);
  try {
    return await Promise.race([import(pathToFileURL(path).href), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function importProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const text = errorMessage(error).slice(0, 400);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return `Node only leaves types out, and it needs more (${text}): no enum, no namespace, no parameter properties`;
  return `it cannot be imported: ${error instanceof Error ? `${error.name}: ` : ''}${text}`;
}

function shown(problems: readonly string[]): string {
  const more = problems.length - MAX_SHOWN_PROBLEMS;
  return `${problems.slice(0, MAX_SHOWN_PROBLEMS).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DEFINITIONS = join(import.meta.dirname, '..', 'definitions');
const NAME = /^[a-z0-9-]+$/;

/** Names of the definitions that come with Tickwell. */
export function readyNames(): readonly string[] {
  return readdirSync(DEFINITIONS)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** The text of one; undefined: there is none of this name. */
export function readyDefinition(name: string): string | undefined {
  if (!NAME.test(name) || !readyNames().includes(name)) return undefined;
  return readFileSync(join(DEFINITIONS, `${name}.json`), 'utf8');
}

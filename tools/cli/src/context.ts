import { dirname, join } from 'node:path';
import { tickwellHome } from '@tickwell/local-stack';
import { createTerminal, type Terminal } from './terminal.ts';

/** What every command works with. */
export interface CliContext {
  /** Repository root. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** Folder of an instance, below `.tickwell` or TICKWELL_HOME. */
  dataDir(instance: string): string;
}

export function createContext(env: CliContext['env'] = process.env): CliContext {
  return {
    root: dirname(dirname(dirname(import.meta.dirname))),
    env,
    terminal: createTerminal({ stdout: process.stdout, stderr: process.stderr, env }),
    dataDir: (instance) => join(tickwellHome(env), instance),
  };
}

/** How to name an instance in a command that is suggested. */
export function instanceOption(instance: string): string {
  return instance === 'default' ? '' : ` --instance ${instance}`;
}

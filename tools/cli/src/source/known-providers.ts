import { resolve } from 'node:path';
import { TickwellError } from '@tickwell/domain';
import { isFileName, ProviderHost, readyNames, type ProviderRuntime } from '@tickwell/feed-provider';
import { readyDefinitions } from '@tickwell/feed-websocket';
import type { CliContext } from '../context.ts';
import { cliClock } from './cli-clock.ts';

/** Names the files of a user's own providers, separated by commas, so that they can be called by their names. */
const PROVIDERS = 'TICKWELL_PROVIDERS';

/** Files of providers that the environment names. */
export function configuredFiles({ env }: CliContext): readonly string[] {
  return (env[PROVIDERS] ?? '')
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '')
    .map((path) => resolve(path));
}

export function hostOf({ env }: CliContext): ProviderHost {
  return new ProviderHost({ clock: cliClock, env });
}

export interface FoundProvider {
  /** As a job names it: a ready definition, or an absolute path. */
  readonly path: string;
  readonly runtime: ProviderRuntime;
}

/**
 * Finds a provider by its file, or by its name among the ready definitions and those that TICKWELL_PROVIDERS names.
 * @throws TickwellError that says what is wrong with it, or which there are.
 */
export async function findProvider(
  context: CliContext,
  text: string,
  host = hostOf(context),
): Promise<FoundProvider> {
  if (isFileName(text)) return loaded(host, resolve(text));
  for (const path of configuredFiles(context)) {
    const found = await host.load(path);
    if (found.ok && found.value.declared.name === text) return { path, runtime: found.value };
  }
  if (readyNames().includes(text)) return loaded(host, text);
  throw new TickwellError(
    'provider-not-found',
    `there is no provider "${text}": name a file (.ts, .js, .json), one of ${[...readyNames(), ...readyDefinitions()].sort().join(', ')}, or one of ${PROVIDERS}; "tickwell source list" shows all`,
  );
}

async function loaded(host: ProviderHost, path: string): Promise<FoundProvider> {
  const runtime = await host.load(path);
  if (!runtime.ok) throw runtime.error;
  return { path, runtime: runtime.value };
}

/** The part of a job that says which provider. */
export function providerOfJob({ path }: FoundProvider): Readonly<Record<string, string>> {
  return isFileName(path) && !path.endsWith('.json') ? { module: path } : { definition: path };
}

import { TickwellError, errorMessage } from '@tickwell/domain';
import type { CallOptions } from './call-options.ts';
import type { ConfigClient, ConfigDocument } from './config-client.ts';

/** The configuration of a strategy or portfolio as it is stored. */
export interface SavedConfig {
  readonly id: string;
  /** What {@link SaveConfigOptions.expectedVersion} of the next change says. */
  readonly version: bigint;
  /** The document: docs/config.md has its fields. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly author: string;
  /** ns since the epoch. */
  readonly writtenAtNs: bigint;
}

export interface FetchConfigsOptions extends CallOptions {
  /** Only ids that begin so; left out: all. */
  readonly prefix?: string;
}

export interface SaveConfigOptions extends CallOptions {
  /** The version that was read; 0n: there must be none yet. Left out: whatever there is is replaced. */
  readonly expectedVersion?: bigint;
  /** Who, for the history. */
  readonly author?: string;
}

export type ConfigKind = 'strategy' | 'portfolio';

export async function fetchConfigs(
  documents: ConfigClient,
  kind: ConfigKind,
  options: FetchConfigsOptions = {},
): Promise<readonly SavedConfig[]> {
  const found: SavedConfig[] = [];
  for await (const document of documents.list({ ...options, kind })) found.push(savedConfig(document));
  return found;
}

export async function saveConfig(
  documents: ConfigClient,
  { kind, id }: { readonly kind: ConfigKind; readonly id: string },
  config: object,
  options: SaveConfigOptions = {},
): Promise<SavedConfig> {
  const payloadJson = jsonOf(config, `${kind} ${id}`);
  return savedConfig(await documents.put({ ...options, kind, id, payloadJson }));
}

function savedConfig({ kind, id, version, payloadJson, author, writtenAtNs }: ConfigDocument): SavedConfig {
  const config: unknown = JSON.parse(payloadJson);
  if (typeof config !== 'object' || config === null)
    throw new TickwellError('internal', `${kind} ${id}: version ${version} is no JSON object`);
  return { id, version, config: { ...config }, author, writtenAtNs };
}

/** What JSON would drop or change without a word is refused. */
function jsonOf(config: object, name: string): string {
  const keep = (key: string, value: unknown): unknown => {
    const isLost =
      (typeof value === 'number' && !Number.isFinite(value)) ||
      typeof value === 'function' ||
      typeof value === 'bigint';
    if (isLost) throw new TypeError(`${JSON.stringify(key)} is ${String(value)}, which JSON does not have`);
    return value;
  };
  try {
    return JSON.stringify(config, keep);
  } catch (cause) {
    throw new TickwellError('invalid-argument', `${name}: ${errorMessage(cause)}`, { cause });
  }
}

import type { ConfigReader } from './reader.ts';
import type { ConfigEntry } from './state.ts';

export interface HistoryPage {
  /** Only versions before this one; 0n: from the newest. */
  readonly beforeVersion: bigint;
  readonly limit: number;
  /** Of documents, beyond the first. */
  readonly maxBytes: number;
}

/** Versions of a document with their content, newest first. */
export async function readHistory(
  reader: ConfigReader,
  { kind, id }: { readonly kind: string; readonly id: string },
  { beforeVersion, limit, maxBytes }: HistoryPage,
): Promise<{ readonly entries: readonly ConfigEntry[]; readonly truncated: boolean }> {
  const versions = reader.state
    .versions(kind, id)
    .filter(({ version }) => beforeVersion === 0n || version < beforeVersion)
    .toReversed();
  const entries: ConfigEntry[] = [];
  let bytes = 0;
  for (const version of versions.slice(0, limit)) {
    const entry = await reader.read(version);
    bytes += Buffer.byteLength(entry.payloadJson);
    if (entries.length > 0 && bytes > maxBytes) break;
    entries.push(entry);
  }
  return { entries, truncated: entries.length < versions.length };
}

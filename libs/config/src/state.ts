/** One record of the `config` topic as it is applied; see `ConfigRecord` in `proto/tickwell/events/v1/control.proto`. */
export interface ConfigChange {
  readonly kind: string;
  readonly id: string;
  /** Version of the entry it replaces; 0n: there must be none. */
  readonly expectedVersion: bigint;
  readonly payloadJson: string;
  readonly deleted: boolean;
  readonly author: string;
  readonly writtenAtNs: bigint;
  /** Unique to one write; "" where its writer did not say. */
  readonly writeId: string;
  /** {@link ConfigState.revision} of the kind that it was checked against. */
  readonly kindRevision?: bigint | undefined;
}

/** One version of a document; a deletion is one, too. */
export interface ConfigEntry {
  readonly kind: string;
  readonly id: string;
  /** 1n, 2n, ...; goes on after a deletion, so that no version is ever used twice. */
  readonly version: bigint;
  /** A JSON object; "" where the version is the deletion. */
  readonly payloadJson: string;
  readonly deleted: boolean;
  readonly author: string;
  /** ns since the epoch. */
  readonly writtenAtNs: bigint;
  /** Offset in the topic: the order of all changes. */
  readonly position: bigint;
}

/** Where one version of a document is in the log. */
export interface ConfigVersion {
  readonly version: bigint;
  readonly position: bigint;
}

export type ChangeOutcome =
  | { readonly applied: true; readonly entry: ConfigEntry }
  | {
      readonly applied: false;
      /** `stale`: of the document, `superseded`: of its kind, `repeated`: the record was in the log before. */
      readonly reason: 'stale' | 'superseded' | 'repeated';
    };

interface Document {
  newest: ConfigEntry | undefined;
  readonly versions: ConfigVersion[];
  /** Of every record about it, applied or not: a copy of one that was refused must not be applied later. */
  readonly writeIds: Set<string>;
}

/**
 * What the records of the `config` topic add up to: the newest version of every document, and where the others are. A pure function of
 * the records in their order, so every reader ignores the same ones.
 */
export class ConfigState {
  readonly #kinds = new Map<string, Map<string, Document>>();
  readonly #revisions = new Map<string, bigint>();

  apply(change: ConfigChange, position: bigint): ChangeOutcome {
    const { kind, id, writeId, kindRevision } = change;
    const document = this.#document(kind, id);
    if (writeId !== '' && document.writeIds.has(writeId)) return { applied: false, reason: 'repeated' };
    document.writeIds.add(writeId);
    if (change.expectedVersion !== currentVersion(document.newest))
      return { applied: false, reason: 'stale' };
    if (change.deleted && change.expectedVersion === 0n) return { applied: false, reason: 'stale' };
    const revision = this.revision(kind);
    if (kindRevision !== undefined && kindRevision !== revision)
      return { applied: false, reason: 'superseded' };
    const entry = entryOf(change, (document.newest?.version ?? 0n) + 1n, position);
    document.newest = entry;
    document.versions.push({ version: entry.version, position });
    this.#revisions.set(kind, revision + 1n);
    return { applied: true, entry };
  }

  /** The document, unless it is deleted. */
  get(kind: string, id: string): ConfigEntry | undefined {
    const newest = this.#kinds.get(kind)?.get(id)?.newest;
    return newest?.deleted === false ? newest : undefined;
  }

  /** Its newest version, a deletion, too; undefined: there never was one. */
  newest(kind: string, id: string): ConfigEntry | undefined {
    return this.#kinds.get(kind)?.get(id)?.newest;
  }

  /** What the next change of a document must expect. */
  version(kind: string, id: string): bigint {
    return currentVersion(this.#kinds.get(kind)?.get(id)?.newest);
  }

  /** Every document of a kind, by id. */
  entries(kind: string): readonly ConfigEntry[] {
    const documents = [...(this.#kinds.get(kind)?.values() ?? [])];
    return documents
      .flatMap(({ newest }) => (newest?.deleted === false ? [newest] : []))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The newest version of every document that has changed after a position, deletions included, in the order of the changes. */
  changedAfter(position: bigint): readonly ConfigEntry[] {
    const documents = [...this.#kinds.values()].flatMap((kind) => [...kind.values()]);
    return documents
      .flatMap(({ newest }) => (newest !== undefined && newest.position > position ? [newest] : []))
      .sort((a, b) => (a.position < b.position ? -1 : 1));
  }

  /** All versions of a document, oldest first. */
  versions(kind: string, id: string): readonly ConfigVersion[] {
    return this.#kinds.get(kind)?.get(id)?.versions ?? [];
  }

  /** How many changes of a kind have been applied. */
  revision(kind: string): bigint {
    return this.#revisions.get(kind) ?? 0n;
  }

  #document(kind: string, id: string): Document {
    const ofKind = this.#kinds.get(kind) ?? new Map<string, Document>();
    this.#kinds.set(kind, ofKind);
    const document = ofKind.get(id) ?? { newest: undefined, versions: [], writeIds: new Set() };
    ofKind.set(id, document);
    return document;
  }
}

function currentVersion(newest: ConfigEntry | undefined): bigint {
  return newest === undefined || newest.deleted ? 0n : newest.version;
}

/** What a change looks like as a version of its document. */
export function entryOf(change: ConfigChange, version: bigint, position: bigint): ConfigEntry {
  const { kind, id, deleted, author, writtenAtNs } = change;
  const payloadJson = deleted ? '' : change.payloadJson;
  return { kind, id, version, payloadJson, deleted, author, writtenAtNs, position };
}

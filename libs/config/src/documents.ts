import { TickwellError, formatNs } from '@tickwell/domain';
import {
  checkDocument,
  checkId,
  checkKind,
  type ConfigIndex,
  type ConfigKindName,
  type ConfigKinds,
} from './kinds.ts';
import type { ConfigReader } from './reader.ts';
import type { ConfigEntry } from './state.ts';
import type { ConfigWriter } from './writer.ts';

export interface DocumentsOptions {
  /** Must not have been started yet, so that nothing it reads is missed. */
  readonly reader: ConfigReader;
  readonly writer: ConfigWriter;
  readonly kinds: ConfigKinds;
}

export interface DocumentEdit {
  readonly kind: string;
  readonly id: string;
  /** undefined: whichever there is. */
  readonly expectedVersion: bigint | undefined;
  /** Who, for people. */
  readonly author: string;
}

/** Others may be as fast each time; so often in a row they are not. */
const MAX_ATTEMPTS = 20;

/**
 * Edits documents: what is written is right by itself, agrees with the others of its kind, and replaces the version that was expected. Refusals
 * are TickwellErrors, as they go to whoever asked: `invalid-argument`, `not-found`, `version-conflict`, `failed-precondition`.
 */
export class ConfigDocuments {
  readonly #reader: ConfigReader;
  readonly #writer: ConfigWriter;
  readonly #kinds: ConfigKinds;
  readonly #indexes = new Map<string, ConfigIndex>();
  /** Edits of a kind whose documents must agree, one after the other: side by side they would only overtake each other. */
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor({ reader, writer, kinds }: DocumentsOptions) {
    this.#reader = reader;
    this.#writer = writer;
    this.#kinds = kinds;
    for (const [name, kind] of Object.entries(kinds)) {
      const index = kind.createIndex?.();
      if (index !== undefined) this.#indexes.set(name, index);
    }
    reader.onChange((entry) => this.#indexes.get(entry.kind)?.apply(entry));
  }

  async put(edit: DocumentEdit & { readonly payloadJson: string }): Promise<ConfigEntry> {
    const kind = checkNames(edit);
    const document = checkDocument(this.#kinds, kind, edit.id, edit.payloadJson);
    if (!document.ok) throw new TickwellError('invalid-argument', document.error);
    return this.#inTurn(kind, () => this.#write({ ...edit, kind, deleted: false }, document.value));
  }

  /** The deletion. */
  async delete(edit: DocumentEdit): Promise<ConfigEntry> {
    const kind = checkNames(edit);
    return this.#inTurn(kind, () =>
      this.#write({ ...edit, kind, payloadJson: '', deleted: true }, undefined),
    );
  }

  async #write(edit: CheckedEdit, document: unknown): Promise<ConfigEntry> {
    const { kind, id, payloadJson, deleted, author } = edit;
    const index = this.#indexes.get(kind);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const expectedVersion = await this.#expected(edit);
      const conflicts = index?.conflicts(id, document) ?? [];
      if (conflicts.length > 0)
        throw new TickwellError('failed-precondition', `${kind} ${id}: ${conflicts.join('; ')}`);
      const kindRevision = index === undefined ? undefined : this.#reader.state.revision(kind);
      const change = { kind, id, payloadJson, deleted, author, expectedVersion, kindRevision };
      const outcome = await this.#writer.write(change);
      if (outcome.applied) return outcome.entry;
    }
    throw new TickwellError(
      'unavailable',
      `${kind} ${id}: others changed it or documents of its kind ${MAX_ATTEMPTS} times in a row meanwhile: try again`,
      { retryable: true },
    );
  }

  /** The version to replace; refuses where it is not the one that the edit expects. */
  async #expected({ kind, id, deleted, expectedVersion }: CheckedEdit): Promise<bigint> {
    const { state } = this.#reader;
    const isWrong = (): boolean =>
      (expectedVersion !== undefined && expectedVersion !== state.version(kind, id)) ||
      (deleted && state.version(kind, id) === 0n);
    // Perhaps only this reader is behind.
    if (isWrong()) await this.#reader.catchUp();
    const version = state.version(kind, id);
    if (!isWrong()) return version;
    if (version === 0n && deleted) throw new TickwellError('not-found', `there is no ${kind} ${id}`);
    throw new TickwellError(
      'version-conflict',
      conflictText(state.newest(kind, id), { kind, id, expectedVersion }),
    );
  }

  async #inTurn<T>(kind: string, edit: () => Promise<T>): Promise<T> {
    if (!this.#indexes.has(kind)) return edit();
    const before = this.#queues.get(kind) ?? Promise.resolve();
    const mine = before.then(edit, edit);
    // A failure is the caller's, and the next one's turn comes all the same.
    this.#queues.set(
      kind,
      mine.catch(() => undefined),
    );
    return mine;
  }
}

interface CheckedEdit extends DocumentEdit {
  readonly kind: ConfigKindName;
  readonly payloadJson: string;
  readonly deleted: boolean;
}

function checkNames({ kind, id }: { readonly kind: string; readonly id: string }): ConfigKindName {
  const known = checkKind(kind);
  const checked = checkId(id);
  if (!known.ok) throw new TickwellError('invalid-argument', known.error);
  if (!checked.ok) throw new TickwellError('invalid-argument', checked.error);
  return known.value;
}

/** For the one of two writers who came second: what there is now, whose it is, and how to go on. */
function conflictText(
  newest: ConfigEntry | undefined,
  {
    kind,
    id,
    expectedVersion,
  }: { readonly kind: string; readonly id: string; readonly expectedVersion: bigint | undefined },
): string {
  const wanted = expectedVersion === 0n ? 'it must not exist yet' : `version ${expectedVersion} is expected`;
  if (newest === undefined) return `${kind} ${id} does not exist, but ${wanted}: expect version 0 to make it`;
  const by = `${newest.author === '' ? 'somebody' : newest.author} at ${formatNs(newest.writtenAtNs)}`;
  if (newest.deleted)
    return `${kind} ${id} was deleted with version ${newest.version} by ${by}, but ${wanted}: expect version 0 to make it anew`;
  return `${kind} ${id} is at version ${newest.version}, written by ${by}, but ${wanted}: read it again and repeat the change on version ${newest.version}`;
}

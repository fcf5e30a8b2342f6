import { readerEnded, type ConfigReader } from './reader.ts';
import type { ConfigEntry } from './state.ts';

export interface WatchOptions {
  /** Empty: all. */
  readonly kinds: readonly string[];
  /** Only what changed later, deletions included; undefined: what there is, and what changes. */
  readonly afterPosition: bigint | undefined;
  readonly signal: AbortSignal;
}

export type Watched =
  | { readonly kind: 'entry'; readonly entry: ConfigEntry }
  /** What there was has been told. */
  | { readonly kind: 'current'; readonly position: bigint | undefined };

/**
 * What there is, then every change, in their order. Of several changes of one document that come faster than they are taken only the last
 * is told, so what waits is never more than the documents there are. Returns when the signal fires; throws `unavailable` when the
 * reader ends.
 */
export async function* watchConfig(
  reader: ConfigReader,
  { kinds, afterPosition, signal }: WatchOptions,
): AsyncGenerator<Watched> {
  const wanted = (entry: ConfigEntry): boolean => kinds.length === 0 || kinds.includes(entry.kind);
  const changes = new ChangeSet(reader, wanted, signal);
  try {
    const position = reader.lastPosition;
    for (const entry of reader.state.changedAfter(afterPosition ?? -1n)) {
      if (wanted(entry) && (afterPosition !== undefined || !entry.deleted)) yield { kind: 'entry', entry };
    }
    yield { kind: 'current', position };
    while (await changes.some()) for (const entry of changes.take()) yield { kind: 'entry', entry };
  } finally {
    changes.close();
  }
}

/** The newest version of every document that has changed and was not taken yet, in the order of the changes. */
class ChangeSet {
  readonly #signal: AbortSignal;
  readonly #entries = new Map<string, ConfigEntry>();
  readonly #release: readonly (() => void)[];
  #wake = Promise.withResolvers<undefined>();
  #hasEnded = false;

  constructor(reader: ConfigReader, wanted: (entry: ConfigEntry) => boolean, signal: AbortSignal) {
    this.#signal = signal;
    const wake = (): void => {
      this.#wake.resolve(undefined);
    };
    signal.addEventListener('abort', wake, { once: true });
    this.#release = [
      reader.onChange((entry) => {
        if (wanted(entry)) this.#add(entry);
      }),
      reader.onEnd(() => {
        this.#hasEnded = true;
        wake();
      }),
      () => {
        signal.removeEventListener('abort', wake);
      },
    ];
  }

  /** Waits until there is something to take; false when the signal has fired. */
  async some(): Promise<boolean> {
    while (this.#entries.size === 0) {
      if (this.#signal.aborted) return false;
      if (this.#hasEnded) throw readerEnded();
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    return !this.#signal.aborted;
  }

  *take(): Generator<ConfigEntry> {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      yield entry;
    }
  }

  close(): void {
    for (const release of this.#release) release();
  }

  #add(entry: ConfigEntry): void {
    const key = `${entry.kind}/${entry.id}`;
    // Away from where it was: entries are told in the order of their positions.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#wake.resolve(undefined);
  }
}

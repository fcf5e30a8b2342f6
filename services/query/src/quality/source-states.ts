import type { QualityReader, StoredStatus } from '@tickwell/ports';

const MAX_STREAMS = 100_000;
const MAX_AGE_MS = 2_000;

/** What sources said last, as the store has it; asked for again at most every two seconds. */
export class SourceStates {
  readonly #reader: Pick<QualityReader, 'newestStatuses'>;
  readonly #nowMs: () => number;
  #read: { readonly atMs: number; readonly statuses: Promise<readonly StoredStatus[]> } | undefined;

  constructor(reader: Pick<QualityReader, 'newestStatuses'>, nowMs: () => number) {
    this.#reader = reader;
    this.#nowMs = nowMs;
  }

  /** The newest report of every stream, the newest first. */
  newest(): Promise<readonly StoredStatus[]> {
    const nowMs = this.#nowMs();
    if (this.#read !== undefined && nowMs - this.#read.atMs < MAX_AGE_MS) return this.#read.statuses;
    const read = { atMs: nowMs, statuses: this.#reader.newestStatuses({ limit: MAX_STREAMS }) };
    this.#read = read;
    read.statuses.catch(() => {
      if (this.#read === read) this.#read = undefined;
    });
    return read.statuses;
  }

  /** Tells of a source whether it is an import, or computed from one, of which no stream runs: nothing more is to come. */
  async ended(): Promise<(source: string) => boolean> {
    const running = new Set(
      (await this.newest())
        .filter(({ state }) => state !== 'finished' && state !== 'stopped')
        .map(({ source }) => source),
    );
    return (source) => {
      const origin = source.replace(/^derived:/, '');
      return origin.startsWith('file:') && !running.has(origin);
    };
  }
}

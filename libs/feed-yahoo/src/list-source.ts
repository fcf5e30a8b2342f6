import { createHash } from 'node:crypto';
import {
  ok,
  type CorporateAction,
  type Fundamental,
  type PriceBasis,
  type Result,
  type TickwellError,
} from '@tickwell/domain';
import type { EventSource, FeedChunk, FeedItem } from '@tickwell/ports';
import { orAborted } from './abort.ts';
import { numbersAsText } from './json.ts';
import type { Unplaced } from './refusal.ts';

/** Everything that one answer has, in a fixed order. */
export interface Listing {
  readonly priceBasis: PriceBasis;
  readonly events:
    | { readonly kind: 'actions'; readonly actions: readonly Omit<CorporateAction, 'position'>[] }
    | { readonly kind: 'fundamentals'; readonly items: readonly Omit<Fundamental, 'position'>[] };
  readonly refusals: readonly Unplaced[];
}

const CHUNK_EVENTS = 1000;

export interface ListStream {
  readonly symbol: string;
  readonly streamId: string;
  readonly description: string;
  readonly load: () => Promise<Result<Listing, TickwellError>>;
}

/** Stands for a list in the identity of its stream: the same list is the same stream. */
export function listingHash({ priceBasis, events, refusals }: Listing): string {
  const text = JSON.stringify(
    [priceBasis, events, refusals.map(({ originalSha256 }) => originalSha256)],
    numbersAsText,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** A list as a stream: events at positions from 1, refusals after them. Reading rejects with the error of `load`. */
export class ListSource implements EventSource {
  readonly streamId: string;
  readonly source = 'yahoo';
  readonly description: string;
  readonly #stream: ListStream;

  constructor(stream: ListStream) {
    this.streamId = stream.streamId;
    this.description = stream.description;
    this.#stream = stream;
  }

  async *read({
    afterPosition,
    signal,
  }: {
    readonly afterPosition: bigint;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FeedItem> {
    const loaded = await orAborted(this.#stream.load(), signal);
    if (loaded === undefined) return;
    if (!loaded.ok) throw loaded.error;
    const { refusals } = loaded.value;
    const count = countOf(loaded.value);
    for (let at = 0; at < count; at += CHUNK_EVENTS) {
      if (signal.aborted) return;
      const from = Math.max(at, Number(afterPosition));
      const to = Math.min(at + CHUNK_EVENTS, count);
      if (from >= to) continue;
      yield chunkOf(this.#stream.symbol, loaded.value, from, to);
      yield { kind: 'progress', position: BigInt(to) };
    }
    for (const [index, refusal] of refusals.entries()) {
      const position = BigInt(count + index + 1);
      if (position > afterPosition) yield { ...refusal, position };
    }
    yield { kind: 'progress', position: BigInt(count + refusals.length) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function countOf({ events }: Listing): number {
  return events.kind === 'actions' ? events.actions.length : events.items.length;
}

function chunkOf(symbol: string, { events, priceBasis }: Listing, from: number, to: number): FeedChunk {
  const positions = Array.from({ length: to - from }, (_, index) => BigInt(from + index + 1));
  const placed = <T>(entries: readonly T[]): (T & { readonly position: bigint })[] =>
    entries.slice(from, to).map((entry, index) => ({ ...entry, position: positions[index] ?? 0n }));
  return events.kind === 'actions'
    ? { kind: 'actions', symbol, priceBasis, actions: placed(events.actions), positions }
    : { kind: 'fundamentals', symbol, priceBasis, items: placed(events.items), positions };
}

/**
 * A stream for what could not be asked: reading rejects at once, so that the failure is filed under a stream of its own in `source.status`
 * like that of any other.
 */
export function failed(stream: Omit<ListStream, 'load'>, error: TickwellError): EventSource {
  return new ListSource({ ...stream, load: () => Promise.resolve({ ok: false, error }) });
}

/** A list that is known. */
export function listed(stream: Omit<ListStream, 'load'>, listing: Listing): EventSource {
  return new ListSource({ ...stream, load: () => Promise.resolve(ok(listing)) });
}

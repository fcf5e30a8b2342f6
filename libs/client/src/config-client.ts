import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import { documentSizeProblem, TickwellError } from '@tickwell/domain';
import type { Channel } from '@tickwell/grpc';
import { callConfig, type CallOptions } from './call-options.ts';
import { backOff, mayRetry, withRetry, type RetryOptions } from './retry.ts';

export interface ConfigName {
  /** "strategy", "portfolio", "job", "instrument", "retention", "source", "indicator" or "alert". */
  readonly kind: string;
  readonly id: string;
}

/** One version of a document. */
export interface ConfigDocument extends ConfigName {
  /** 1n, 2n, ...; goes on after a deletion. */
  readonly version: bigint;
  /** A JSON object; "" where this version is the deletion. */
  readonly payloadJson: string;
  readonly deleted: boolean;
  readonly author: string;
  /** ns since the epoch. */
  readonly writtenAtNs: bigint;
  /** Place in the order of all changes. */
  readonly position: bigint;
}

export interface ConfigEditOptions extends ConfigName, CallOptions {
  /** 0n: there must be none. Left out: whatever there is. */
  readonly expectedVersion?: bigint;
  /** Who, for people. */
  readonly author?: string;
}

export interface ConfigWatchOptions {
  /** Left out or empty: all. */
  readonly kinds?: readonly string[];
  /** Only what changed after this position, deletions included. Left out: what there is, then what changes. */
  readonly afterPosition?: bigint;
  readonly signal?: AbortSignal;
}

/** `current` comes once: what there was has been told. */
export type ConfigEvent =
  { readonly kind: 'document'; readonly document: ConfigDocument } | { readonly kind: 'current' };

const METHODS = queryV1.ConfigService.method;

/** Reads and edits configuration documents. */
export class ConfigClient {
  readonly #channel: Channel;
  readonly #retry: RetryOptions;

  /** @internal */
  constructor(channel: Channel, retry: RetryOptions) {
    this.#channel = channel;
    this.#retry = retry;
  }

  /**
   * Writes a document; resolves once it is in force. Rejects with `invalid-argument`, `version-conflict` (it is at another version) or
   * `failed-precondition` (it contradicts another document). Never repeated by itself: after `unavailable` read what there is. A document of more
   * than 1 MiB is not sent at all.
   */
  async put(options: ConfigEditOptions & { readonly payloadJson: string }): Promise<ConfigDocument> {
    const { kind, id, payloadJson } = options;
    const tooLarge = documentSizeProblem(payloadJson);
    if (tooLarge !== undefined) throw new TickwellError('invalid-argument', `${kind} ${id}: ${tooLarge}`);
    const request = create(queryV1.ConfigServicePutRequestSchema, { ...editFields(options), payloadJson });
    const { entry } = await this.#channel.unary(METHODS.put, request, callConfig(options));
    return documentOf(entry);
  }

  /** As {@link put}; `not-found` where there is none. The result is the deletion. */
  async delete(options: ConfigEditOptions): Promise<ConfigDocument> {
    const request = create(queryV1.ConfigServiceDeleteRequestSchema, editFields(options));
    const { entry } = await this.#channel.unary(METHODS.delete, request, callConfig(options));
    return documentOf(entry);
  }

  /** One document, as it is or as a version of it was; rejects with `not-found`. */
  async get(options: ConfigName & CallOptions & { readonly version?: bigint }): Promise<ConfigDocument> {
    const { kind, id, version = 0n } = options;
    const request = create(queryV1.ConfigServiceGetRequestSchema, { kind, id, version });
    const { entry } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.get, request, callConfig(options)),
    );
    return documentOf(entry);
  }

  /** The JSON Schema (draft 2020-12) of a kind, as text; rejects with `not-found` for a kind that has none. */
  async schema(options: CallOptions & { readonly kind: string }): Promise<string> {
    const request = create(queryV1.ConfigServiceGetSchemaRequestSchema, { kind: options.kind });
    const { schemaJson } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.getSchema, request, callConfig(options)),
    );
    return schemaJson;
  }

  /** The documents of a kind, by id, asked for page by page. */
  async *list(
    options: CallOptions & {
      readonly kind: string;
      readonly prefix?: string;
      /** Leaves `payloadJson` empty. */
      readonly withoutPayload?: boolean;
    },
  ): AsyncGenerator<ConfigDocument> {
    const { kind, prefix: idPrefix = '', withoutPayload = false } = options;
    let afterId = '';
    for (let more = true; more;) {
      const request = create(queryV1.ConfigServiceListRequestSchema, {
        kind,
        idPrefix,
        withoutPayload,
        afterId,
      });
      const page = await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(METHODS.list, request, callConfig(options)),
      );
      yield* page.entries.map(documentOf);
      afterId = page.entries.at(-1)?.id ?? afterId;
      more = page.truncated;
    }
  }

  /** Every version of a document, newest first, asked for page by page. */
  async *history(options: ConfigName & CallOptions): AsyncGenerator<ConfigDocument> {
    const { kind, id } = options;
    let beforeVersion = 0n;
    for (let more = true; more;) {
      const request = create(queryV1.ConfigServiceHistoryRequestSchema, { kind, id, beforeVersion });
      const page = await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(METHODS.history, request, callConfig(options)),
      );
      yield* page.entries.map(documentOf);
      beforeVersion = page.entries.at(-1)?.version ?? beforeVersion;
      more = page.truncated;
    }
  }

  /**
   * What there is, then every change (of several in quick succession only the last). A broken connection is made again and goes on
   * after what was seen; errors that trying again does not mend end the iteration. Ends with the signal.
   */
  async *watch({ kinds = [], afterPosition, signal }: ConfigWatchOptions = {}): AsyncGenerator<ConfigEvent> {
    let after = afterPosition;
    let toldCurrent = false;
    for (let attempt = 0; signal?.aborted !== true; attempt += 1) {
      try {
        for await (const message of this.#watchOnce(kinds, after, signal)) {
          attempt = 0;
          if (message.case === 'entry') {
            const document = documentOf(message.value);
            after = document.position;
            yield { kind: 'document', document };
          } else if (message.case === 'current') {
            after = message.value.position ?? after;
            if (!toldCurrent) yield { kind: 'current' };
            toldCurrent = true;
          }
        }
      } catch (error) {
        if (isAborted(signal)) return;
        if (!mayRetry(error, signal) || attempt + 1 >= this.#retry.maxAttempts) throw error;
      }
      await backOff(this.#retry, attempt, signal);
    }
  }

  async *#watchOnce(
    kinds: readonly string[],
    afterPosition: bigint | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<queryV1.ConfigServiceWatchResponse['message']> {
    const request = create(queryV1.ConfigServiceWatchRequestSchema, {
      kinds: [...kinds],
      ...(afterPosition === undefined ? {} : { afterPosition }),
    });
    const messages = this.#channel.stream(
      METHODS.watch,
      request,
      callConfig(signal === undefined ? {} : { signal }),
    );
    for await (const { message } of messages) yield message;
  }
}

/** Asked anew: after one look the compiler takes a property for settled. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function editFields({ kind, id, expectedVersion, author = '' }: ConfigEditOptions): {
  readonly kind: string;
  readonly id: string;
  readonly author: string;
  readonly expectedVersion?: bigint;
} {
  return { kind, id, author, ...(expectedVersion === undefined ? {} : { expectedVersion }) };
}

function documentOf(entry: queryV1.ConfigEntry | undefined): ConfigDocument {
  if (entry === undefined) throw new TickwellError('internal', 'the answer holds no document');
  const { kind, id, version, payloadJson, deleted, author, writtenAtNs, position } = entry;
  return { kind, id, version, payloadJson, deleted, author, writtenAtNs, position };
}

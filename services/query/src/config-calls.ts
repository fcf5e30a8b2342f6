import { create } from '@bufbuild/protobuf';
import {
  CONFIG_SCHEMAS,
  ConfigDocuments,
  ConfigReader,
  ConfigWriter,
  checkId,
  checkKind,
  readHistory,
  watchConfig,
  type ConfigEntry,
  type ConfigKinds,
} from '@tickwell/config';
import { queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import type { EventLog, Logger } from '@tickwell/ports';
import { limitArgument, orRefuse, textArgument } from './arguments.ts';
import type { CallSignal } from './history.ts';

export interface ConfigCallsParts {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly nowNs: () => bigint;
  readonly kinds: ConfigKinds;
}

/** Of documents in one answer; what is beyond comes with the next page. */
const PAGE_BYTES = 2 * 1024 * 1024;
const MAX_LIST = 10_000;
const DEFAULT_HISTORY = 100;
const MAX_HISTORY = 1_000;

/** The calls of tickwell.query.v1.ConfigService over the log. */
export class ConfigCalls {
  readonly reader: ConfigReader;
  readonly #writer: ConfigWriter;
  readonly #documents: ConfigDocuments;

  constructor({ log, logger, nowNs, kinds }: ConfigCallsParts) {
    this.reader = new ConfigReader({ log, logger });
    this.#writer = new ConfigWriter({ log, reader: this.reader, nowNs });
    this.#documents = new ConfigDocuments({ reader: this.reader, writer: this.#writer, kinds });
  }

  async put(request: queryV1.ConfigServicePutRequest): Promise<queryV1.ConfigServicePutResponse> {
    const author = orRefuse(textArgument('author', request.author));
    const { kind, id, payloadJson, expectedVersion } = request;
    const entry = await this.#documents.put({ kind, id, payloadJson, expectedVersion, author });
    return create(queryV1.ConfigServicePutResponseSchema, { entry: entryMessage(entry) });
  }

  async delete(request: queryV1.ConfigServiceDeleteRequest): Promise<queryV1.ConfigServiceDeleteResponse> {
    const author = orRefuse(textArgument('author', request.author));
    const { kind, id, expectedVersion } = request;
    const entry = await this.#documents.delete({ kind, id, expectedVersion, author });
    return create(queryV1.ConfigServiceDeleteResponseSchema, { entry: entryMessage(entry) });
  }

  async get(request: queryV1.ConfigServiceGetRequest): Promise<queryV1.ConfigServiceGetResponse> {
    const { kind, id } = checkedNames(request);
    const entry =
      request.version === 0n
        ? this.reader.state.get(kind, id)
        : await this.#version(kind, id, request.version);
    if (entry === undefined) throw new TickwellError('not-found', missing(kind, id, request.version));
    return create(queryV1.ConfigServiceGetResponseSchema, { entry: entryMessage(entry) });
  }

  list(request: queryV1.ConfigServiceListRequest): Promise<queryV1.ConfigServiceListResponse> {
    const kind = orRefuse(checkKind(request.kind));
    const limit = orRefuse(limitArgument(request.limit, { fallback: MAX_LIST, max: MAX_LIST }));
    const found = this.reader.state
      .entries(kind)
      .filter(({ id }) => id.startsWith(request.idPrefix) && id > request.afterId);
    const entries: queryV1.ConfigEntry[] = [];
    let bytes = 0;
    for (const entry of found.slice(0, limit)) {
      bytes += request.withoutPayload ? entry.id.length : Buffer.byteLength(entry.payloadJson);
      if (entries.length > 0 && bytes > PAGE_BYTES) break;
      entries.push(entryMessage(request.withoutPayload ? { ...entry, payloadJson: '' } : entry));
    }
    const truncated = entries.length < found.length;
    return Promise.resolve(create(queryV1.ConfigServiceListResponseSchema, { entries, truncated }));
  }

  getSchema(request: queryV1.ConfigServiceGetSchemaRequest): Promise<queryV1.ConfigServiceGetSchemaResponse> {
    const kind = orRefuse(checkKind(request.kind));
    const schema = CONFIG_SCHEMAS[kind];
    if (schema === undefined)
      throw new TickwellError(
        'not-found',
        `kind ${kind} has no JSON Schema, those that have one are ${Object.keys(CONFIG_SCHEMAS).join(', ')}; docs/config.md says where the rules of the others are`,
      );
    const schemaJson = JSON.stringify(schema);
    return Promise.resolve(create(queryV1.ConfigServiceGetSchemaResponseSchema, { schemaJson }));
  }

  async history(request: queryV1.ConfigServiceHistoryRequest): Promise<queryV1.ConfigServiceHistoryResponse> {
    const { kind, id } = checkedNames(request);
    const limit = orRefuse(limitArgument(request.limit, { fallback: DEFAULT_HISTORY, max: MAX_HISTORY }));
    if (this.reader.state.versions(kind, id).length === 0)
      throw new TickwellError('not-found', `there never was a ${kind} ${id}`);
    const { beforeVersion } = request;
    const page = await readHistory(this.reader, { kind, id }, { beforeVersion, limit, maxBytes: PAGE_BYTES });
    return create(queryV1.ConfigServiceHistoryResponseSchema, {
      entries: page.entries.map(entryMessage),
      truncated: page.truncated,
    });
  }

  async *watch(
    request: queryV1.ConfigServiceWatchRequest,
    { signal }: CallSignal,
  ): AsyncGenerator<queryV1.ConfigServiceWatchResponse> {
    const kinds = request.kinds.map((kind) => orRefuse(checkKind(kind)));
    const { afterPosition } = request;
    for await (const watched of watchConfig(this.reader, { kinds, afterPosition, signal })) {
      const message =
        watched.kind === 'entry'
          ? { case: 'entry' as const, value: entryMessage(watched.entry) }
          : { case: 'current' as const, value: currentMessage(watched.position) };
      yield create(queryV1.ConfigServiceWatchResponseSchema, { message });
    }
  }

  /** Call after the last call has ended. */
  async close(): Promise<void> {
    await this.reader.stop();
    await this.#writer.close();
  }

  async #version(kind: string, id: string, version: bigint): Promise<ConfigEntry | undefined> {
    const found = this.reader.state.versions(kind, id).find((one) => one.version === version);
    return found === undefined ? undefined : this.reader.read(found);
  }
}

function checkedNames({ kind, id }: { readonly kind: string; readonly id: string }): {
  readonly kind: string;
  readonly id: string;
} {
  return { kind: orRefuse(checkKind(kind)), id: orRefuse(checkId(id)) };
}

function missing(kind: string, id: string, version: bigint): string {
  return version === 0n ? `there is no ${kind} ${id}` : `there is no version ${version} of ${kind} ${id}`;
}

function entryMessage(entry: ConfigEntry): queryV1.ConfigEntry {
  return create(queryV1.ConfigEntrySchema, entry);
}

function currentMessage(position: bigint | undefined): queryV1.ConfigCurrent {
  return create(queryV1.ConfigCurrentSchema, position === undefined ? {} : { position });
}

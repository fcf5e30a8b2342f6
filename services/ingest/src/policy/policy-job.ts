import { ConfigReader, watchConfig, type ConfigEntry } from '@tickwell/config';
import { JsonFields, TickwellError, type Result } from '@tickwell/domain';
import { isPolicy, parsePolicy, type SourcePolicy } from '@tickwell/source-policy';
import type { HostedJob, StreamHost } from '../hosted-job.ts';
import type { JobReaders } from '../job.ts';
import { PolicyRun } from './policy-run.ts';
import type { SinceStored } from './since-stored.ts';

export interface PolicyJobContext {
  /** Of the jobs that policies name. */
  readonly readers: JobReaders;
  readonly sinceStored: SinceStored;
}

/** A job `{"type":"policy","ids":["us-bars"]}`: policies of the configuration, followed as they change; without `ids` all. */
export function readPolicyJob(
  value: unknown,
  where: string,
  context: PolicyJobContext,
): Result<readonly HostedJob[], readonly string[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  const ids = fields.list('ids') ?? [];
  const texts = ids.filter((id): id is string => typeof id === 'string' && id !== '');
  if (texts.length !== ids.length) fields.problem('ids', 'must be a list of ids of documents of kind source');
  const name = `policies ${texts.length === 0 ? '(all)' : texts.join(', ')}`;
  return fields.finish([
    { name, run: (host: StreamHost) => new PolicyJob(host, new Set(texts), context).run() },
  ]);
}

/** Runs policies as their documents are now; a changed one is drained and begun anew. */
class PolicyJob {
  readonly #host: StreamHost;
  readonly #ids: ReadonlySet<string>;
  readonly #context: PolicyJobContext;
  readonly #runs = new Map<string, { readonly run: PolicyRun; readonly ended: Promise<void> }>();
  readonly #over = new AbortController();
  #failure: Error | undefined;

  constructor(host: StreamHost, ids: ReadonlySet<string>, context: PolicyJobContext) {
    this.#host = host;
    this.#ids = ids;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { log, logger, stopped } = this.#host;
    const reader = new ConfigReader({ log, logger });
    const signal = AbortSignal.any([stopped, this.#over.signal]);
    try {
      await reader.start();
      this.#checkNames(reader);
      for await (const watched of watchConfig(reader, {
        kinds: ['source'],
        afterPosition: undefined,
        signal,
      }))
        if (watched.kind === 'entry' && this.#isWanted(watched.entry)) await this.#take(watched.entry);
    } finally {
      for (const { run } of this.#runs.values()) run.stop();
      await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
      await reader.stop();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #isWanted({ id }: ConfigEntry): boolean {
    return this.#ids.size === 0 || this.#ids.has(id);
  }

  /** @throws TickwellError `not-found` for an id that is no policy, and where there is none at all. */
  #checkNames(reader: ConfigReader): void {
    const policies = reader.state
      .entries('source')
      .filter(({ payloadJson }) => isPolicy(documentOf(payloadJson)));
    const missing = [...this.#ids].filter((id) => !policies.some((one) => one.id === id));
    if (missing.length > 0)
      throw new TickwellError(
        'not-found',
        `there is no policy ${missing.join(', ')}: "tickwell config list source" shows what there is`,
      );
    if (policies.length === 0)
      throw new TickwellError(
        'not-found',
        'there is no policy yet: write one with "tickwell config put source ID FILE"',
      );
  }

  async #take(entry: ConfigEntry): Promise<void> {
    const { id } = entry;
    const policy = this.#read(entry);
    // What is wrong now keeps what was right before: the documents of a kind are checked when they are written.
    if (policy === 'wrong') return;
    const before = this.#runs.get(id);
    before?.run.stop();
    await before?.ended;
    this.#runs.delete(id);
    if (policy === 'none' || this.#over.signal.aborted) return;
    const run = new PolicyRun({ host: this.#host, policy, ...this.#context });
    const ended = run.run().catch((error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      this.#over.abort();
    });
    this.#runs.set(id, { run, ended });
  }

  #read({ id, deleted, payloadJson }: ConfigEntry): SourcePolicy | 'none' | 'wrong' {
    if (deleted) return 'none';
    const document = documentOf(payloadJson);
    if (!isPolicy(document)) return 'none';
    const parsed = parsePolicy(id, document);
    if (parsed.ok) return parsed.value;
    this.#refuse(id, parsed.error.join('; '));
    return 'wrong';
  }

  #refuse(id: string, problems: string): void {
    const message = `policy ${id} is not as it must be and is left as it was: ${problems}`;
    this.#host.logger.error({ policy: id }, message);
    this.#host.emit({
      type: 'error',
      job: `policy ${id}`,
      code: 'invalid-argument',
      message,
      retryable: false,
    });
  }
}

/** Undefined where it is none: what is in the log was not checked by us. */
function documentOf(payloadJson: string): unknown {
  try {
    const document: unknown = JSON.parse(payloadJson);
    return document;
  } catch {
    return undefined;
  }
}

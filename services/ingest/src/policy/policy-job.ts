import { ConfigReader, watchConfig } from '@tickwell/config';
import { JsonFields, TickwellError, type Result } from '@tickwell/domain';
import {
  documentOf,
  isPolicy,
  MAX_INSTRUMENTS,
  PolicyState,
  ruleText,
  some,
  type SourcePolicy,
} from '@tickwell/source-policy';
import type { HostedJob, StreamHost } from '../hosted-job.ts';
import type { JobReaders } from '../job.ts';
import { RepairRun } from '../repair/repair-run.ts';
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

/** Changes of the configuration that come together are taken together. */
const GATHER_MS = 500;
/** So often it is looked whether an instrument is listed by now, or no longer. */
const LISTING_MS = 60_000;

interface Running {
  readonly policy: SourcePolicy;
  readonly run: PolicyRun;
  /** Ends what runs for the policy in order; `ended` then resolves. */
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

/** Runs policies as their documents and the instrument map are now; a changed one is drained and begun anew. */
class PolicyJob {
  readonly #host: StreamHost;
  readonly #ids: ReadonlySet<string>;
  readonly #context: PolicyJobContext;
  readonly #state: PolicyState;
  readonly #runs = new Map<string, Running>();
  readonly #over = new AbortController();
  #wake = Promise.withResolvers<undefined>();
  #failure: Error | undefined;

  constructor(host: StreamHost, ids: ReadonlySet<string>, context: PolicyJobContext) {
    this.#host = host;
    this.#ids = ids;
    this.#context = context;
    this.#state = new PolicyState((id, problems) => {
      this.#refuse(id, problems);
    });
  }

  async run(): Promise<void> {
    const { log, logger, stopped } = this.#host;
    const reader = new ConfigReader({ log, logger });
    const signal = AbortSignal.any([stopped, this.#over.signal]);
    let following = Promise.resolve();
    try {
      await reader.start();
      this.#checkNames(reader);
      for await (const watched of watchConfig(reader, {
        kinds: ['source', 'instrument'],
        afterPosition: undefined,
        signal,
      })) {
        if (watched.kind === 'entry') this.#state.apply(watched.entry);
        else following = this.#follow(signal);
        this.#wake.resolve(undefined);
      }
    } finally {
      this.#over.abort();
      this.#wake.resolve(undefined);
      await following;
      for (const { stop } of this.#runs.values()) stop();
      await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
      await reader.stop();
    }
    if (this.#failure !== undefined) throw this.#failure;
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

  /** Keeps what runs to what is configured, until the signal. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { clock } = this.#host;
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      await this.#sync();
      const listing = new AbortController();
      await Promise.race([
        this.#wake.promise,
        clock.sleep(LISTING_MS, AbortSignal.any([signal, listing.signal])).catch(() => undefined),
      ]);
      listing.abort();
      await clock.sleep(GATHER_MS, signal).catch(() => undefined);
    }
  }

  async #sync(): Promise<void> {
    this.#state.listed(this.#host.clock.nowNs());
    for (const [id, before] of [...this.#runs]) {
      if (this.#state.policy(id) === before.policy) continue;
      before.stop();
      await before.ended;
      this.#runs.delete(id);
      this.#host.emit({
        type: 'notice',
        text: `policy ${id} has changed (${this.#state.versionText(id)}): what ran for it is drained${this.#state.policy(id) === undefined ? '' : ', and it begins anew with its primary'}`,
      });
    }
    for (const id of this.#state.ids()) {
      if (this.#over.signal.aborted || this.#host.stopped.aborted) return;
      if (this.#ids.size === 0 || this.#ids.has(id)) this.#keep(id);
    }
  }

  /** Begins a policy, or tells it which instruments it is for now. */
  #keep(id: string): void {
    const policy = this.#state.policy(id);
    if (policy === undefined) return;
    const instruments = this.#instrumentsOf(policy);
    const known = this.#runs.get(id);
    if (known !== undefined) {
      const { joined, left } = known.run.setInstruments(instruments);
      if (joined.length + left.length > 0)
        this.#host.emit({ type: 'notice', text: `policy ${id}: ${changeText(joined, left)}` });
      return;
    }
    if (instruments.length === 0)
      this.#host.emit({ type: 'notice', text: `policy ${id}: ${emptyText(policy)}` });
    const run = new PolicyRun({ host: this.#host, policy, instruments, ...this.#context });
    const repair = this.#repairOf(policy);
    const stop = (): void => {
      run.stop();
      void repair?.stop();
    };
    const ended = Promise.all([
      this.#watch(run.run()),
      ...(repair === undefined ? [] : [this.#watch(repair.run())]),
    ]);
    this.#runs.set(id, { policy, run, stop, ended: ended.then(() => undefined) });
  }

  /** What fails here is a broken log, which ends the job. */
  #watch(running: Promise<void>): Promise<void> {
    return running.catch((error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      this.#over.abort();
    });
  }

  #repairOf({ id, repair }: SourcePolicy): RepairRun | undefined {
    if (repair === undefined) return undefined;
    return new RepairRun({ host: this.#host, readers: this.#context.readers, policyId: id, repair });
  }

  #instrumentsOf(policy: SourcePolicy): readonly string[] {
    const all = this.#state.instrumentsOf(policy.id);
    if (all.length <= MAX_INSTRUMENTS) return all;
    this.#host.logger.error(
      { policy: policy.id, instruments: all.length },
      `policy ${policy.id}: ${all.length} instruments fulfil its rule, the first ${MAX_INSTRUMENTS} by id are served: split it into several policies`,
    );
    return all.slice(0, MAX_INSTRUMENTS);
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

function changeText(joined: readonly string[], left: readonly string[]): string {
  const parts = [
    ...(joined.length === 0 ? [] : [`${some(joined)} ${joined.length === 1 ? 'joins' : 'join'}`]),
    ...(left.length === 0 ? [] : [`${some(left)} ${left.length === 1 ? 'leaves' : 'leave'}`]),
  ];
  return parts.join(', ');
}

function emptyText({ instruments: { rule } }: SourcePolicy): string {
  return rule === undefined
    ? 'every instrument that it names is served by another policy'
    : `no instrument of the map is served by it (${ruleText(rule)}): those that are added later join`;
}

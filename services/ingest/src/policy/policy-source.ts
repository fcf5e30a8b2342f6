import { fillTemplate, type PolicyEvent, type PolicySource } from '@tickwell/source-policy';
import type { TickwellError } from '@tickwell/domain';
import type { EventSource, FeedJob } from '@tickwell/ports';
import type { HostedOutcome, HostedStream, StreamHost } from '../hosted-job.ts';
import { partsOf } from '../job-parts.ts';
import { readJob, type JobReaders } from '../job.ts';

export interface PolicySourceOptions {
  readonly host: StreamHost;
  readonly readers: JobReaders;
  readonly source: PolicySource;
  /** The place of the source in its policy. */
  readonly index: number;
  /** From where something may be missing (ns since the epoch) of these instruments. */
  readonly sinceNs: (symbols: readonly string[]) => Promise<bigint>;
  /** When it may be tried (again), on the host's monotonic clock. */
  readonly nextTryMs: () => number;
  readonly tell: (event: PolicyEvent) => void;
}

/** Runs one source of a policy for the instruments that it is wanted for, again and again. */
export class PolicySourceRunner {
  readonly #options: PolicySourceOptions;
  #wanted: readonly string[] = [];
  #round: AbortController | undefined;
  #isClosed = false;
  #wake = Promise.withResolvers<undefined>();
  readonly #ended: Promise<void>;

  constructor(options: PolicySourceOptions) {
    this.#options = options;
    this.#ended = this.#loop();
    // Whoever closes it is told.
    this.#ended.catch(() => undefined);
  }

  /** Rejects when the log is broken. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Instruments to bring from now on; what runs for others is drained and begun anew. */
  want(symbols: readonly string[]): void {
    const same =
      symbols.length === this.#wanted.length && symbols.every((one, at) => one === this.#wanted[at]);
    if (same) return;
    this.#wanted = symbols;
    // An answer that is under way may bring too much, but does not hurt; the next one asks for the right ones.
    if (symbols.length === 0 || this.#isLive) this.#round?.abort();
    this.#wake.resolve(undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#round?.abort();
    this.#wake.resolve(undefined);
  }

  get #isLive(): boolean {
    return this.#options.source.everySeconds === undefined;
  }

  async #loop(): Promise<void> {
    const { host, source, nextTryMs } = this.#options;
    for (;;) {
      while (this.#wanted.length === 0 && !this.#isClosed) {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
      if (this.#isClosed) return;
      this.#round = new AbortController();
      const { signal } = this.#round;
      await pause(host, nextTryMs() - host.clock.monotonicMs(), signal);
      if (signal.aborted) continue;
      await this.#ask(this.#wanted, signal);
      const retryMs = nextTryMs() - host.clock.monotonicMs();
      if (source.everySeconds !== undefined && retryMs <= 0)
        await pause(host, source.everySeconds * 1000, signal);
    }
  }

  /** A live feed until it ends, else one question. */
  async #ask(symbols: readonly string[], signal: AbortSignal): Promise<void> {
    const { source, sinceNs, readers, index, tell } = this.#options;
    const template = fillTemplate(source.job, { symbols, sinceNs: await sinceNs(symbols) });
    const jobs = readJob(template, 'job', readers);
    if (signal.aborted) return;
    if (!jobs.ok) {
      tell({ kind: 'failed', source: index, reason: jobs.error.join('; '), paced: false });
      return;
    }
    const parts = (await Promise.all(jobs.value.map(partsOf))).flat();
    if (isOver(signal)) return;
    const outcomes = this.#isLive
      ? await this.#runTogether(parts, signal)
      : await this.#runInTurn(parts, signal);
    if (isOver(signal)) return;
    const failed = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.error] : []));
    const [first] = failed;
    if (this.#isLive) this.#tellFailed(first?.message ?? 'the live feed has ended', first);
    else if (first !== undefined && failed.length === outcomes.length) this.#tellFailed(first.message, first);
    else tell({ kind: 'answered', source: index });
  }

  #tellFailed(reason: string, error: TickwellError | undefined): void {
    const paced = error?.paced ?? false;
    this.#options.tell({ kind: 'failed', source: this.#options.index, reason, paced });
  }

  /** One that ends ends the others: they are begun anew together. */
  async #runTogether(jobs: readonly FeedJob[], signal: AbortSignal): Promise<readonly HostedOutcome[]> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    return Promise.all(
      jobs.map((job) =>
        this.#options.host.run(job, this.#stream(either)).finally(() => {
          over.abort();
        }),
      ),
    );
  }

  async #runInTurn(jobs: readonly FeedJob[], signal: AbortSignal): Promise<readonly HostedOutcome[]> {
    const outcomes: HostedOutcome[] = [];
    for (const job of jobs) {
      if (signal.aborted) break;
      const outcome = await this.#options.host.run(job, this.#stream(signal));
      if (outcome.kind === 'failed')
        this.#options.host.logger.warn({ err: outcome.error }, outcome.error.message);
      outcomes.push(outcome);
    }
    return outcomes;
  }

  #stream(signal: AbortSignal): HostedStream {
    const { source, index: at, tell } = this.#options;
    const told = (event: PolicyEvent): void => {
      // What it says while it is drained is about a stream that nobody waits for any more.
      if (!signal.aborted) tell(event);
    };
    return {
      signal,
      isQuiet: !this.#isLive,
      onOpened: (opened) => {
        const problem = wrongName(opened, source);
        if (problem === undefined && this.#isLive) told({ kind: 'up', source: at });
        return problem;
      },
      onData: (symbol) => {
        told({ kind: 'data', source: at, symbol });
      },
      onReport: (report) => {
        if (report.kind !== 'connection') return;
        const { isUp, state: reason, isPaced: paced = false } = report;
        told(isUp ? { kind: 'up', source: at } : { kind: 'down', source: at, reason, paced });
      },
    };
  }
}

function wrongName(opened: EventSource, { source }: PolicySource): string | undefined {
  return opened.source === source
    ? undefined
    : `the rows of this job are of source "${opened.source}": the policy calls it "${source}"`;
}

/** A signal may fire during any wait, which narrowing by the compiler does not know. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Returns early when the signal fires. */
async function pause({ clock }: StreamHost, ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await clock.sleep(ms, signal).catch(() => undefined);
}

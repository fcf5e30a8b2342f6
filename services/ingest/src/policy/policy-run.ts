import {
  isInSession,
  PolicyMachine,
  some,
  type PolicyEvent,
  type PolicyTransition,
  type SourcePolicy,
} from '@tickwell/source-policy';
import { errorMessage } from '@tickwell/domain';
import type { StreamHost } from '../hosted-job.ts';
import type { JobReaders } from '../job.ts';
import { PolicySourceRunner } from './policy-source.ts';
import type { SinceStored } from './since-stored.ts';

type PolicyReport = Parameters<StreamHost['file']>[1];

/** How often what a source is is filed at least. */
const REPEAT_MS = 60_000;
const MIN_TICK_MS = 100;
const MAX_TICK_MS = 1000;
const NS_PER_MS = 1_000_000n;
/** One line names so many instruments at most. */
const LISTED = 100;

export interface PolicyRunOptions {
  readonly host: StreamHost;
  readonly readers: JobReaders;
  readonly policy: SourcePolicy;
  /** Those that the policy is for now. */
  readonly instruments: readonly string[];
  readonly sinceStored: SinceStored;
}

/** Runs one version of a policy: its state machine and its sources, until it is stopped. */
export class PolicyRun {
  readonly #options: PolicyRunOptions;
  readonly #machine: PolicyMachine;
  readonly #sources: readonly PolicySourceRunner[];
  readonly #end = new AbortController();
  #instruments: readonly string[];
  /** Last filed, per source. */
  readonly #filed = new Map<number, PolicyReport & { readonly atMs: number }>();
  #filing: Promise<void> = Promise.resolve();

  constructor(options: PolicyRunOptions) {
    const { host, policy, readers, sinceStored, instruments } = options;
    this.#instruments = instruments;
    this.#options = options;
    this.#machine = new PolicyMachine(policy, {
      instruments,
      nowMs: host.clock.monotonicMs(),
      inSession: this.#inSession(),
    });
    this.#sources = policy.sources.map(
      (source, index) =>
        new PolicySourceRunner({
          host,
          readers,
          source,
          index,
          sinceNs: (symbols) => sinceStored(policy, source, symbols),
          nextTryMs: () => this.#machine.nextTryMs(index),
          tell: (event) => {
            this.#apply(event);
          },
        }),
    );
  }

  /** Resolves after {@link stop}, once every stream is drained. Rejects when the log is broken. */
  async run(): Promise<void> {
    const { host, policy } = this.#options;
    const tickMs = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, policy.afterStaleSeconds * 250));
    this.#reconcile();
    const ended = Promise.all(this.#sources.map(({ ended: one }) => one));
    const ticking = this.#tick(tickMs);
    try {
      await Promise.race([ended, ticking]);
    } finally {
      this.stop();
      for (const source of this.#sources) source.close();
      await ended;
      await ticking;
      // Else silence would be taken for an outage.
      for (const { source } of policy.sources)
        this.#send(source, { state: 'stopped', reason: 'the policy does not run any more' });
      await this.#filing;
    }
    host.logger.info({ policy: policy.id }, `policy ${policy.id} has stopped`);
  }

  /** Instruments join or leave; who serves the others stays as it is. */
  setInstruments(instruments: readonly string[]): {
    readonly joined: readonly string[];
    readonly left: readonly string[];
  } {
    const [before, after] = [new Set(this.#instruments), new Set(instruments)];
    const joined = instruments.filter((symbol) => !before.has(symbol));
    const left = this.#instruments.filter((symbol) => !after.has(symbol));
    if (joined.length + left.length > 0 && !this.#end.signal.aborted) {
      this.#instruments = instruments;
      this.#machine.setInstruments(instruments, this.#options.host.clock.monotonicMs());
      this.#reconcile();
    }
    return { joined, left };
  }

  stop(): void {
    this.#end.abort();
  }

  async #tick(tickMs: number): Promise<void> {
    const { clock } = this.#options.host;
    while (!this.#end.signal.aborted) {
      await clock.sleep(tickMs, this.#end.signal).catch(() => undefined);
      this.#apply({ kind: 'time', inSession: this.#inSession() });
    }
  }

  #inSession(): boolean {
    const { host, policy } = this.#options;
    return isInSession(policy.session, Number(host.clock.nowNs() / NS_PER_MS));
  }

  #apply(event: PolicyEvent): void {
    if (this.#end.signal.aborted) return;
    const moves = this.#machine.apply(event, this.#options.host.clock.monotonicMs());
    if (event.kind === 'data') return;
    for (const move of moves) this.#say(move);
    this.#reconcile();
  }

  #say({ symbols, from, to, reason }: PolicyTransition): void {
    const { host, policy } = this.#options;
    const nameOf = (index: number | null): string | null =>
      index === null ? null : (policy.sources[index]?.source ?? null);
    host.emit({
      type: 'policy',
      policy: policy.id,
      instruments: symbols.slice(0, LISTED),
      count: symbols.length,
      from: nameOf(from),
      to: nameOf(to),
      reason,
    });
    host.logger.warn(
      { policy: policy.id, count: symbols.length },
      `policy ${policy.id}: ${nameOf(to) ?? 'no source'} serves ${some(symbols)}, no longer ${nameOf(from) ?? 'none'} (${reason})`,
    );
  }

  #reconcile(): void {
    for (const [index, source] of this.#sources.entries()) {
      source.want(this.#machine.wanted(index));
      this.#file(index);
    }
  }

  /** What a source does here, wherever it differs from what was filed last. */
  #file(index: number): void {
    const { host, policy } = this.#options;
    const source = policy.sources[index]?.source ?? '';
    const { state, reason, serves } = this.#machine.health(index, host.clock.monotonicMs());
    const count = this.#machine.size;
    const role =
      serves > 0 ? `serves ${serves} of ${count}` : state === 'idle' ? 'stands by' : `serves 0 of ${count}`;
    const text = `${role}${state === 'idle' || reason === '' ? '' : `: ${reason}`}`;
    const report = { state: state === 'idle' ? ('up' as const) : state, reason: text };
    const filed = this.#filed.get(index);
    const nowMs = host.clock.monotonicMs();
    // The same once more now and then: whoever watches takes silence for the end of this process.
    if (filed?.state === report.state && filed.reason === text && nowMs - filed.atMs < REPEAT_MS) return;
    this.#filed.set(index, { ...report, atMs: nowMs });
    this.#send(source, report);
  }

  #send(source: string, report: PolicyReport): void {
    const { host, policy } = this.#options;
    this.#filing = this.#filing
      .then(() => host.file({ source, stream: `policy:${policy.id}` }, report))
      .catch((error: unknown) => {
        host.logger.warn({ policy: policy.id, source }, `its state is not filed: ${errorMessage(error)}`);
      });
  }
}

import { NS_PER_SECOND, type Result, type TickwellError } from '@tickwell/domain';
import type { ResolvedInstrument } from './contracts.ts';
import type { LiveContext } from './live-group.ts';

/** Lines of one contract that start, hold and stop together. */
export interface LivePart {
  /** Market data lines that it has. */
  readonly lines: number;
  /** Nothing is missing of it. */
  readonly isWhole: boolean;
  /** The last second of which something was delivered. */
  readonly lastSeconds: number | undefined;
  start(): void;
  stop(): void;
}

export interface RollingOptions {
  readonly instrument: ResolvedInstrument;
  readonly parts: readonly LivePart[];
  /** Parts of the next contract, of which everything from `fromSeconds` on is wanted. */
  readonly make: (instrument: ResolvedInstrument, fromSeconds: number, reason: string) => readonly LivePart[];
  /** The contract that is to be followed now. */
  readonly resolve: () => Promise<Result<ResolvedInstrument, TickwellError>>;
  /** So many lines more (or, negative, fewer) are followed. */
  readonly linesChanged: (by: number) => void;
}

/** Looked at so often: the Gateway's clock may run faster than ours, or be corrected. */
const WAIT_STEP_MS = 60_000;
const WHOLE_STEP_MS = 1000;

/**
 * A future that is followed from contract to contract: at the end of the session in which the day of its roll begins the next one takes
 * over, and brings what it traded since then from history. Before that the old one is made whole, so that the symbol never goes back
 * in time.
 */
export class RollingFuture implements LivePart {
  readonly #options: RollingOptions;
  readonly #context: LiveContext;
  readonly #end = new AbortController();
  #instrument: ResolvedInstrument;
  #parts: readonly LivePart[];

  constructor(options: RollingOptions, context: LiveContext) {
    this.#options = options;
    this.#context = context;
    this.#instrument = options.instrument;
    this.#parts = options.parts;
  }

  get lines(): number {
    return this.#parts.reduce((sum, { lines }) => sum + lines, 0);
  }

  get isWhole(): boolean {
    return this.#parts.every(({ isWhole }) => isWhole);
  }

  get lastSeconds(): number | undefined {
    const times = this.#parts.flatMap(({ lastSeconds }) => lastSeconds ?? []);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  start(): void {
    for (const part of this.#parts) part.start();
    const signal = AbortSignal.any([this.#end.signal, this.#context.signal]);
    void this.#run(signal).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#context.logger.error({ err: error }, `IB ${this.#instrument.symbol}: the roll failed`);
    });
  }

  stop(): void {
    this.#end.abort();
    for (const part of this.#parts) part.stop();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, connection } = this.#context;
    for (let roll = this.#instrument.roll; roll !== undefined; roll = this.#instrument.roll) {
      const leftMs = (roll.atSeconds - connection.server.nowSeconds()) * 1000;
      if (leftMs > 0) {
        await clock.sleep(Math.min(leftMs, WAIT_STEP_MS), signal);
        continue;
      }
      const next = await this.#options.resolve();
      signal.throwIfAborted();
      if (!next.ok) {
        const { message: reason } = next.error;
        this.#context.report({ kind: 'waiting', subject: this.#instrument.symbol, reason });
        await clock.sleep(connection.timing.resubscribeMs, signal);
      } else if (next.value.contract.conId === this.#instrument.contract.conId) {
        // The same as before, but by now the hours of that day are known.
        this.#instrument = next.value;
      } else await this.#takeOver(next.value, roll.atSeconds, signal);
    }
  }

  async #takeOver(next: ResolvedInstrument, atSeconds: number, signal: AbortSignal): Promise<void> {
    const { clock, connection, settings, report } = this.#context;
    const giveUpMs = clock.monotonicMs() + connection.timing.unavailableMs;
    // What was heard last has been delivered by then.
    await clock.sleep(settings.settleMs, signal);
    while (!this.isWhole && clock.monotonicMs() < giveUpMs) await clock.sleep(WHOLE_STEP_MS, signal);
    const { symbol, contract } = this.#instrument;
    const fromSeconds = Math.max(atSeconds, (this.lastSeconds ?? 0) + 1);
    const before = this.lines;
    for (const part of this.#parts) part.stop();
    const [from, to] = [contract, next.contract].map(({ localSymbol, conId }) => localSymbol ?? `${conId}`);
    this.#parts = this.#options.make(next, fromSeconds, `rolled from ${from} to ${to}`);
    this.#instrument = next;
    this.#options.linesChanged(this.lines - before);
    const atNs = BigInt(fromSeconds) * NS_PER_SECOND;
    report({ kind: 'roll', symbol, from: from ?? '', to: to ?? '', atNs });
    for (const part of this.#parts) part.start();
  }
}

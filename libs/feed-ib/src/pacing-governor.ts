import { TickwellError } from '@tickwell/domain';
import type { Clock } from '@tickwell/ports';
import { IB_LIMITS, type PacingLimits } from './pacing-limits.ts';
import type { PacingLedger } from './pacing-ledger.ts';
import { PacingSchedule, type PacedRequest } from './pacing-schedule.ts';

/** The right to send one request; `finish` it when the answer is complete or will not come. */
export interface Permit {
  finish(outcome: 'answered' | 'paced' | 'given-up'): void;
}

/** Waiting requests beyond this are refused: whoever asks for more does not wait for answers. */
const MAX_WAITING = 10_000;

/** Gives requests their turn; shared by all connections of one account. See {@link PacingSchedule} for the rules. */
export class PacingGovernor {
  readonly limits: PacingLimits;
  readonly #schedule: PacingSchedule;
  readonly #clock: Clock;
  readonly #waiters = new Map<number, (permit: Permit) => void>();
  #wakeup: { readonly atMs: number; readonly abort: AbortController } | undefined;
  #lines = 0;
  readonly #ledger: PacingLedger | undefined;

  /** `ledger`: what other processes ask counts too. */
  constructor(clock: Clock, limits: PacingLimits = IB_LIMITS, ledger?: PacingLedger) {
    this.#ledger = ledger;
    this.limits = limits;
    this.#clock = clock;
    this.#schedule = new PacingSchedule(limits);
  }

  /**
   * Resolves when the request may be sent.
   * @throws the signal's reason; TickwellError `ib-queue-full` when far too much is waiting.
   */
  acquire(request: PacedRequest, signal?: AbortSignal): Promise<Permit> {
    const turn = this.#turn(request, signal);
    const ledger = this.#ledger;
    return ledger === undefined || request.history === 'none'
      ? turn
      : turn.then((permit) => besideOthers(permit, ledger.take(request, signal)));
  }

  #turn(request: PacedRequest, signal?: AbortSignal): Promise<Permit> {
    if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
    if (this.#schedule.waiting >= MAX_WAITING) {
      const text = `IB: ${MAX_WAITING} requests are waiting for their turn already: ask for less at once`;
      return Promise.reject(new TickwellError('ib-queue-full', text, { retryable: true, paced: true }));
    }
    return new Promise((resolve, reject) => {
      const { id } = this.#schedule.submit(request);
      const onAbort = (): void => {
        this.#schedule.withdraw(id);
        this.#waiters.delete(id);
        if (signal !== undefined) reject(reasonOf(signal));
      };
      this.#waiters.set(id, (permit) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(permit);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#run();
    });
  }

  /** IB called something too much whose permit is finished already. */
  penalize(): void {
    this.#schedule.penalize(this.#clock.monotonicMs());
  }

  /** Takes market data lines. False: so many are not free, and asking for them would be error 101. */
  takeLines(count: number): boolean {
    if (this.#lines + count > this.limits.marketDataLines) return false;
    this.#lines += count;
    return true;
  }

  returnLines(count: number): void {
    this.#lines -= count;
  }

  #run(): void {
    const { started, againAtMs } = this.#schedule.poll(this.#clock.monotonicMs());
    for (const { id } of started) {
      const waiter = this.#waiters.get(id);
      this.#waiters.delete(id);
      waiter?.(this.#permit(id));
    }
    this.#wakeAt(againAtMs);
  }

  #permit(id: number): Permit {
    let isOpen = true;
    return {
      finish: (outcome) => {
        if (!isOpen) return;
        isOpen = false;
        this.#schedule.finish(id, this.#clock.monotonicMs());
        if (outcome === 'paced') this.#schedule.penalize(this.#clock.monotonicMs());
        if (outcome === 'answered') this.#schedule.relax();
        this.#run();
      },
    };
  }

  /** One timer at most: the earliest. */
  #wakeAt(atMs: number | undefined): void {
    if (this.#wakeup?.atMs === atMs) return;
    this.#wakeup?.abort.abort();
    this.#wakeup = undefined;
    if (atMs === undefined) return;
    const wakeup = { atMs, abort: new AbortController() };
    this.#wakeup = wakeup;
    const waitMs = Math.max(0, atMs - this.#clock.monotonicMs());
    void this.#clock.sleep(waitMs, wakeup.abort.signal).then(
      () => {
        if (this.#wakeup !== wakeup) return;
        this.#wakeup = undefined;
        this.#run();
      },
      // Replaced by an earlier one.
      () => undefined,
    );
  }
}

async function besideOthers(permit: Permit, taken: Promise<() => void>): Promise<Permit> {
  try {
    const release = await taken;
    return {
      finish: (outcome) => {
        release();
        permit.finish(outcome);
      },
    };
  } catch (error) {
    permit.finish('given-up');
    throw error;
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new TickwellError('stopped', String(reason));
}

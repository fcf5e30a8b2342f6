import {
  messageOf,
  NO_EVENT,
  type AlertBook,
  type AlertChannel,
  type AlertEvent,
  type OwedMessage,
} from '@tickwell/alerts';
import { errorMessage, NS_PER_MS, TickwellError } from '@tickwell/domain';
import type { Clock, Logger, Notifier } from '@tickwell/ports';
import type { Lease } from '../task.ts';
import { takenOver, type AlertLog } from './alert-log.ts';

export interface DelivererOptions {
  readonly log: AlertLog;
  readonly book: AlertBook;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly notifierOf: (channel: AlertChannel) => Notifier;
  /** After an attempt: "delivered", "failed" or "given up". */
  readonly onAttempt: (channel: string, outcome: string) => void;
}

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 300_000;
/** More that wait for one channel are given up, the oldest first. */
const MAX_OWED = 1_000;
/** What is being sent when the service stops may still end, so that it is not sent twice; less than a task may take to end. */
const GRACE_MS = 5_000;

/**
 * Brings the owed messages to their channels: each channel in its order, one message at a time, beside the others. A message that fails for the moment is
 * tried again after longer and longer pauses, and holds up the later ones of its channel, for whom it would be no different; one that fails for good,
 * for too long, or too many behind it, is given up, which the log says.
 */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #working = new Map<string, Promise<void>>();
  readonly #failed = Promise.withResolvers<never>();

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => undefined);
  }

  /** Works until the signal fires; rejects where what became of a message cannot be logged. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const over = AbortSignal.any([signal, stop.signal]);
    const kick = (): void => {
      this.#kick(over);
    };
    const forget = this.#options.log.onChange(kick);
    try {
      kick();
      await Promise.race([fired(over), this.#failed.promise]);
    } finally {
      forget();
      stop.abort();
      await Promise.all(this.#working.values());
    }
  }

  /** Sees to it that somebody works on every channel that owes something. */
  #kick(signal: AbortSignal): void {
    if (signal.aborted) return;
    for (const { channel } of this.#options.log.ledger.owed) {
      if (this.#working.has(channel)) continue;
      const work = this.#work(channel, signal).then(
        () => {
          this.#working.delete(channel);
          // Something may have come since it looked last.
          if (this.#next(channel) !== undefined) this.#kick(signal);
        },
        (error: unknown) => {
          this.#working.delete(channel);
          if (!signal.aborted) this.#failed.reject(error);
        },
      );
      this.#working.set(channel, work);
    }
  }

  async #work(channel: string, signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    for (let owed = this.#next(channel); owed !== undefined; owed = this.#next(channel)) {
      if (isOver()) return;
      if (this.#waiting(channel) > MAX_OWED) {
        await this.#giveUp(owed, `${MAX_OWED} newer messages wait for ${channel}`);
        continue;
      }
      await this.#pause(owed, signal);
      if (isOver()) return;
      // Another copy may have taken over while this process slept, or was paused.
      if (!(await this.#options.lease.isHeld())) throw takenOver();
      if (isOver()) return;
      await this.#attempt(owed, signal);
    }
  }

  async #attempt(owed: OwedMessage, signal: AbortSignal): Promise<void> {
    const { book, clock, notifierOf } = this.#options;
    const channel = book.channel(owed.channel);
    if (channel === undefined) {
      await this.#giveUp(owed, `there is no channel ${owed.channel} any more`);
      return;
    }
    const late = graceAfter(signal, GRACE_MS);
    try {
      await notifierOf(channel).send(messageOf(owed), late.signal);
    } catch (error) {
      // Cut short: it is owed still.
      if (late.signal.aborted) return;
      const isRetryable = error instanceof TickwellError && error.retryable;
      const isLate = clock.nowNs() - owed.event.timeNs >= channel.giveUpAfterNs;
      if (isRetryable && !isLate) await this.#fail(owed, errorMessage(error));
      else await this.#giveUp(owed, errorMessage(error));
      return;
    } finally {
      late.clear();
    }
    await this.#record(owed, 'delivered', '');
    this.#options.onAttempt(owed.channel, 'delivered');
  }

  async #fail(owed: OwedMessage, reason: string): Promise<void> {
    const { channel, attempts } = owed;
    if (attempts === 0)
      this.#options.logger.warn({ channel, reason }, `alerts for ${channel} wait: ${reason}`);
    await this.#record(owed, 'delivery-failed', reason);
    this.#options.onAttempt(channel, 'failed');
  }

  async #giveUp(owed: OwedMessage, reason: string): Promise<void> {
    const { channel, attempts } = owed;
    const { title, lines, id } = messageOf(owed);
    this.#options.logger.error(
      { channel, attempts, reason, title, lines, id },
      `alert not delivered to ${channel}: ${reason}: ${title}`,
    );
    await this.#record(owed, 'given-up', reason);
    this.#options.onAttempt(channel, 'given up');
  }

  #record(owed: OwedMessage, kind: AlertEvent['kind'], reason: string): Promise<void> {
    const { event, channel, attempts } = owed;
    const { eventId: ofEventId, rule, group, sinceNs, severity, ruleVersion } = event;
    const attempt = attempts + 1;
    const draft = {
      ...{
        ...NO_EVENT,
        rule,
        group,
        sinceNs,
        severity,
        ruleVersion,
        kind,
        reason,
        ofEventId,
        channel,
        attempt,
      },
      eventId: [ofEventId, channel, attempt, kind].join('|'),
      timeNs: this.#options.clock.nowNs(),
    };
    return this.#options.log.append([draft]);
  }

  /** Until the next attempt; none before the first. */
  async #pause({ attempts, failedNs }: OwedMessage, signal: AbortSignal): Promise<void> {
    if (attempts === 0) return;
    const { clock } = this.#options;
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
    const sinceMs = Number((clock.nowNs() - failedNs) / NS_PER_MS);
    const leftMs = Math.min(pauseMs, pauseMs - sinceMs);
    if (leftMs > 0) await clock.sleep(leftMs, signal).catch(() => undefined);
  }

  #next(channel: string): OwedMessage | undefined {
    for (const owed of this.#options.log.ledger.owed) if (owed.channel === channel) return owed;
    return undefined;
  }

  #waiting(channel: string): number {
    let count = 0;
    for (const owed of this.#options.log.ledger.owed) if (owed.channel === channel) count += 1;
    return count;
  }
}

async function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}

/** A signal that fires so long after another one; `clear` forgets it. */
function graceAfter(
  signal: AbortSignal,
  graceMs: number,
): { readonly signal: AbortSignal; readonly clear: () => void } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => {
      late.abort();
    }, graceMs);
  };
  signal.addEventListener('abort', begin, { once: true });
  return {
    signal: late.signal,
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', begin);
    },
  };
}

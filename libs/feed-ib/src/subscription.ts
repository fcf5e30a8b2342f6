import type { TickwellError } from '@tickwell/domain';
import type { Clock, Logger } from '@tickwell/ports';
import type { ConnectionTiming } from './connection-options.ts';
import { ibError, judgeIbError } from './ib-errors.ts';
import type { Link } from './ib-link.ts';
import type { IbMessage } from './ib-messages.ts';
import type { PacingGovernor } from './pacing-governor.ts';
import type { PacedRequest } from './pacing-schedule.ts';
import type { OnReport } from './report.ts';

/** A stream of messages that is asked for once and goes on. */
export interface SubscriptionSpec {
  /** Instrument and kind, for people. */
  readonly subject: string;
  readonly pacing: PacedRequest;
  readonly send: (link: Link, reqId: number) => void;
  readonly cancel: (link: Link, reqId: number) => void;
  readonly onMessage: (message: IbMessage) => void;
  /** Messages may be missing from here on, until the next {@link onActive}. */
  readonly onOutage: (reason: string) => void;
  /** Messages come again; what happened before may be missing. */
  readonly onActive: () => void;
  /** It ended for good. */
  readonly onRefused: (error: TickwellError) => void;
}

export interface SubscriptionContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly report: OnReport;
  readonly governor: PacingGovernor;
  readonly timing: ConnectionTiming;
  readonly newReqId: () => number;
  readonly register: (reqId: number, handler: (message: IbMessage) => void) => void;
  readonly unregister: (reqId: number) => void;
  /** Sends in its turn, unless the socket ends before. */
  readonly tell: (send: (link: Link) => void) => Promise<void>;
  readonly ended: (subscription: Subscription) => void;
}

/** One subscription over all sockets of a connection. */
export class Subscription {
  readonly #spec: SubscriptionSpec;
  readonly #context: SubscriptionContext;
  /** Ends whatever the previous start is still waiting for. */
  #attempt = new AbortController();
  #current: { readonly link: Link; readonly reqId: number; readonly signal: AbortSignal } | undefined;
  #linkSignal = AbortSignal.abort();
  #isOver = false;
  /** What it waits for, as told last. */
  #told = '';

  constructor(spec: SubscriptionSpec, context: SubscriptionContext) {
    this.#spec = spec;
    this.#context = context;
  }

  /** Asks for it on a socket, in its turn. What an earlier socket was asked for is forgotten. */
  start(link: Link, signal: AbortSignal): void {
    this.#forget();
    this.#attempt.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#linkSignal = signal;
    void this.#begin(link, AbortSignal.any([signal, attempt.signal]), 0);
  }

  /** Asks for it again on the same socket: it delivers nothing though there is something. */
  renew(): void {
    const current = this.#current;
    if (current === undefined || this.#isOver) return;
    const { cancel } = this.#spec;
    void this.#context.tell((link) => {
      if (link === current.link) cancel(link, current.reqId);
    });
    this.start(current.link, current.signal);
  }

  outage(reason: string): void {
    if (!this.#isOver) this.#spec.onOutage(reason);
  }

  /** The Gateway kept it. */
  restored(): void {
    if (!this.#isOver && this.#current !== undefined) this.#spec.onActive();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#attempt.abort();
    const current = this.#current;
    this.#forget();
    this.#context.ended(this);
    const { cancel } = this.#spec;
    if (current !== undefined)
      void this.#context.tell((link) => {
        if (link === current.link) cancel(link, current.reqId);
      });
  }

  async #begin(link: Link, signal: AbortSignal, waitMs: number): Promise<void> {
    const { clock, governor, newReqId, register } = this.#context;
    try {
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      const permit = await governor.acquire(this.#spec.pacing, signal);
      permit.finish('given-up');
      signal.throwIfAborted();
    } catch {
      // The socket ended, or the subscription did: the next socket starts it again.
      return;
    }
    const reqId = newReqId();
    this.#current = { link, reqId, signal: this.#linkSignal };
    register(reqId, (message) => {
      if (message.kind === 'error') this.#failed(message.code, message.text, link, signal);
      else {
        this.#told = '';
        this.#spec.onMessage(message);
      }
    });
    this.#spec.send(link, reqId);
    this.#spec.onActive();
  }

  #failed(code: number, text: string, link: Link, signal: AbortSignal): void {
    const { governor, logger, report, timing } = this.#context;
    const verdict = judgeIbError(code, text);
    const error = ibError(this.#spec.subject, code, text);
    if (verdict === 'notice' || verdict === 'ignored' || verdict === 'no-data') {
      logger.info({ code }, error.message);
      return;
    }
    this.#forget();
    if (verdict === 'refused') {
      this.#isOver = true;
      this.#context.ended(this);
      this.#spec.onRefused(error);
      return;
    }
    const { message: reason } = error;
    if (reason !== this.#told) report({ kind: 'waiting', subject: this.#spec.subject, reason });
    this.#told = reason;
    if (verdict === 'pacing') governor.penalize();
    this.#spec.onOutage(error.message);
    void this.#begin(link, signal, timing.resubscribeMs);
  }

  #forget(): void {
    if (this.#current !== undefined) this.#context.unregister(this.#current.reqId);
    this.#current = undefined;
  }
}

import type { AlertMessage } from '@tickwell/alerts';

/** Where messages go to people. */
export interface Notifier {
  /**
   * Resolves once the receiver has taken the message. Rejects with a TickwellError that names the receiver, never a secret: retryable where the same
   * message may be taken later (nobody answers, busy), terminal where it never will be (refused for what it is). It ends within `timeoutMs` of the
   * adapter, or as soon as the signal fires. Whether a message whose answer was lost has arrived is not known; sent again it bears the same id
   * (e-mail: `Message-ID`; webhook: header `idempotency-key`), by which the receiver can tell.
   */
  send(message: AlertMessage, signal: AbortSignal): Promise<void>;
}

import type { AlertMessage } from '@tickwell/alerts';
import { TickwellError } from '@tickwell/domain';
import type { Logger, Notifier } from '@tickwell/ports';
import { oneLine } from './one-line.ts';

/** The log of the process: what is there needs no network. */
export class LogNotifier implements Notifier {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  send({ title, lines, id, rule, group, severity, about }: AlertMessage, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(new TickwellError('stopped', 'not logged: it is stopping'));
    const level =
      about === 'recovered' || severity === 'info' ? 'info' : severity === 'critical' ? 'error' : 'warn';
    this.#logger[level]({ alert: rule, group, severity, about, id, lines }, oneLine(title));
    return Promise.resolve();
  }
}

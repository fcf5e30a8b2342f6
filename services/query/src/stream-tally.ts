import type { EventLedger } from '@tickwell/domain';
import type { Match } from './match.ts';

/** What one stream has brought. */
export class StreamTally {
  /** Undefined: nobody wants to know the sums. */
  readonly ledger: EventLedger | undefined;
  #events = 0;

  constructor(ledger?: EventLedger) {
    this.ledger = ledger;
  }

  get events(): number {
    return this.#events;
  }

  add(match: Match): void {
    this.#events += match.events;
    if (this.ledger !== undefined) match.addTo?.(this.ledger);
  }
}

import { metrics } from '@opentelemetry/api';
import type { Outcome } from '@tickwell/validation';

/** What became of events, for metrics. Outputs never depend on it. */
export class OutcomeCounter {
  readonly #events;

  constructor() {
    this.#events = metrics.getMeter('tickwell.validator').createCounter('tickwell_validator_events', {
      description: 'Events judged, by kind and outcome',
    });
  }

  add(kind: string, { accepted, deadLettered, duplicates }: Outcome): void {
    if (accepted > 0) this.#events.add(accepted, { kind, outcome: 'accepted' });
    if (deadLettered > 0) this.#events.add(deadLettered, { kind, outcome: 'dead-lettered' });
    if (duplicates > 0) this.#events.add(duplicates, { kind, outcome: 'duplicate' });
  }
}

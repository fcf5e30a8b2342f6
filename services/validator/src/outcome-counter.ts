import { metrics } from '@opentelemetry/api';
import type { Outcome } from '@tickwell/validation';

/** What became of events, for metrics. Outputs never depend on it. */
export class OutcomeCounter {
  readonly #events;
  readonly #findings;

  constructor() {
    const meter = metrics.getMeter('tickwell.validator');
    this.#events = meter.createCounter('tickwell_validator_events', {
      description: 'Events judged, by kind and outcome',
    });
    this.#findings = meter.createCounter('tickwell_validator_findings', {
      description: 'Findings about events that went through, by kind, rule and severity',
    });
  }

  /** Findings are warnings, as md.quality says of them. */
  found(kind: string, rule: string): void {
    this.#findings.add(1, { kind, rule, severity: 'warning' });
  }

  add(kind: string, { accepted, deadLettered, duplicates }: Outcome): void {
    if (accepted > 0) this.#events.add(accepted, { kind, outcome: 'accepted' });
    if (deadLettered > 0) this.#events.add(deadLettered, { kind, outcome: 'dead-lettered' });
    if (duplicates > 0) this.#events.add(duplicates, { kind, outcome: 'duplicate' });
  }
}

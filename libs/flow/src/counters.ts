import { metrics } from '@opentelemetry/api';

/** What a flow counts; without a metrics SDK the instruments do nothing. */
export class FlowCounters {
  readonly #received;
  readonly #written;
  readonly #duplicates;
  readonly #states;

  constructor() {
    const meter = metrics.getMeter('tickwell.flow');
    this.#received = meter.createCounter('tickwell_flow_records_in', {
      description: 'Records read from input topics',
    });
    this.#written = meter.createCounter('tickwell_flow_records_out', {
      description: 'Records written to output topics',
    });
    this.#duplicates = meter.createCounter('tickwell_flow_duplicates', {
      description: 'Records dropped by cause',
    });
    this.#states = meter.createCounter('tickwell_flow_states_written', {
      description: 'Key states written to checkpoints',
    });
  }

  received(processor: string, records: number, outputs: number): void {
    this.#received.add(records, { processor });
    this.#written.add(outputs, { processor });
  }

  duplicate(processor: string): void {
    this.#duplicates.add(1, { processor });
  }

  checkpoint(processor: string, states: number): void {
    this.#states.add(states, { processor });
  }
}

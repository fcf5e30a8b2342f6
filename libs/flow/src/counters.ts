import { metrics, type Meter } from '@opentelemetry/api';
import type { LogRecord, PartitionLag } from '@tickwell/ports';

/** What a flow counts; without a metrics SDK the instruments do nothing. */
export class FlowCounters {
  readonly #received;
  readonly #written;
  readonly #duplicates;
  readonly #states;
  readonly #ageMs;
  readonly #batchRecords;
  readonly preparations: PreparationCounters;

  /** `lag` is asked at every scrape. */
  constructor(group: string, lag: () => readonly PartitionLag[]) {
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
    this.#ageMs = meter.createHistogram('tickwell_flow_record_age_ms', {
      description: 'Time between a record being written to its topic and being processed',
      unit: 'ms',
    });
    this.#batchRecords = meter.createHistogram('tickwell_flow_batch_records', {
      description: 'Records processed in one go',
    });
    this.preparations = new PreparationCounters(meter);
    meter
      .createObservableGauge('tickwell_flow_lag_records', { description: 'Records not processed yet' })
      .addCallback((result) => {
        for (const { topic, partition, lag: records } of lag()) {
          result.observe(Number(records), { group, topic, partition });
        }
      });
  }

  received(processor: string, records: readonly LogRecord[], outputs: number): void {
    this.#received.add(records.length, { processor });
    this.#written.add(outputs, { processor });
    this.#batchRecords.record(records.length, { processor });
    const newest = records.at(-1);
    if (newest !== undefined) this.#ageMs.record(Math.max(0, Date.now() - newest.timestampMs), { processor });
  }

  duplicate(processor: string): void {
    this.#duplicates.add(1, { processor });
  }

  checkpoint(processor: string, states: number): void {
    this.#states.add(states, { processor });
  }
}

/** States that were brought to what only the outside knows. */
export class PreparationCounters {
  readonly #installed;
  readonly #failed;

  constructor(meter: Meter) {
    this.#installed = meter.createCounter('tickwell_flow_states_prepared', {
      description: 'Key states that were prepared from outside the log (of long ones every piece)',
    });
    this.#failed = meter.createCounter('tickwell_flow_preparations_failed', {
      description: 'Preparations that could not read what they need and are tried again',
    });
  }

  installed(processor: string, states: number): void {
    this.#installed.add(states, { processor });
  }

  failed(processor: string): void {
    this.#failed.add(1, { processor });
  }
}

import { metrics } from '@opentelemetry/api';
import type { EventSink } from '@tickwell/ports';
import type { IngestProgress } from './ingest-stream.ts';

/** What the process reports of its work: events and refusals that are durable, and how sends go. */
export class IngestMeasures {
  readonly #events;
  readonly #refused;
  readonly #recordsPerSend;
  readonly #sendMs;

  constructor() {
    const meter = metrics.getMeter('tickwell.ingest');
    this.#events = meter.createCounter('tickwell_ingest_events', {
      description: 'Events sent and acknowledged',
    });
    this.#refused = meter.createCounter('tickwell_ingest_refused', {
      description: 'Input that was no event',
    });
    this.#recordsPerSend = meter.createHistogram('tickwell_ingest_records_per_send');
    this.#sendMs = meter.createHistogram('tickwell_ingest_send_ms', {
      description: 'From send to acknowledgement',
    });
  }

  /** A counter of one stream: what its first report says was there before. */
  progress(source: string): (progress: IngestProgress) => void {
    let last: IngestProgress | undefined;
    return (progress) => {
      last ??= progress;
      this.#events.add(Number(progress.events - last.events), { source });
      this.#refused.add(Number(progress.refused - last.refused), { source });
      last = progress;
    };
  }

  /** The sink, measured. `nowMs` is monotonic. */
  sink(sink: EventSink, nowMs: () => number): EventSink {
    return {
      send: async (records) => {
        const startMs = nowMs();
        await sink.send(records);
        this.#sendMs.record(nowMs() - startMs);
        this.#recordsPerSend.record(records.length);
      },
      close: () => sink.close(),
    };
  }
}

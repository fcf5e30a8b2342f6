import { metrics } from '@opentelemetry/api';
import type { PartitionLag } from '@tickwell/ports';

/** What storage counts. Names are part of the operating guide. */
export interface StorageMetrics {
  flushed(topic: string, rows: number, ms: number): void;
  retried(topic: string): void;
  duplicate(topic: string): void;
  malformed(topic: string): void;
}

/** Instruments of the process's meter; `lag` is asked when the metrics are read. */
export function createStorageMetrics(lag: () => readonly PartitionLag[]): StorageMetrics {
  const meter = metrics.getMeter('tickwell.storage');
  const rows = meter.createCounter('tickwell_storage_rows', { description: 'Rows stored and visible' });
  const batchRows = meter.createHistogram('tickwell_storage_batch_rows', {
    description: 'Rows of one write',
  });
  const flushMs = meter.createHistogram('tickwell_storage_flush_ms', {
    description: 'From handing a write over until its rows are visible',
    unit: 'ms',
  });
  const retries = meter.createCounter('tickwell_storage_retries', {
    description: 'Writes that failed and were repeated',
  });
  const duplicates = meter.createCounter('tickwell_storage_duplicate_records', {
    description: 'Records dropped because their cause was stored before',
  });
  const malformed = meter.createCounter('tickwell_storage_malformed_records', {
    description: 'Records on validated topics that became dead letters',
  });
  meter
    .createObservableGauge('tickwell_storage_lag_records', { description: 'Records not yet handed over' })
    .addCallback((result) => {
      for (const { topic, partition, lag: records } of lag())
        result.observe(Number(records), { topic, partition });
    });
  return {
    flushed: (topic, count, ms) => {
      rows.add(count, { topic });
      batchRows.record(count, { topic });
      flushMs.record(ms, { topic });
    },
    retried: (topic) => {
      retries.add(1, { topic });
    },
    duplicate: (topic) => {
      duplicates.add(1, { topic });
    },
    malformed: (topic) => {
      malformed.add(1, { topic });
    },
  };
}

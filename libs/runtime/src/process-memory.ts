import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { metrics } from '@opentelemetry/api';

/** Gauges of the memory of this process, in bytes. */
export function observeMemory(): void {
  const meter = metrics.getMeter('tickwell.process');
  const gauge = (name: string, description: string, read: () => number | undefined): void => {
    meter.createObservableGauge(name, { description, unit: 'By' }).addCallback((result) => {
      const bytes = read();
      if (bytes !== undefined) result.observe(bytes);
    });
  };
  const retained = watchRetainedHeap();
  gauge('tickwell_process_resident_bytes', 'Resident memory of the process', () => process.memoryUsage.rss());
  gauge('tickwell_process_heap_bytes', 'JavaScript heap in use, garbage included', () => {
    return process.memoryUsage().heapUsed;
  });
  gauge('tickwell_process_external_bytes', 'Buffers and other memory outside of the JavaScript heap', () => {
    return process.memoryUsage().external;
  });
  gauge(
    'tickwell_process_retained_heap_bytes',
    'JavaScript heap in use after the last full collection: what grows here is kept by the program; none before the first',
    retained,
  );
}

/** Resident memory also holds garbage that V8 saw no reason to collect yet; only what a full collection leaves tells a leak from it. */
function watchRetainedHeap(): () => number | undefined {
  let bytes: number | undefined;
  const observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(isFullCollection)) bytes = process.memoryUsage().heapUsed;
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => bytes;
}

/** Node's types leave out `detail`, which every entry of a collection has. */
function isFullCollection(entry: PerformanceEntry): boolean {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined;
  return (
    typeof detail === 'object' &&
    detail !== null &&
    'kind' in detail &&
    detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
  );
}

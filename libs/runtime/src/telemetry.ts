import type { IncomingMessage, ServerResponse } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** Answers a scrape in Prometheus' text format. */
export type MetricsHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Makes every meter of the process real and returns what serves them. Call once, before instruments are created. */
export function startTelemetry(): MetricsHandler {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  observeProcess();
  return (request, response) => {
    exporter.getMetricsRequestHandler(request, response);
  };
}

function observeProcess(): void {
  const meter = metrics.getMeter('tickwell.process');
  const memory = meter.createObservableGauge('tickwell_process_resident_bytes', {
    description: 'Resident memory of the process',
    unit: 'By',
  });
  memory.addCallback((result) => {
    result.observe(process.memoryUsage.rss());
  });
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { observeMemory } from './process-memory.ts';

/** Answers a scrape in Prometheus' text format. */
export type MetricsHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Makes every meter of the process real and returns what serves them. Call once, before instruments are created. */
export function startTelemetry(): MetricsHandler {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  observeMemory();
  return (request, response) => {
    exporter.getMetricsRequestHandler(request, response);
  };
}

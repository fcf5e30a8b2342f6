import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricsHandler } from './telemetry.ts';

export interface HealthSource {
  /** Undefined: alive. Otherwise why the process should be restarted. */
  notAlive(): string | undefined;
  /** Undefined: ready for work. Otherwise why not. */
  notReady(): string | undefined;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves /livez, /readyz (200 "ok" or 503 with the reason) and /metrics. Listens on loopback unless told otherwise. */
export async function startHealthServer(options: {
  readonly host: string;
  readonly port: number;
  readonly health: HealthSource;
  readonly metrics: MetricsHandler;
}): Promise<HealthServer> {
  const server = createServer((request, response) => {
    route(request, response, options.health, options.metrics);
  });
  await listen(server, options.host, options.port);
  // A health endpoint alone must not keep a process alive.
  server.unref();
  return { port: portOf(server), close: () => close(server) };
}

function route(
  request: IncomingMessage,
  response: ServerResponse,
  health: HealthSource,
  metrics: MetricsHandler,
): void {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (path === '/livez') answer(response, health.notAlive());
  else if (path === '/readyz') answer(response, health.notReady());
  else if (path === '/metrics') metrics(request, response);
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('try /livez, /readyz or /metrics\n');
}

function answer(response: ServerResponse, problem: string | undefined): void {
  const status = problem === undefined ? 200 : 503;
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${problem ?? 'ok'}\n`);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new Error(
          `cannot listen on ${host}:${port} for health and metrics: set TICKWELL_METRICS_PORT to a free port`,
          { cause },
        ),
      );
    });
    server.listen(port, host, () => {
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

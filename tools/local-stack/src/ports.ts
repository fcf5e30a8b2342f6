import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { LocalStackError, systemErrorCode } from './errors.ts';

export const LOOPBACK = '127.0.0.1';
export const DEFAULT_PORTS = { kafka: 9092, questdbHttp: 9000, questdbPg: 8812 } as const;

/**
 * Free ports are taken below the ranges the kernels hand to outgoing connections (32768 on Linux, 49152 on macOS).
 * In those ranges a client that keeps dialling a killed broker can be given the broker's own port as its source and
 * connect to itself, and the restarted broker then finds its port busy.
 */
const FREE_RANGE = { first: 15_000, last: 32_000 } as const;
const MAX_TRIES = 200;
const CONNECT_TIMEOUT_MS = 500;

export interface PortWanted {
  /** For people: `Kafka`, `QuestDB HTTP`. */
  readonly label: string;
  /** The environment variable that chooses another. */
  readonly variable: string;
}

/** Whether nobody listens on the loopback port and we could. */
export async function isPortFree(port: number): Promise<boolean> {
  // A listener on all addresses does not stop a bind to loopback on macOS, so both are asked.
  return (await canBind(port)) && !(await answers(port));
}

/** A port nobody listens on now. Another process may still take it first: the caller retries on a busy port. */
export async function findFreePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let i = 0; i < MAX_TRIES; i += 1) {
    const port = randomInt(FREE_RANGE.first, FREE_RANGE.last);
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new LocalStackError(
    'stack.port_busy',
    `no free port between ${FREE_RANGE.first} and ${FREE_RANGE.last} after ${MAX_TRIES} tries: stop what occupies them`,
  );
}

export function portBusyMessage(port: number, wanted: PortWanted): string {
  return (
    `port ${port} for ${wanted.label} is in use by another program: stop it (\`lsof -i :${port}\` names it), ` +
    `or choose another port, e.g. ${wanted.variable}=${port + 10_000 > 65_535 ? port - 10_000 : port + 10_000}`
  );
}

/** @throws LocalStackError `stack.port_busy`. */
export async function requirePortFree(port: number, wanted: PortWanted): Promise<void> {
  if (!(await isPortFree(port))) throw new LocalStackError('stack.port_busy', portBusyMessage(port, wanted));
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = systemErrorCode(error);
      if (code === 'EADDRINUSE' || code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
      finish(false);
    });
    socket.once('connect', () => {
      finish(true);
    });
    socket.once('error', () => {
      finish(false);
    });
  });
}

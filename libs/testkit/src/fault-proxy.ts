import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { FrameSplitter, requestHeader, responseCorrelationId } from './kafka-frames.ts';
import type { KafkaRequestHeader } from './kafka-frames.ts';

export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** `kafka` knows where requests and responses begin, which {@link FaultProxy.swallowResponses} needs. Default `kafka`. */
  readonly protocol?: 'kafka' | 'bytes';
}

export interface SwallowOptions {
  /** How many responses are lost. */
  readonly count: number;
  /** Which; left out, every response. Produce: `({ apiKey }) => apiKey === 0`. */
  readonly matches?: (request: KafkaRequestHeader) => boolean;
  /** Cut the connection instead of letting the client wait for its timeout. Default false. */
  readonly thenCut?: boolean;
}

/**
 * A TCP proxy that makes a network fail where a test wants it to.
 *
 * A Kafka client connects to the addresses brokers advertise, not to the one it was given, so it would walk around the proxy. Two ways to keep it: `createKafkaLog`'s
 * `redirect: () => proxy` (nothing to set at the broker; our own clients), or a broker whose `advertised.listeners` names the proxy's port (any client).
 */
export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  /** Responses lost so far. */
  readonly swallowed: number;
  /** Nothing is forwarded in either direction, and connections stay open: a network that hangs. */
  pause(): void;
  resume(): void;
  /** Every chunk is forwarded so much later, in order. */
  delay(ms: number): void;
  /** Ends every connection at once; new ones are taken. */
  cut(): void;
  /** New connections are ended at once, as when a port is closed. */
  refuse(refused: boolean): void;
  /** The connection that carries the byte after `bytes` more, of all connections and both directions, is cut there, in the middle of whatever it is. */
  cutAfterBytes(bytes: number): void;
  /** Requests reach the server and are carried out; the next matching responses never come back. */
  swallowResponses(options: SwallowOptions): void;
  close(): Promise<void>;
}

export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new TcpFaultProxy(options);
  await proxy.listen();
  return proxy;
}

const HOST = '127.0.0.1';

class TcpFaultProxy implements FaultProxy {
  readonly host = HOST;
  port = 0;
  readonly #options: FaultProxyOptions;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #faults: Faults = {
    delayMs: 0,
    bytesLeft: Infinity,
    swallow: undefined,
    swallowed: 0,
    passing: Promise.resolve(),
  };
  #refused = false;
  #resume: (() => void) | undefined;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#server = createServer((client) => {
      this.#accept(client);
    });
  }

  get connections(): number {
    return this.#links.size;
  }

  get swallowed(): number {
    return this.#faults.swallowed;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, HOST, resolve);
    });
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.port = address.port;
  }

  pause(): void {
    if (this.#resume !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#faults.passing = promise.then(() => undefined);
    this.#resume = () => {
      resolve(undefined);
    };
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
    this.#faults.passing = Promise.resolve();
  }

  delay(ms: number): void {
    this.#faults.delayMs = ms;
  }

  cut(): void {
    for (const link of this.#links) link.cut();
  }

  refuse(refused: boolean): void {
    this.#refused = refused;
  }

  cutAfterBytes(bytes: number): void {
    this.#faults.bytesLeft = bytes;
  }

  swallowResponses(options: SwallowOptions): void {
    if (this.#options.protocol === 'bytes')
      throw new Error('responses can be told apart only where the protocol is kafka');
    this.#faults.swallow = { ...options, left: options.count };
  }

  async close(): Promise<void> {
    this.resume();
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.#refused) {
      client.destroy();
      return;
    }
    const server = connect({ ...this.#options.target, noDelay: true });
    client.setNoDelay(true);
    const link = new Link(client, server, this.#faults, this.#options.protocol ?? 'kafka');
    this.#links.add(link);
    client.once('close', () => this.#links.delete(link));
  }
}

interface Faults {
  delayMs: number;
  bytesLeft: number;
  swallow: (SwallowOptions & { left: number }) | undefined;
  swallowed: number;
  /** Resolves when bytes may pass. */
  passing: Promise<void>;
}

/** One client's connection and ours to the server. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #faults: Faults;
  readonly #requests = new FrameSplitter();
  readonly #responses = new FrameSplitter();
  /** Requests without a response yet. */
  readonly #open = new Map<number, KafkaRequestHeader>();

  constructor(client: Socket, server: Socket, faults: Faults, protocol: 'kafka' | 'bytes') {
    this.#client = client;
    this.#server = server;
    this.#faults = faults;
    const frames = protocol === 'kafka';
    this.#forward(client, server, (chunk) => {
      if (frames) this.#noteRequests(chunk);
      return [chunk];
    });
    this.#forward(server, client, (chunk) => (frames ? this.#keptResponses(chunk) : [chunk]));
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #forward(from: Socket, to: Socket, filter: (chunk: Buffer) => Buffer[]): void {
    let last = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      // One chunk at a time, so that what is held or delayed is bounded by the sockets' own buffers.
      from.pause();
      last = last.then(async () => {
        await this.#faults.passing;
        if (this.#faults.delayMs > 0)
          await new Promise((resolve) => setTimeout(resolve, this.#faults.delayMs));
        for (const piece of filter(chunk)) await this.#write(to, piece);
        from.resume();
      });
    });
    from.on('error', () => {
      this.cut();
    });
    from.on('end', () => {
      last = last.then(() => {
        to.end();
      });
    });
    from.on('close', () => {
      to.destroy();
    });
  }

  async #write(to: Socket, piece: Buffer): Promise<void> {
    const allowed = Math.min(piece.length, this.#faults.bytesLeft);
    this.#faults.bytesLeft -= allowed;
    if (to.destroyed) return;
    await new Promise<void>((resolve) => {
      to.write(piece.subarray(0, allowed), () => {
        resolve();
      });
    });
    if (allowed === piece.length) return;
    this.#faults.bytesLeft = Infinity;
    this.cut();
  }

  #noteRequests(chunk: Buffer): void {
    for (const frame of this.#requests.push(chunk)) {
      const header = requestHeader(frame);
      this.#open.set(header.correlationId, header);
    }
  }

  #keptResponses(chunk: Buffer): Buffer[] {
    return this.#responses.push(chunk).filter((frame) => {
      const correlationId = responseCorrelationId(frame);
      const request = this.#open.get(correlationId);
      this.#open.delete(correlationId);
      return request === undefined || !this.#swallows(request);
    });
  }

  #swallows(request: KafkaRequestHeader): boolean {
    const { swallow } = this.#faults;
    if (swallow === undefined || swallow.left === 0 || swallow.matches?.(request) === false) return false;
    swallow.left--;
    this.#faults.swallowed++;
    if (swallow.thenCut === true) this.cut();
    return true;
  }
}

import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import type { CapturedMessage } from './capture.ts';

/** One client of the simulated feed. */
export interface SimClient {
  /** Path and query that it asked for. */
  readonly url: string;
  /** Counts from 1. */
  readonly number: number;
  /** How many messages it has sent so far. */
  readonly received: number;
}

export interface FeedSimOptions {
  /** In order; `atMs` is the pace at speed 1. */
  readonly messages: Iterable<CapturedMessage>;
  /** 0: any free port. */
  readonly port?: number;
  /** Times as fast as recorded; 0: as fast as the client reads. Default 1. */
  readonly speed?: number;
  /** The client speaks first, as feeds that are asked by message expect. */
  readonly isAsked?: boolean;
  /** Wait for so many messages of the client before the feed begins. Default 1. */
  readonly asks?: number;
  /** Messages that belong to every connection, such as acknowledgements; the others go on where the last connection stopped. */
  readonly isPreamble?: (text: string) => boolean;
  readonly compress?: boolean;
  /** What is answered to a message of a client, before anything recorded. */
  readonly onMessage?: (text: string, client: SimClient) => readonly string[];
  /** Called before each message; what it says happens to the connection in its place. */
  readonly fault?: (sent: number, client: SimClient) => 'cut' | 'silent' | undefined;
  /** An HTTP answer in place of the handshake. */
  readonly refuse?: (client: SimClient) => { readonly status: number } | undefined;
  readonly log?: (event: string) => void;
}

interface FeedSimStats {
  readonly connections: number;
  /** Recorded messages sent over all connections, each once. */
  readonly sent: number;
  /** Nothing recorded is left. */
  readonly isDone: boolean;
  /** Control frames of clients that were answered. */
  readonly pings: number;
}

export interface FeedSim {
  readonly port: number;
  readonly url: string;
  stats(): FeedSimStats;
  /** What clients have sent. */
  readonly heard: readonly string[];
  /** Cuts every connection without a farewell. */
  cut(): void;
  stop(): Promise<void>;
}

/** So much may wait for a slow client. */
const MAX_BUFFERED = 1024 * 1024;
/** Messages between two looks at the event loop. */
const BURST = 256;
const MAX_HEARD = 10_000;

/** A WebSocket feed on 127.0.0.1 that plays recorded messages. */
export async function startFeedSim(options: FeedSimOptions): Promise<FeedSim> {
  const feed = new Feed(options);
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: options.port ?? 0,
    perMessageDeflate: options.compress === true,
    verifyClient: ({ req }, answer) => {
      const refused = options.refuse?.(feed.nextClient(req));
      if (refused === undefined) answer(true);
      else answer(false, refused.status);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  server.on('connection', (socket, request) => {
    feed.connected(socket, request);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    stats: () => feed.stats(),
    heard: feed.heard,
    cut: () => {
      for (const socket of server.clients) socket.terminate();
    },
    stop: () => {
      for (const socket of server.clients) socket.terminate();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

interface Playing extends SimClient {
  received: number;
  isPlaying: boolean;
  readonly socket: WebSocket;
}

class Feed {
  readonly heard: string[] = [];
  readonly #options: FeedSimOptions;
  readonly #preamble: readonly CapturedMessage[];
  readonly #iterator: Iterator<CapturedMessage>;
  #next: CapturedMessage | undefined;
  #connections = 0;
  #sent = 0;
  #isDone = false;
  #pings = 0;
  /** When the first message of the recording was due. */
  #startMs: number | undefined;

  constructor(options: FeedSimOptions) {
    this.#options = options;
    const { isPreamble, messages } = options;
    this.#preamble = isPreamble === undefined ? [] : [...messages].filter(({ text }) => isPreamble(text));
    this.#iterator = messages[Symbol.iterator]();
    this.#advance();
  }

  stats(): FeedSimStats {
    return { connections: this.#connections, sent: this.#sent, isDone: this.#isDone, pings: this.#pings };
  }

  nextClient({ url = '/' }: IncomingMessage): SimClient {
    return { url, number: this.#connections + 1, received: 0 };
  }

  connected(socket: WebSocket, request: IncomingMessage): void {
    const { onMessage, asks = 1, isAsked = false, log } = this.#options;
    const client: Playing = { ...this.nextClient(request), isPlaying: false, socket };
    this.#connections++;
    log?.(`client ${client.number} connected: ${client.url.slice(0, 100)}`);
    socket.on('error', (error) => log?.(`client ${client.number}: ${error.message}`));
    socket.on('ping', () => {
      this.#pings++;
    });
    socket.on('close', () => log?.(`client ${client.number} left after ${this.#sent} messages`));
    socket.on('message', (data, isBinary) => {
      const text = isBinary || !Buffer.isBuffer(data) ? '' : data.toString('utf8');
      client.received++;
      if (this.heard.length < MAX_HEARD) this.heard.push(text);
      for (const answer of onMessage?.(text, client) ?? []) socket.send(answer);
      if (client.received >= asks) this.#start(client);
    });
    if (!isAsked) this.#start(client);
  }

  #start(client: Playing): void {
    if (client.isPlaying) return;
    client.isPlaying = true;
    this.#play(client).catch((error: unknown) => {
      this.#options.log?.(`client ${client.number}: ${String(error)}`);
      client.socket.terminate();
    });
  }

  async #play(client: Playing): Promise<void> {
    const { socket } = client;
    for (const { text } of this.#preamble) socket.send(text);
    for (let burst = 0; this.#next !== undefined; burst++) {
      if (burst % BURST === BURST - 1) await turn();
      await this.#untilDue(this.#next.atMs);
      await untilBelow(socket, MAX_BUFFERED);
      if (socket.readyState !== socket.OPEN) return;
      const fault = this.#options.fault?.(this.#sent, client);
      if (fault === 'cut') {
        // What was sent before the cut is to arrive.
        await untilBelow(socket, 1);
        socket.terminate();
      }
      if (fault !== undefined) return;
      // Another client may have taken the last one meanwhile.
      const text = this.#take();
      if (text !== undefined) socket.send(text);
    }
    this.#options.log?.(`the recording is at its end: ${this.#sent} messages`);
  }

  #take(): string | undefined {
    const taken = this.#next;
    if (taken === undefined) return undefined;
    this.#advance();
    this.#sent++;
    return taken.text;
  }

  #advance(): void {
    const { isPreamble } = this.#options;
    for (;;) {
      const step = this.#iterator.next();
      this.#next = step.done === true ? undefined : step.value;
      this.#isDone = step.done === true;
      if (this.#next === undefined || isPreamble?.(this.#next.text) !== true) return;
    }
  }

  async #untilDue(atMs: number): Promise<void> {
    const { speed = 1 } = this.#options;
    if (speed === 0) return;
    this.#startMs ??= performance.now() - atMs / speed;
    const waitMs = this.#startMs + atMs / speed - performance.now();
    if (waitMs >= 1) await sleep(waitMs);
  }
}

async function untilBelow(socket: WebSocket, bytes: number): Promise<void> {
  while (socket.readyState === socket.OPEN && socket.bufferedAmount >= bytes) await sleep(1);
}

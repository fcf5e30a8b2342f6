import { errorMessage } from '@tickwell/domain';
import { WebSocket } from 'ws';

/** Why a socket is over. */
export interface SocketEnd {
  /** For people; no URL and no header is in it. */
  readonly reason: string;
  /** HTTP status of a handshake that was answered with something else. */
  readonly status: number | undefined;
}

interface SocketHandlers {
  readonly onOpen: () => void;
  readonly onText: (text: string) => void;
  /** A control frame came: the other side lives. */
  readonly onPulse: () => void;
  /** Once, whatever happened. */
  readonly onEnd: (end: SocketEnd) => void;
}

/** One WebSocket as a feed needs it. */
export interface FeedSocket {
  send(text: string): void;
  ping(): void;
  /** Stops reading: the other side is slowed down by TCP. */
  pause(): void;
  resume(): void;
  /** Ends it, politely where it is open; `onEnd` follows within a second. */
  close(reason: string): void;
}

export type OpenSocket = (
  of: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly maxMessageBytes: number;
    readonly handshakeMs: number;
  },
  handlers: SocketHandlers,
) => FeedSocket;

const CLOSE_MS = 1000;
const NORMAL = 1000;

/**
 * A WebSocket of the library `ws`. Node's own has no control frames, cannot stop reading and has no limit of message size, which a feed that
 * must notice silence and stay bounded needs.
 */
export const openSocket: OpenSocket = (of, handlers) => {
  const socket = new WebSocket(of.url, {
    headers: of.headers,
    handshakeTimeout: of.handshakeMs,
    maxPayload: of.maxMessageBytes,
    perMessageDeflate: true,
    followRedirects: false,
  });
  return new WsSocket(socket, handlers);
};

class WsSocket implements FeedSocket {
  readonly #socket: WebSocket;
  readonly #handlers: SocketHandlers;
  #reason: string | undefined;
  #status: number | undefined;
  #isPaused = false;
  #isOver = false;
  #closing: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, handlers: SocketHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.on('open', () => {
      if (this.#isPaused) socket.pause();
      handlers.onOpen();
    });
    // Feeds that send JSON in binary frames mean the same.
    socket.on('message', (data) => {
      handlers.onText(textOf(data));
    });
    socket.on('ping', handlers.onPulse);
    socket.on('pong', handlers.onPulse);
    socket.on('unexpected-response', (_request, response) => {
      this.#status = response.statusCode;
      this.#reason ??=
        `the server answered HTTP ${response.statusCode ?? 0} ${response.statusMessage ?? ''}`.trim();
      response.resume();
      socket.terminate();
      this.#end();
    });
    socket.on('error', (error) => {
      this.#reason ??= reasonOf(error);
    });
    socket.on('close', (code, text) => {
      const said = text.toString().slice(0, 100);
      this.#reason ??= `the server closed the connection (${code}${said === '' ? '' : ` ${said}`})`;
      this.#end();
    });
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.resume();
  }

  close(reason: string): void {
    this.#reason ??= reason;
    if (this.#isOver || this.#closing !== undefined) return;
    // What is not read any more cannot be waited for.
    this.resume();
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(NORMAL);
    else this.#socket.terminate();
    this.#closing = setTimeout(() => {
      this.#socket.terminate();
      this.#end();
    }, CLOSE_MS);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#closing);
    this.#handlers.onEnd({ reason: this.#reason ?? 'the connection ended', status: this.#status });
  }
}

/** Text frames arrive as one buffer, as `binaryType` is left alone. */
function textOf(data: Buffer | ArrayBuffer | readonly Buffer[]): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return data instanceof ArrayBuffer
    ? Buffer.from(data).toString('utf8')
    : Buffer.concat(data).toString('utf8');
}

function reasonOf(error: Error): string {
  if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
    return 'a message is larger than the limit: raise limits.messageBytes in the definition if the feed is right';
  return errorMessage(error);
}

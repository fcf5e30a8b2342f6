/** One TCP connection: handshake, then frames to and from a session, and the ways in which a connection goes wrong. */
import type { Socket } from 'node:net';
import { ElapsedClock, type SimClock } from './clock.ts';
import { Outbox, PRESSURE_BYTES } from './outbox.ts';
import { MessageRate } from './pacing/judge.ts';
import type { PacingLimits } from './pacing/limits.ts';
import type { Session } from './session.ts';
import type { Stats } from './stats.ts';
import { decodeRequest } from './wire/decode-request.ts';
import { FrameReader, encodeFrame } from './wire/frame.ts';
import { negotiate, parseHello } from './wire/handshake.ts';
import { errorMessage } from './wire/messages/session.ts';

/** Real time that a client may take for its handshake. */
const HANDSHAKE_MS = 10_000;
/** Waiting bytes of a client that is cut for being slow: as much as clients themselves take before they give up. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** Real time that a client may leave bytes unread, and for which a fast clock waits for it. */
const MAX_PRESSURE_MS = 10_000;
const MAX_HELLO_BYTES = 2048;
/** Real time that the last bytes of a connection get to leave. */
const LINGER_MS = 2000;

export interface ConnectionHost {
  readonly clock: SimClock;
  readonly limits: PacingLimits;
  readonly stats: Stats;
  readonly serverMaxVersion: number;
  /** Instead of what was negotiated; undefined: that. */
  readonly announcedVersion: number | undefined;
  /** The text of the handshake's second field. */
  readonly connectionTime: () => string;
  /** A session for a client id; an answer of a string refuses it: 326. */
  readonly start: (connection: Connection, clientId: number, version: number) => Session | string;
  readonly log: (line: string) => void;
}

type State =
  | { readonly name: 'hello'; readonly bytes: Buffer }
  | { readonly name: 'greeted'; readonly version: number }
  | { readonly name: 'started'; readonly session: Session }
  | { readonly name: 'closed' };

export class Connection {
  readonly peer: string;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #reader = new FrameReader();
  readonly #outbox: Outbox;
  readonly #rate: MessageRate;
  readonly #elapsed: ElapsedClock;
  #state: State = { name: 'hello', bytes: Buffer.alloc(0) };
  #handshakeTimer: NodeJS.Timeout | undefined;
  #pressureTimer: NodeJS.Timeout | undefined;
  #releaseClock: () => void = () => undefined;
  #silent = false;
  #ended = false;
  #version = 0;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.peer = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.#rate = new MessageRate(host.limits);
    this.#elapsed = new ElapsedClock(host.clock);
    this.#outbox = new Outbox(socket, {
      maxBytes: MAX_WAITING_BYTES,
      onPressure: (pressed) => {
        this.#onPressure(pressed);
      },
      onOverflow: () => {
        this.cut('slow client');
      },
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#onData(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('end', () => {
      this.#close('client closed');
    });
    socket.on('close', () => {
      this.#close('client closed');
    });
    this.#handshakeTimer = setTimeout(() => {
      this.cut('no handshake');
    }, HANDSHAKE_MS);
  }

  get session(): Session | undefined {
    return this.#state.name === 'started' ? this.#state.session : undefined;
  }

  get waitingBytes(): number {
    return this.#outbox.waitingBytes;
  }

  transmit(frame: Buffer): void {
    if (!this.#silent && this.#state.name !== 'closed') this.#outbox.send(frame);
  }

  /** Keeps the socket open and answers nothing, until called with false. */
  silence(silent: boolean): void {
    this.#silent = silent;
  }

  /** Bytes that are no frame: what a broken proxy sends. */
  garble(bytes: Buffer): void {
    this.#outbox.send(bytes);
  }

  /** Ends the connection without a goodbye: at once, after what waits has gone out, or in the middle of a frame. */
  cut(reason: string, how: { readonly flush?: boolean; readonly midFrame?: Buffer } = {}): void {
    if (this.#state.name === 'closed') return;
    this.#host.stats.cut(reason);
    if (how.midFrame !== undefined)
      this.#outbox.send(how.midFrame.subarray(0, Math.max(1, how.midFrame.length >> 1)));
    this.#end(reason, how.flush === true || how.midFrame !== undefined);
  }

  /** Says what is to be said, then ends. */
  #refuse(reason: string, code?: number, text = ''): void {
    if (code !== undefined) {
      this.#host.stats.errorSent(code);
      this.#outbox.send(encodeFrame(errorMessage(this.#version, -1, code, text)));
    }
    this.#host.stats.cut(reason);
    this.#end(reason, true);
  }

  #end(reason: string, flush: boolean): void {
    if (flush) this.#outbox.flushNow();
    this.#close(reason);
    if (!flush) {
      this.#socket.destroy();
      return;
    }
    this.#socket.destroySoon();
    // A client that does not read what waits does not keep the socket.
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => {
      clearTimeout(timer);
    });
  }

  #onData(chunk: Buffer): void {
    if (this.#state.name === 'closed') return;
    if (this.#state.name === 'hello') this.#onHello(Buffer.concat([this.#state.bytes, chunk]));
    else this.#onFrames(chunk);
  }

  #onHello(bytes: Buffer): void {
    const hello = parseHello(bytes);
    if (!hello.ok || (hello.value === undefined && bytes.length > MAX_HELLO_BYTES)) {
      this.#host.log(`${this.peer}: closed: ${hello.ok ? 'its handshake does not end' : hello.error}`);
      this.#refuse('bad handshake');
      return;
    }
    if (hello.value === undefined) {
      this.#state = { name: 'hello', bytes };
      return;
    }
    const version = negotiate(hello.value, this.#host.serverMaxVersion);
    if (!version.ok) {
      this.#host.log(`${this.peer}: closed: ${version.error}`);
      this.#refuse('no common version');
      return;
    }
    clearTimeout(this.#handshakeTimer);
    this.#version = version.value;
    this.#state = { name: 'greeted', version: version.value };
    // Nothing else may follow before START_API: ibapi throws away what comes with this frame (reference §2).
    this.#outbox.send(
      encodeFrame([this.#host.announcedVersion ?? version.value, this.#host.connectionTime()]),
    );
    if (hello.value.rest.length > 0) this.#onFrames(hello.value.rest);
  }

  #onFrames(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) {
      if (!frame.ok) {
        this.#host.log(`${this.peer}: closed: ${frame.error}`);
        this.#refuse('bad frame');
        return;
      }
      // Silence loses whole frames: what follows it is understood again.
      if (this.#silent || !this.#accepts()) continue;
      this.#onFrame(frame.value);
      if (this.#ended) return;
    }
  }

  /** Counts a message against the rate; the one too many is not served. */
  #accepts(): boolean {
    const verdict = this.#rate.judge(this.#elapsed.nowMs());
    if (verdict === 'ok') return true;
    this.#host.stats.violation('messageRate');
    const text = 'Max rate of messages per second has been exceeded.';
    if (verdict === 'end') this.#refuse('message rate', 100, text);
    else {
      this.#host.stats.errorSent(100);
      this.transmit(encodeFrame(errorMessage(this.#version, -1, 100, text)));
    }
    return false;
  }

  #onFrame(fields: readonly string[]): void {
    if (this.#state.name === 'started') {
      this.#state.session.receive(fields);
      return;
    }
    if (this.#state.name !== 'greeted') return;
    const request = decodeRequest(fields);
    if (!request.ok || request.value.kind !== 'startApi') {
      this.#host.log(`${this.peer}: closed: message ${fields[0] ?? ''} before START_API`);
      this.#refuse('bad handshake');
      return;
    }
    const session = this.#host.start(this, request.value.clientId, this.#state.version);
    if (typeof session === 'string') {
      this.#host.log(`${this.peer}: closed: ${session}`);
      this.#refuse('client id in use', 326, CLIENT_ID_TEXT);
    } else this.#state = { name: 'started', session };
  }

  #onPressure(pressed: boolean): void {
    clearTimeout(this.#pressureTimer);
    this.#releaseClock();
    this.#releaseClock = () => undefined;
    if (!pressed) return;
    if (this.#host.clock.speed > 1) this.#releaseClock = this.#host.clock.hold();
    this.#pressureTimer = setTimeout(() => {
      this.#host.log(
        `${this.peer}: cut: it has left more than ${PRESSURE_BYTES} bytes unread for ${MAX_PRESSURE_MS / 1000} s`,
      );
      this.cut('slow client');
    }, MAX_PRESSURE_MS);
  }

  #close(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#handshakeTimer);
    clearTimeout(this.#pressureTimer);
    const { session } = this;
    this.#state = { name: 'closed' };
    session?.close();
    this.#outbox.close();
    this.#releaseClock();
    this.#host.log(
      `${this.peer}: closed (${reason})${session === undefined ? '' : `, client id ${session.clientId}`}`,
    );
  }
}

const CLIENT_ID_TEXT = 'Unable to connect as the client id is already in use. Retry with a unique client id.';

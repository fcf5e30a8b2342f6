import { errorMessage, TickwellError } from '@tickwell/domain';
import { FrameSplitter } from './frames.ts';

interface GuardCallbacks {
  /** True: the frame (its length first) is dealt with, the library does not get it. */
  readonly intercept: (frame: Buffer) => boolean;
  readonly broken: (reason: string) => void;
  readonly undecodable: (reason: string) => void;
}

/** Decoding in one turn of the event loop, before others have theirs. */
const TURN_MS = 8;
/** Frames that wait for their turn, before TCP holds the rest back. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/**
 * Stands between the library's socket and its decoder: whole frames only, a few milliseconds of them at a time; a decoder that throws
 * ends no process (the library throws out of a socket's listener), and what it left half read is thrown away. It needs three of the
 * library's private parts; when a version moves them, construction fails and says so.
 */
export class SocketGuard {
  readonly #socket: object;
  readonly #decoder: object;
  readonly #onData: (...args: readonly unknown[]) => unknown;
  readonly #callbacks: GuardCallbacks;
  readonly #splitter = new FrameSplitter();
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isPlanned = false;
  #isPaused = false;
  #isStopped = false;

  constructor(api: object, callbacks: GuardCallbacks) {
    const controller = part(api, 'controller');
    this.#decoder = part(controller, 'decoder');
    this.#socket = part(controller, 'socket');
    this.#callbacks = callbacks;
    const onData: unknown = Reflect.get(this.#socket, 'onData');
    if (!isFunction(onData) || !Array.isArray(Reflect.get(this.#decoder, 'dataQueue')))
      throw new TickwellError(
        'ib-library',
        'this version of @stoqey/ib is not the one that libs/feed-ib knows: use 1.6',
      );
    this.#onData = onData;
    Reflect.set(this.#socket, 'onData', (data: Buffer) => {
      this.#arrived(data);
    });
  }

  get isSocketOpen(): boolean {
    return this.#client() !== undefined;
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  pause(): void {
    this.#isPaused = true;
    this.#call('pause');
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#waitingBytes < MAX_WAITING_BYTES) this.#call('resume');
    this.#plan();
  }

  #arrived(data: Buffer): void {
    const whole = this.#splitter.push(data);
    if (whole === 'broken') {
      this.#callbacks.broken('the Gateway sent bytes that are no frame of its protocol');
      return;
    }
    for (const frame of whole) {
      this.#waiting.push(frame);
      this.#waitingBytes += frame.length;
    }
    if (this.#waitingBytes >= MAX_WAITING_BYTES) this.#call('pause');
    if (!this.#isPlanned) this.#turn();
  }

  #turn(): void {
    const untilMs = performance.now() + TURN_MS;
    let done = 0;
    for (const frame of this.#waiting) {
      if (this.#isStopped || this.#isPaused || performance.now() > untilMs) break;
      done++;
      this.#waitingBytes -= frame.length;
      this.#decode(frame);
    }
    this.#waiting.splice(0, done);
    if (this.#isStopped || this.#isPaused) return;
    if (this.#waitingBytes < MAX_WAITING_BYTES) this.#call('resume');
    this.#plan();
  }

  #plan(): void {
    if (this.#waiting.length === 0 || this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#turn();
    });
  }

  #decode(frame: Buffer): void {
    try {
      // The library puts what does not end with a NUL before the next frame, which it then cannot read either.
      Reflect.set(this.#socket, 'dataFragment', '');
      if (this.#callbacks.intercept(frame)) return;
      Reflect.apply(this.#onData, this.#socket, [frame]);
    } catch (error) {
      Reflect.set(this.#decoder, 'dataQueue', []);
      this.#callbacks.undecodable(errorMessage(error));
    }
  }

  #client(): object | undefined {
    const client: unknown = Reflect.get(this.#socket, 'client');
    return typeof client === 'object' && client !== null ? client : undefined;
  }

  #call(name: 'pause' | 'resume'): void {
    const client = this.#client();
    const method: unknown = client === undefined ? undefined : Reflect.get(client, name);
    if (isFunction(method)) Reflect.apply(method, client, []);
  }
}

function isFunction(value: unknown): value is (...args: readonly unknown[]) => unknown {
  return typeof value === 'function';
}

function part(of: object, name: string): object {
  const value: unknown = Reflect.get(of, name);
  if (typeof value === 'object' && value !== null) return value;
  throw new TickwellError(
    'ib-library',
    `@stoqey/ib has no "${name}" where libs/feed-ib expects it: use version 1.6`,
  );
}

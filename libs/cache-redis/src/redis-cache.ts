import { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { errorMessage } from '@tickwell/domain';
import type { Cache, CacheStats, Logger } from '@tickwell/ports';
import { Breaker, type BreakerLimits } from './breaker.ts';

export interface RedisCacheOptions {
  /** redis://[user:password@]host:port[/database], or rediss:// with TLS. */
  readonly url: string;
  readonly logger: Logger;
  /** Keys of others in the same database do not begin so. */
  readonly keyPrefix?: string;
  /** A value is forgotten after so long; how many are kept is up to the server (`maxmemory`, `allkeys-lru`). */
  readonly ttlMs?: number;
  readonly maxValueBytes?: number;
  /** Of a call, connecting included. */
  readonly timeoutMs?: number;
  /** Calls under way; more are not tried. */
  readonly maxCalls?: number;
  readonly breaker?: BreakerLimits;
}

const DEFAULTS = {
  keyPrefix: 'tickwell:',
  ttlMs: 3_600_000,
  maxValueBytes: 8 * 1024 * 1024,
  timeoutMs: 250,
  maxCalls: 64,
  breaker: { failures: 3, minPauseMs: 500, maxPauseMs: 15_000 },
};

/** A cache in a Redis that several processes share. Nothing connects before it is used. */
export function createRedisCache(options: RedisCacheOptions): Cache {
  return new RedisCache({ ...DEFAULTS, ...options });
}

type Client = ReturnType<typeof makeClient>;

/** It never reconnects by itself: when that is tried again is decided in one place, the breaker. */
function makeClient(url: string, timeoutMs: number) {
  return createClient({
    url,
    socket: { connectTimeout: timeoutMs, reconnectStrategy: false },
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
}

class RedisCache implements Cache {
  readonly #options: RedisCacheOptions & typeof DEFAULTS;
  readonly #breaker: Breaker;
  readonly #counts = { hits: 0, misses: 0, sets: 0, refused: 0, failures: 0 };
  #client: Promise<Client> | undefined;
  #calls = 0;
  #problem: string | undefined;
  #isClosed = false;

  constructor(options: RedisCacheOptions & typeof DEFAULTS) {
    this.#options = options;
    this.#breaker = new Breaker(options.breaker, () => performance.now());
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const name = this.#options.keyPrefix + key;
    const value = await this.#run((client) => client.get(name));
    if (value === undefined || value === null) this.#counts.misses += 1;
    else this.#counts.hits += 1;
    return value ?? undefined;
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    const { keyPrefix, maxValueBytes, ttlMs } = this.#options;
    const name = keyPrefix + key;
    if (value.byteLength > maxValueBytes) {
      this.#counts.refused += 1;
      await this.#run((client) => client.del(name));
      return;
    }
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    const isSet = await this.#run((client) =>
      client.set(name, bytes, { expiration: { type: 'PX', value: ttlMs } }),
    );
    if (isSet !== undefined) this.#counts.sets += 1;
  }

  stats(): CacheStats {
    return { ...this.#counts, evicted: 0, held: undefined, problem: this.#problem };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#drop();
  }

  /** Undefined: it failed, or was not tried. */
  async #run<T>(work: (client: Client) => Promise<T>): Promise<T | undefined> {
    if (this.#isClosed || this.#calls >= this.#options.maxCalls || !this.#breaker.tries()) {
      this.#counts.failures += 1;
      return undefined;
    }
    this.#calls += 1;
    const call = this.#connected().then(work);
    // Also of a call that nobody waits for any more: its place is free once it has ended.
    const end = (): void => {
      this.#calls -= 1;
    };
    call.then(end, end);
    try {
      const value = await within(call, this.#options.timeoutMs);
      this.#breaker.succeeded();
      if (this.#problem !== undefined) this.#options.logger.info({}, 'Redis is used again');
      this.#problem = undefined;
      return value;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    this.#counts.failures += 1;
    if (this.#isClosed) return;
    const { logger, url } = this.#options;
    const pauses = this.#breaker.failed();
    // It answers, but refuses this one, for example because it is full.
    const isAnswer = error instanceof ErrorReply;
    if (!pauses && (isAnswer || this.#breaker.isOpen)) return;
    if (pauses && this.#problem === undefined) {
      this.#problem = `Redis ${nameOf(url)}: ${errorMessage(error)}`;
      logger.warn({}, `${this.#problem}; answers come from the store until it is back`);
    }
    // Whatever state the connection is in, the next call gets a new one; what still waits on this one is given up.
    void this.#drop();
  }

  async #connected(): Promise<Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const client = makeClient(this.#options.url, this.#options.timeoutMs);
    const connecting = client.connect().then(() => client);
    // Without a listener an error of the connection would end the process; the calls under way reject with it.
    client.on('error', () => undefined);
    try {
      return await connecting;
    } catch (error) {
      client.destroy();
      throw error;
    }
  }

  async #drop(): Promise<void> {
    const dropped = this.#client;
    this.#client = undefined;
    const client = await dropped?.catch(() => undefined);
    if (client?.isOpen === true) client.destroy();
  }
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Host and port: what else is in a URL is nobody's business. */
function nameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'at a URL that cannot be read';
}

import { TickwellError } from '@tickwell/domain';
import type { TableSpec } from '@tickwell/contracts';
import type { TableRows } from '@tickwell/ports';
import { rowsRefused, storeUnavailable } from './errors.ts';
import { IlpBuffer } from './ilp-buffer.ts';
import { IlpEncoder } from './ilp-encoder.ts';

/** Where one request of lines goes; resolves once the store took all of it. */
export interface LineTransport {
  send(table: string, lines: Buffer): Promise<void>;
  close(): void;
}

export interface Visibility {
  visible(table: string): Promise<void>;
}

interface Encoded {
  readonly buffer: IlpBuffer;
  readonly refusal: TickwellError | undefined;
}

/** Writes that were handed over before the first failure fail with it, so that nobody's rows overtake rows that come again. */
interface Generation {
  failed: TickwellError | undefined;
}

/**
 * The writes of one table: one request in flight, the next one sent while earlier ones wait to become visible. Writes settle in
 * the order they were handed over, and once one failed so do all that wait behind it: the caller writes them again in order.
 */
export class TableLane {
  readonly #spec: TableSpec;
  readonly #transport: LineTransport;
  readonly #visibility: Visibility;
  readonly #maxOutstanding: number;
  readonly #encoder: IlpEncoder;
  #spare: IlpBuffer[] = [];
  #outstanding = 0;
  #generation: Generation = { failed: undefined };
  #sent: Promise<void> = Promise.resolve();
  #settled: Promise<void> = Promise.resolve();
  #suspended = false;

  constructor(spec: TableSpec, transport: LineTransport, visibility: Visibility, maxOutstanding: number) {
    this.#spec = spec;
    this.#transport = transport;
    this.#visibility = visibility;
    this.#maxOutstanding = maxOutstanding;
    this.#encoder = new IlpEncoder(spec);
  }

  async write(parts: readonly TableRows[]): Promise<void> {
    if (this.#outstanding >= this.#maxOutstanding) {
      const message = `table ${this.#spec.name}: ${this.#outstanding} writes are outstanding: wait for one to settle`;
      throw new TickwellError('writer-busy', message, { retryable: true });
    }
    this.#outstanding += 1;
    const generation = this.#generation;
    const encoded = this.#encode(parts);
    const sent = this.#sent.then(() => this.#send(encoded, generation));
    const settled = this.#settle(this.#settled, sent, generation);
    this.#sent = settledEitherWay(sent);
    this.#settled = settledEitherWay(settled);
    try {
      await settled;
    } finally {
      this.#outstanding -= 1;
    }
  }

  /** Cuts off what is in flight; its writes fail. */
  async close(): Promise<void> {
    this.#transport.close();
    await this.#settled;
  }

  /** At once, so that encoding runs while an earlier request is in flight. */
  #encode(parts: readonly TableRows[]): Encoded {
    const buffer = this.#spare.pop() ?? new IlpBuffer();
    for (const rows of parts) {
      const appended = this.#encoder.append(rows, buffer);
      if (!appended.ok) {
        const { column, reason } = appended.error;
        return { buffer, refusal: rowsRefused(this.#spec.name, `column ${column} ${reason}`) };
      }
    }
    return { buffer, refusal: undefined };
  }

  async #send(encoded: Encoded, generation: Generation): Promise<void> {
    if (generation.failed !== undefined) throw afterFailure(this.#spec.name, generation.failed);
    if (encoded.refusal !== undefined) throw encoded.refusal;
    if (encoded.buffer.position === 0) return;
    // A suspended table takes rows and hides them: repeating a write into it only lengthens the repair.
    if (this.#suspended) await this.#visibility.visible(this.#spec.name);
    this.#suspended = false;
    await this.#transport.send(this.#spec.name, encoded.buffer.written());
    encoded.buffer.reset();
    if (this.#spare.length < 2) this.#spare.push(encoded.buffer);
  }

  async #settle(before: Promise<void>, sent: Promise<void>, generation: Generation): Promise<void> {
    try {
      await sent;
      await this.#visibility.visible(this.#spec.name);
      await before;
      if (generation.failed !== undefined) throw afterFailure(this.#spec.name, generation.failed);
    } catch (error) {
      const failure = asTickwellError(this.#spec.name, error);
      if (generation.failed === undefined) {
        generation.failed = failure;
        this.#generation = { failed: undefined };
      }
      this.#suspended ||= failure.code === 'store-suspended';
      await before;
      throw failure;
    }
  }
}

function afterFailure(table: string, failed: TickwellError): TickwellError {
  return storeUnavailable(`an earlier write of table ${table} failed`, failed);
}

function asTickwellError(table: string, error: unknown): TickwellError {
  return error instanceof TickwellError
    ? error
    : storeUnavailable(`writing rows of table ${table} failed`, error);
}

function settledEitherWay(promise: Promise<void>): Promise<void> {
  return promise.catch(() => undefined);
}

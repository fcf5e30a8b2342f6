import { BarsFingerprinter, parseFingerprint, type queryV1 } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';

/** What an answer of bars was, to be quoted and checked. */
export interface BarsFingerprint {
  /** Two answers with the same value are the same, bit for bit. */
  readonly value: string;
  /** What the answer is as of, ns since the epoch. */
  readonly asOfNs: bigint;
  readonly rows: number;
}

export interface FingerprintOptions {
  /**
   * Told after the last bar what the answer was. Without `asOfNs` it is then as of the moment at which the server began. Where an iteration is begun again,
   * told again.
   */
  readonly onFingerprint?: (fingerprint: BarsFingerprint) => void;
  /** The value of an earlier fingerprint of the same bars: the answer is what it was then, whatever was stored since. Goes without `asOfNs`. */
  readonly atFingerprint?: string;
}

/** Of a check of a fingerprint. */
export interface FingerprintCheck {
  /** The same request has the same answer. */
  readonly matches: boolean;
  /** Of the answer that there is. */
  readonly found: BarsFingerprint;
}

/** Computes the fingerprint of what arrives, and holds the server's to it. */
export class FingerprintReader {
  readonly #request: queryV1.GetBarsRequest;
  readonly #hash = new BarsFingerprinter();
  #found: BarsFingerprint | undefined;

  constructor(request: queryV1.GetBarsRequest) {
    this.#request = request;
  }

  /** Whether fingerprints are wanted at all. */
  get isWanted(): boolean {
    return this.#request.fingerprint || this.#request.atFingerprint !== '';
  }

  /** The last message's; undefined: it is not the last one. */
  read(message: queryV1.GetBarsResponse): BarsFingerprint | undefined {
    const { fingerprint } = message;
    if (fingerprint === undefined) {
      this.#hash.add(message);
      return undefined;
    }
    const { value, asOfNs, rows } = fingerprint;
    const pin = parseFingerprint(value);
    const own = pin.ok ? this.#hash.fingerprint(this.#request, pin.value) : '';
    if (own !== value || rows !== BigInt(this.#hash.rows))
      throw new TickwellError(
        'malformed-event',
        `the ${this.#hash.rows} bars that arrived are not those of the server's fingerprint ${value}: ask again; if that helps nothing, something between changes them`,
      );
    this.#found = { value, asOfNs, rows: Number(rows) };
    return this.#found;
  }

  /** Rejects an answer that ended without one: a server that does not know of fingerprints. */
  checkEnd(): void {
    if (this.isWanted && this.#found === undefined)
      throw new TickwellError(
        'malformed-event',
        'the answer ended without a fingerprint: the server is older than this client',
      );
  }
}

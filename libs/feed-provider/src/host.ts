import type { TickwellError } from '@tickwell/domain';
import { err, ok, type Result } from '@tickwell/domain';
import { VERBATIM, type Clock, type InstrumentResolver } from '@tickwell/ports';
import type { DefinitionReader } from '@tickwell/provider';
import { httpProvider } from './definition/http-provider.ts';
import { Breaker } from './failures.ts';
import { isFileName, loadProvider } from './load.ts';
import type { OnReport } from './report.ts';
import { RequestGate } from './request-gate.ts';
import type { ProviderRuntime } from './runtime.ts';
import { Secrets } from './secrets.ts';

export interface ProviderHostOptions {
  readonly clock: Clock;
  /** Where keys are. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By the `type` of a definition: what a process knows besides "http". */
  readonly definitionReaders?: Readonly<Record<string, DefinitionReader>>;
  readonly onReport?: OnReport;
  /** What providers call instruments of which a job says the id alone; without it an id is the name. */
  readonly names?: InstrumentResolver;
  /** Default: the runtime's. */
  readonly network?: typeof fetch;
  readonly random?: () => number;
  /** How long the import of a module may take; 30,000 unless given. */
  readonly importTimeoutMs?: number;
}

const IMPORT_TIMEOUT_MS = 30_000;

/** The providers of a process: each is loaded once, and those of one group share their limits. */
export class ProviderHost {
  readonly clock: Clock;
  readonly onReport: OnReport;
  readonly names: InstrumentResolver;
  readonly #options: ProviderHostOptions;
  readonly #secrets: Secrets;
  readonly #gates = new Map<string, RequestGate>();
  readonly #loaded = new Map<string, Promise<Result<ProviderRuntime, TickwellError>>>();

  constructor(options: ProviderHostOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.onReport = options.onReport ?? ((): void => undefined);
    this.names = options.names ?? VERBATIM;
    this.#secrets = new Secrets(options.env);
  }

  /** A ready definition by its name, or a file. */
  load(path: string): Promise<Result<ProviderRuntime, TickwellError>> {
    const known = this.#loaded.get(path);
    if (known !== undefined) return known;
    const loading = this.#load(path);
    this.#loaded.set(path, loading);
    return loading;
  }

  /** What is wrong with a name, without loading it. */
  static nameProblem(path: string): string | undefined {
    return path === '' || (!isFileName(path) && !/^[a-z0-9-]+$/.test(path))
      ? `"${path}" is neither the name of a ready definition nor a file that ends in .ts, .js or .json`
      : undefined;
  }

  async #load(path: string): Promise<Result<ProviderRuntime, TickwellError>> {
    const { clock, network = globalThis.fetch, random = Math.random } = this.#options;
    const { importTimeoutMs = IMPORT_TIMEOUT_MS } = this.#options;
    const definitionReaders = { http: httpProvider, ...this.#options.definitionReaders };
    const loaded = await loadProvider(path, { importTimeoutMs, definitionReaders });
    if (!loaded.ok) return err(loaded.error);
    const gate = this.#gate(loaded.value.declared);
    return ok({
      ...loaded.value,
      gate,
      breaker: new Breaker(clock),
      secrets: this.#secrets,
      clock,
      network,
      random,
    });
  }

  #gate({ name, limits }: ProviderRuntime['declared']): RequestGate {
    const group = limits.group ?? name;
    const known = this.#gates.get(group);
    if (known !== undefined) {
      known.tighten(limits);
      return known;
    }
    const gate = new RequestGate(limits, this.clock);
    this.#gates.set(group, gate);
    return gate;
  }
}

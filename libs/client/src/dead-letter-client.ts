import { create } from '@bufbuild/protobuf';
import { events, queryV1 } from '@tickwell/contracts';
import type { Channel } from '@tickwell/grpc';
import { callConfig, type CallOptions } from './call-options.ts';
import { withRetry, type RetryOptions } from './retry.ts';

export type DeadLetterState = 'open' | 'replayed' | 'purged';

/** `reject`: it cannot go through as it is. `quarantine`: most unlikely, and held until somebody decides; a replay goes through. */
export type DeadLetterSeverity = 'reject' | 'quarantine';

/** What was refused, and what became of it. */
export interface DeadLetter {
  /** "md.raw.bars/2/1234/0": topic, partition, offset, event; without the last number where a whole record was refused. */
  readonly id: string;
  readonly source: string;
  readonly symbol: string;
  readonly rule: string;
  readonly severity: DeadLetterSeverity;
  readonly reason: string;
  /** ns since the epoch. */
  readonly knownAtNs: bigint;
  /** Stream of the source and the place in it: line of a file, row number. */
  readonly stream: string;
  readonly position: bigint;
  /** Protobuf type of the original; "" where it is no message. */
  readonly contentType: string;
  readonly originalSize: bigint;
  readonly originalSha256: string;
  /** Not all of its bytes are kept. */
  readonly truncated: boolean;
  /** Id of the letter whose replay this one is; "": none. */
  readonly replayOf: string;
  readonly state: DeadLetterState;
  readonly resolvedBy: string;
  /** ns since the epoch; 0n while it is open. */
  readonly resolvedAtNs: bigint;
  readonly note: string;
}

/** What is left out matches everything; states left out: open ones. Times of `knownAtNs`, start included, end excluded. */
export interface DeadLetterFilter {
  readonly source?: string;
  readonly symbol?: string;
  readonly rule?: string;
  readonly topic?: string;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly states?: readonly DeadLetterState[];
  /** Left out: both. */
  readonly severity?: DeadLetterSeverity;
}

export interface DeadLetterContent {
  readonly letter: DeadLetter;
  readonly original: Uint8Array;
  /** The original as text, where it is text. */
  readonly text: string;
  /** A fix that changes nothing, as JSON, to be edited; "" where the original is no event, and then `problem` says why. */
  readonly fixJson: string;
  readonly problem: string;
}

export interface DeadLetterGroup {
  readonly source: string;
  readonly rule: string;
  readonly severity: DeadLetterSeverity;
  readonly state: DeadLetterState;
  readonly letters: bigint;
  readonly firstKnownAtNs: bigint;
  readonly lastKnownAtNs: bigint;
  /** Reason of one of them. */
  readonly example: string;
}

export interface DeadLetterEdit extends CallOptions {
  /** At most 1,000. */
  readonly ids: readonly string[];
  /** Who, and why, for people. */
  readonly author?: string;
  readonly note?: string;
}

/** `stored`: the store shows it already; else it will. */
export interface DeadLetterEdited {
  readonly letters: number;
  readonly stored: boolean;
}

const METHODS = queryV1.DeadLetterService.method;
const PAGE = 500;

const STATES: Readonly<Record<DeadLetterState, queryV1.DeadLetterState>> = {
  open: queryV1.DeadLetterState.OPEN,
  replayed: queryV1.DeadLetterState.REPLAYED,
  purged: queryV1.DeadLetterState.PURGED,
};

const UNSPECIFIED = events.DeadLetterSeverity.UNSPECIFIED;
const SEVERITIES: Readonly<Record<DeadLetterSeverity, events.DeadLetterSeverity>> = {
  reject: events.DeadLetterSeverity.REJECT,
  quarantine: events.DeadLetterSeverity.QUARANTINE,
};

/** Looks at what was refused, sends it through the flow again, puts it away. */
export class DeadLetterClient {
  readonly #channel: Channel;
  readonly #retry: RetryOptions;

  /** @internal */
  constructor(channel: Channel, retry: RetryOptions) {
    this.#channel = channel;
    this.#retry = retry;
  }

  /** Newest first, asked for page by page. */
  async *list(
    options: DeadLetterFilter & CallOptions & { readonly limit?: number } = {},
  ): AsyncGenerator<DeadLetter> {
    const filter = filterMessage(options);
    let left = options.limit ?? Infinity;
    for (let after = ''; left > 0;) {
      const limit = Math.min(left, PAGE);
      const request = create(queryV1.DeadLetterServiceListRequestSchema, { filter, limit, after });
      const page = await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(METHODS.list, request, callConfig(options)),
      );
      yield* page.entries.map(letterOf);
      left -= page.entries.length;
      after = page.next;
      if (after === '') return;
    }
  }

  /** How many there are of each source, rule, severity and state, most first. */
  async summarize(options: DeadLetterFilter & CallOptions = {}): Promise<readonly DeadLetterGroup[]> {
    const request = create(queryV1.DeadLetterServiceSummarizeRequestSchema, {
      filter: filterMessage(options),
    });
    const { groups } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.summarize, request, callConfig(options)),
    );
    return groups.map(({ state, severity, ...group }) => ({
      ...group,
      state: stateOf(state),
      severity: severityOf(severity),
    }));
  }

  /** One with its bytes; rejects with `not-found`. */
  async get(options: CallOptions & { readonly id: string }): Promise<DeadLetterContent> {
    const request = create(queryV1.DeadLetterServiceGetRequestSchema, { id: options.id });
    const { entry, original, text, fixJson, problem } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.get, request, callConfig(options)),
    );
    return { letter: letterOf(entry), original, text, fixJson, problem };
  }

  /**
   * Sends letters through the flow again, mended by `fixJson` where it is one. All or nothing: rejects with `failed-precondition` where
   * one cannot go as it is or was dealt with already, with `invalid-argument` where the fix is wrong. Never repeated by itself: after
   * `unavailable` list what is open.
   */
  async replay(
    options: DeadLetterEdit & { readonly fixJson?: string; readonly again?: boolean },
  ): Promise<DeadLetterEdited> {
    const { ids, fixJson = '', author = '', note = '', again = false } = options;
    const fields = { ids: [...ids], fixJson, author, note, again };
    const request = create(queryV1.DeadLetterServiceReplayRequestSchema, fields);
    const { letters, stored } = await this.#channel.unary(METHODS.replay, request, callConfig(options));
    return { letters, stored };
  }

  /** Puts letters away and removes their bytes from the store. Errors as of {@link replay}. */
  async purge(options: DeadLetterEdit): Promise<DeadLetterEdited> {
    const { ids, author = '', note = '' } = options;
    const request = create(queryV1.DeadLetterServicePurgeRequestSchema, { ids: [...ids], author, note });
    const { letters, stored } = await this.#channel.unary(METHODS.purge, request, callConfig(options));
    return { letters, stored };
  }
}

function filterMessage(filter: DeadLetterFilter): queryV1.DeadLetterFilter {
  const { source = '', symbol = '', rule = '', topic = '', startNs = 0n, endNs = 0n, states = [] } = filter;
  const severity = filter.severity === undefined ? UNSPECIFIED : SEVERITIES[filter.severity];
  return create(queryV1.DeadLetterFilterSchema, {
    source,
    symbol,
    rule,
    topic,
    startNs,
    endNs,
    states: states.map((state) => STATES[state]),
    severity,
  });
}

function letterOf(entry: queryV1.DeadLetterEntry | undefined): DeadLetter {
  const { state, severity, ...fields } = entry ?? create(queryV1.DeadLetterEntrySchema);
  return { ...fields, state: stateOf(state), severity: severityOf(severity) };
}

/** A service of before there was any says nothing: rejected. */
function severityOf(severity: events.DeadLetterSeverity): DeadLetterSeverity {
  return severity === SEVERITIES.quarantine ? 'quarantine' : 'reject';
}

function stateOf(state: queryV1.DeadLetterState): DeadLetterState {
  if (state === STATES.replayed) return 'replayed';
  return state === STATES.purged ? 'purged' : 'open';
}

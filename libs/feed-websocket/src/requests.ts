/** One channel of one instrument, as the feed calls it. */
export interface Topic {
  readonly text: string;
  readonly channel: string;
  /** As the feed calls it. */
  readonly ticker: string;
  /** Ours. */
  readonly symbol: string;
  readonly series: 'trades' | 'quotes' | 'bars';
  readonly interval: string;
}

/** Topics that are asked for in one message. */
export interface Request {
  readonly id: number;
  readonly topics: readonly Topic[];
}

interface Pending extends Request {
  readonly left: Set<Topic>;
  readonly sentMs: number;
}

/** Which of several requests a message of the feed answers. */
export interface Answer {
  readonly topics: readonly string[];
  readonly id: string | undefined;
}

/** Batches of topics of one channel each. */
export function batchesOf(topics: readonly Topic[], maxPerMessage: number): readonly (readonly Topic[])[] {
  const byChannel = Map.groupBy(topics, ({ channel }) => channel);
  return [...byChannel.values()].flatMap((of) =>
    Array.from({ length: Math.ceil(of.length / maxPerMessage) }, (_, index) =>
      of.slice(index * maxPerMessage, (index + 1) * maxPerMessage),
    ),
  );
}

/**
 * Subscriptions of one connection that wait for their acknowledgement. A feed answers by topic, by the id of the request, or by neither:
 * then the oldest request is meant.
 */
export class Requests {
  readonly #pending: Pending[] = [];

  sent(request: Request, nowMs: number): void {
    this.#pending.push({ ...request, left: new Set(request.topics), sentMs: nowMs });
  }

  /** Nothing is open. */
  get isSettled(): boolean {
    return this.#pending.length === 0;
  }

  /** Topics that have been waiting since before `beforeMs`. */
  overdue(beforeMs: number): readonly Topic[] {
    return this.#pending.filter(({ sentMs }) => sentMs < beforeMs).flatMap(({ left }) => [...left]);
  }

  /** The topics that are acknowledged by it. */
  acknowledge(answer: Answer): readonly Topic[] {
    return this.#answered(answer).topics;
  }

  /**
   * What a rejection concerns. Where the feed names no topic and the request had several, one bad one fails them all: they are to be asked
   * for one by one.
   */
  reject(answer: Answer): { readonly rejected: readonly Topic[]; readonly again: readonly Topic[] } {
    const { topics, isNamed } = this.#answered(answer);
    return isNamed || topics.length === 1 ? { rejected: topics, again: [] } : { rejected: [], again: topics };
  }

  #answered({ topics, id }: Answer): { readonly topics: readonly Topic[]; readonly isNamed: boolean } {
    const names = new Set(topics);
    if (names.size > 0) {
      const found = this.#pending.flatMap(({ left }) => [...left].filter((topic) => names.has(topic.text)));
      for (const pending of this.#pending) for (const topic of found) pending.left.delete(topic);
      this.#dropDone();
      return { topics: found, isNamed: true };
    }
    const request = id === undefined ? this.#pending[0] : this.#pending.find((one) => String(one.id) === id);
    const of = [...(request?.left ?? [])];
    request?.left.clear();
    this.#dropDone();
    return { topics: of, isNamed: false };
  }

  #dropDone(): void {
    for (let at = this.#pending.length - 1; at >= 0; at--)
      if (this.#pending[at]?.left.size === 0) this.#pending.splice(at, 1);
  }
}

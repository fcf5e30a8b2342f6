import type { Measurement, SourceStateName, VersionedRule } from '@tickwell/alerts';
import { NS_PER_SECOND, TickwellError } from '@tickwell/domain';
import type { AlertRound, AlertSources } from './evaluator.ts';

interface Call {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** What is asked of query: of its client only this. */
export interface AlertQuery {
  readonly quality: {
    worstFreshness(
      options: Call & {
        readonly limit: number;
        readonly source?: string;
        readonly symbols?: readonly string[];
      },
    ): Promise<
      readonly {
        readonly source: string;
        readonly symbol: string;
        readonly kind: string;
        readonly interval: string;
        readonly overdueNs: bigint;
        readonly reason: string;
      }[]
    >;
    sources(options: Call & { readonly startNs: bigint }): AsyncIterable<{
      readonly source: string;
      readonly state: SourceStateName | 'none';
      readonly silent: boolean;
      readonly reason: string;
      readonly availability: number | undefined;
      readonly errorRate: number | undefined;
    }>;
    findingCounts(options: Call & { readonly startNs: bigint }): Promise<
      readonly {
        readonly source: string;
        readonly kind: string;
        readonly rule: string;
        readonly severity: string;
        readonly findings: number;
        readonly refused: boolean;
        readonly example: string;
      }[]
    >;
  };
  readonly deadLetters: {
    summarize(options: Call & { readonly startNs: bigint }): Promise<
      readonly {
        readonly source: string;
        readonly rule: string;
        readonly letters: bigint;
        readonly example: string;
      }[]
    >;
  };
  coverage(
    options: Call & {
      readonly symbols: readonly string[];
      readonly interval: string;
      readonly startNs: bigint;
      readonly maxGaps: number;
    },
  ): Promise<
    readonly {
      readonly source: string;
      readonly symbol: string;
      readonly problem: string;
      readonly expected: number;
      readonly arrived: number;
    }[]
  >;
  holes(
    options: Call & {
      readonly startNs: bigint;
      readonly states: readonly 'given-up'[];
      readonly limit: number;
    },
  ): Promise<{
    readonly holes: readonly {
      readonly source: string;
      readonly symbol: string;
      readonly kind: string;
      readonly interval: string;
      readonly reason: string;
    }[];
  }>;
}

const TIMEOUT_MS = 30_000;
const MAX_SERIES = 10_000;
/** How long query goes back to say how a source is now. */
const STATE_RANGE_NS = 3_600n * NS_PER_SECOND;

/** Everything that rules watch, asked of query as any client could. */
export class QuerySources implements AlertSources {
  readonly #query: AlertQuery;

  constructor(query: AlertQuery) {
    this.#query = query;
  }

  round(nowNs: bigint, signal: AbortSignal): AlertRound {
    return new Round(this.#query, nowNs, { signal, timeoutMs: TIMEOUT_MS });
  }
}

/** Rules that ask the same in one round share the answer, also where it is a failure. */
class Round implements AlertRound {
  readonly #query: AlertQuery;
  readonly #nowNs: bigint;
  readonly #call: Call;
  readonly #asked = new Map<string, Promise<readonly Measurement[]>>();

  constructor(query: AlertQuery, nowNs: bigint, call: Call) {
    this.#query = query;
    this.#nowNs = nowNs;
    this.#call = call;
  }

  measure(rule: VersionedRule): Promise<readonly Measurement[]> {
    const { metric, windowNs, interval, states } = rule;
    const symbols = rule.where['symbol'] ?? [];
    const sources = rule.where['source'] ?? [];
    const startNs = this.#nowNs - windowNs;
    const key = JSON.stringify([metric, String(windowNs), interval, states, symbols, sources]);
    const asked = this.#asked.get(key) ?? this.#ask(rule, startNs, symbols, sources);
    this.#asked.set(key, asked);
    return asked;
  }

  #ask(
    { metric, interval, states }: VersionedRule,
    startNs: bigint,
    symbols: readonly string[],
    sources: readonly string[],
  ): Promise<readonly Measurement[]> {
    switch (metric) {
      case 'freshness':
        return this.#freshness(symbols, sources);
      case 'source-state':
        return this.#states(states);
      case 'availability':
      case 'error-rate':
        return this.#shares(metric, startNs);
      case 'completeness':
        return this.#completeness(symbols, interval, startNs);
      case 'findings':
        return this.#findings(startNs);
      case 'dead-letters':
        return this.#deadLetters(startNs);
      case 'holes-given-up':
        return this.#holes(startNs);
    }
  }

  async #freshness(symbols: readonly string[], sources: readonly string[]): Promise<readonly Measurement[]> {
    const [source, ...others] = sources;
    const series = await this.#query.quality.worstFreshness({
      ...this.#call,
      limit: MAX_SERIES,
      ...(symbols.length === 0 ? {} : { symbols }),
      ...(source === undefined || others.length > 0 ? {} : { source }),
    });
    return series.map(({ overdueNs, reason, ...one }) => ({
      labels: { source: one.source, symbol: one.symbol, kind: one.kind, interval: one.interval },
      value: Number(overdueNs) / Number(NS_PER_SECOND),
      note: reason,
    }));
  }

  async #states(states: readonly SourceStateName[]): Promise<readonly Measurement[]> {
    const found: Measurement[] = [];
    const startNs = this.#nowNs - STATE_RANGE_NS;
    for await (const { source, state, silent, reason } of this.#query.quality.sources({
      ...this.#call,
      startNs,
    })) {
      const isOne = states.some((one) => (one === 'silent' ? silent : one === state));
      found.push({
        labels: { source },
        value: isOne ? 1 : 0,
        note: reason === '' && silent ? 'it has said nothing for too long' : reason,
      });
    }
    return found;
  }

  async #shares(metric: 'availability' | 'error-rate', startNs: bigint): Promise<readonly Measurement[]> {
    const found: Measurement[] = [];
    for await (const report of this.#query.quality.sources({ ...this.#call, startNs })) {
      const share = metric === 'availability' ? report.availability : report.errorRate;
      // Nothing is known of a source that was not watched, or sent nothing.
      if (share === undefined) continue;
      found.push({ labels: { source: report.source }, value: share * 100, note: report.reason });
    }
    return found;
  }

  async #completeness(
    symbols: readonly string[],
    interval: string,
    startNs: bigint,
  ): Promise<readonly Measurement[]> {
    const series = await this.#query.coverage({ ...this.#call, symbols, interval, startNs, maxGaps: 1 });
    const unknown = series.find(({ problem }) => problem !== '');
    // Not 0 %: that nothing can be said is no news about the data.
    if (unknown !== undefined)
      throw new TickwellError('failed-precondition', `${unknown.symbol}: ${unknown.problem}`);
    return series
      .filter(({ expected }) => expected > 0)
      .map(({ source, symbol, expected, arrived }) => ({
        labels: { source, symbol },
        value: (100 * arrived) / expected,
      }));
  }

  async #findings(startNs: bigint): Promise<readonly Measurement[]> {
    const counts = await this.#query.quality.findingCounts({ ...this.#call, startNs });
    return counts
      .filter(({ refused }) => !refused)
      .map(({ source, kind, rule, severity, findings, example }) => ({
        labels: { source, kind, rule, severity },
        value: findings,
        note: example,
      }));
  }

  async #deadLetters(startNs: bigint): Promise<readonly Measurement[]> {
    const groups = await this.#query.deadLetters.summarize({ ...this.#call, startNs });
    return groups.map(({ source, rule, letters, example }) => ({
      labels: { source, rule },
      value: Number(letters),
      note: example,
    }));
  }

  async #holes(startNs: bigint): Promise<readonly Measurement[]> {
    const { holes } = await this.#query.holes({
      ...this.#call,
      startNs,
      states: ['given-up'],
      limit: MAX_SERIES,
    });
    return holes.map(({ source, symbol, kind, interval, reason }) => ({
      labels: { source, symbol, kind, interval },
      value: 1,
      note: reason,
    }));
  }
}

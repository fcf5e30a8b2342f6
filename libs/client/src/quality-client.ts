import { create } from '@bufbuild/protobuf';
import { queryV1 } from '@tickwell/contracts';
import type { Channel } from '@tickwell/grpc';
import { alertsOf, type AlertOptions, type Alerts } from './alert.ts';
import { callConfig, type CallOptions } from './call-options.ts';
import {
  freshnessCount,
  freshnessFields,
  seriesFreshness,
  type FreshnessCount,
  type FreshnessOptions,
  type SeriesFreshness,
} from './freshness.ts';
import { SEVERITIES, findingOf, severityOf, type Finding, type FindingSeverity } from './finding.ts';
import { QualityWatch, type QualityWatchOptions } from './quality-watch.ts';
import { withRetry, type RetryOptions } from './retry.ts';
import { sourceReport, type SourceReport } from './source-report.ts';

/** What is left out matches everything. Times of `knownAtNs`, start included, end excluded. */
export interface FindingFilter {
  readonly symbol?: string;
  readonly source?: string;
  readonly rule?: string;
  readonly kind?: string;
  readonly severities?: readonly FindingSeverity[];
  readonly startNs?: bigint;
  readonly endNs?: bigint;
}

export interface FindingCount {
  readonly source: string;
  /** "" where dead letters are counted. */
  readonly kind: string;
  readonly rule: string;
  readonly severity: FindingSeverity;
  readonly findings: number;
  readonly firstKnownAtNs: bigint;
  readonly lastKnownAtNs: bigint;
  /** Message of one of them. */
  readonly example: string;
  /** They were refused: `deadLetters` has them. */
  readonly refused: boolean;
}

export interface SourceOptions extends CallOptions {
  readonly source?: string;
  /** Left out: the last 24 hours; at most 366 days. ns since the epoch. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly withStreams?: boolean;
  /** Count the bars that calendars want. */
  readonly withCompleteness?: boolean;
}

const METHODS = queryV1.QualityService.method;
const PAGE = 1_000;
const SOURCES_PAGE = 100;

/** How good the data is, and how sources are. */
export class QualityClient {
  readonly #channel: Channel;
  readonly #retry: RetryOptions;

  /** @internal */
  constructor(channel: Channel, retry: RetryOptions) {
    this.#channel = channel;
    this.#retry = retry;
  }

  /** By symbol and source, asked for page by page; `limit`: at most so many. */
  async *freshness(
    options: FreshnessOptions & { readonly limit?: number } = {},
  ): AsyncGenerator<SeriesFreshness> {
    let left = options.limit ?? Infinity;
    for (let pageToken = ''; left > 0;) {
      const page = await this.#freshness(options, { limit: Math.min(left, PAGE), pageToken });
      yield* page.series.map(seriesFreshness);
      left -= page.series.length;
      pageToken = page.nextPageToken;
      if (pageToken === '') return;
    }
  }

  /** The worst first: stale, late, unknown, each the most overdue first; at most `limit` (1,000; at most 10,000). */
  async worstFreshness(
    options: FreshnessOptions & { readonly limit?: number } = {},
  ): Promise<readonly SeriesFreshness[]> {
    const order = queryV1.FreshnessOrder.WORST;
    const { series } = await this.#freshness(options, { limit: options.limit ?? PAGE, order });
    return series.map(seriesFreshness);
  }

  /** How many series of each source are in which state, whatever `states` says. */
  async freshnessCounts(options: FreshnessOptions = {}): Promise<readonly FreshnessCount[]> {
    const { counts } = await this.#freshness(options, { limit: 1 });
    return counts.map(freshnessCount);
  }

  /** The newest first, asked for page by page; `limit`: at most so many. */
  async *findings(
    options: FindingFilter & CallOptions & { readonly limit?: number } = {},
  ): AsyncGenerator<Finding> {
    const filter = findingFilter(options);
    let left = options.limit ?? Infinity;
    for (let pageToken = ''; left > 0;) {
      const limit = Math.min(left, PAGE);
      const request = create(queryV1.ListFindingsRequestSchema, { filter, limit, pageToken });
      const page = await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(METHODS.listFindings, request, callConfig(options)),
      );
      yield* page.findings.map(findingOf);
      left -= page.findings.length;
      pageToken = page.nextPageToken;
      if (pageToken === '') return;
    }
  }

  /** By source, kind and rule, most first, at most 1,000; what was refused is among them. */
  async findingCounts(options: FindingFilter & CallOptions = {}): Promise<readonly FindingCount[]> {
    const request = create(queryV1.ListFindingsRequestSchema, {
      filter: findingFilter(options),
      limit: 1,
      withCounts: true,
    });
    const { counts } = await withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.listFindings, request, callConfig(options)),
    );
    return counts.map(({ severity, findings, ...count }) => ({
      source: count.source,
      kind: count.kind,
      rule: count.rule,
      severity: severityOf(severity),
      findings: Number(findings),
      firstKnownAtNs: count.firstKnownAtNs,
      lastKnownAtNs: count.lastKnownAtNs,
      example: count.example,
      refused: count.refused,
    }));
  }

  /** Every source by name, asked for page by page. */
  async *sources(options: SourceOptions = {}): AsyncGenerator<SourceReport> {
    const { source = '', startNs = 0n, endNs = 0n } = options;
    const { withStreams = false, withCompleteness = false } = options;
    for (let pageToken = ''; ;) {
      const request = create(queryV1.GetSourceStatusRequestSchema, {
        source,
        range: { startNs, endNs },
        withStreams,
        withCompleteness,
        limit: SOURCES_PAGE,
        pageToken,
      });
      const page = await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(METHODS.getSourceStatus, request, callConfig(options)),
      );
      yield* page.sources.map(sourceReport);
      pageToken = page.nextPageToken;
      if (pageToken === '') return;
    }
  }

  /** Alerts that are open, and what happened to alerts lately. */
  async alerts(options: AlertOptions = {}): Promise<Alerts> {
    const { rule = '', history = 0 } = options;
    const request = create(queryV1.ListAlertsRequestSchema, { rule, history });
    return alertsOf(
      await withRetry(this.#retry, options.signal, () =>
        this.#channel.unary(METHODS.listAlerts, request, callConfig(options)),
      ),
    );
  }

  /**
   * How sources are, what is late, the newest findings (`history`); then every change. A broken connection is made again and goes on with
   * the findings after the last one; errors that trying again does not mend, as `reader-too-slow`, end the iteration: watch again with
   * `after: watch.position`.
   */
  watch(options: QualityWatchOptions = {}): QualityWatch {
    return new QualityWatch(this.#channel, this.#retry, options);
  }

  #freshness(
    options: FreshnessOptions,
    page: {
      readonly limit: number;
      readonly pageToken?: string;
      readonly order?: queryV1.FreshnessOrder;
    },
  ): Promise<queryV1.GetFreshnessResponse> {
    const request = create(queryV1.GetFreshnessRequestSchema, { ...freshnessFields(options), ...page });
    return withRetry(this.#retry, options.signal, () =>
      this.#channel.unary(METHODS.getFreshness, request, callConfig(options)),
    );
  }
}

function findingFilter(filter: FindingFilter): queryV1.FindingFilter {
  const { symbol = '', source = '', rule = '', kind = '', severities = [] } = filter;
  const { startNs = 0n, endNs = 0n } = filter;
  return create(queryV1.FindingFilterSchema, {
    symbol,
    source,
    rule,
    kind,
    severities: severities.map((severity) => SEVERITIES[severity]),
    range: { startNs, endNs },
  });
}

import { TOPICS } from '@tickwell/contracts';
import { errorMessage } from '@tickwell/domain';
import type { AssignedPartition, FeedJob, GroupConsumer, LogRecord, PartitionSession } from '@tickwell/ports';
import { fillTemplate, type PolicyRepair } from '@tickwell/source-policy';
import type { HostedOutcome, StreamHost } from '../hosted-job.ts';
import { partsOf } from '../job-parts.ts';
import { readJob, type JobReaders } from '../job.ts';
import { answeredRequests } from './answered-requests.ts';
import { RequestReader } from './request-reader.ts';
import { answerRecord, readRequest, type RepairAnswer, type RepairRequest } from './repair-record.ts';
import { ofRequest, type Brought } from './repair-source.ts';

/** Requests whose answers are remembered, so that one that is in the log twice is asked once. */
const MAX_ANSWERED = 10_000;
const GROUP = 'tickwell-ingest-repair';

export interface RepairRunOptions {
  readonly host: StreamHost;
  readonly readers: JobReaders;
  readonly policyId: string;
  readonly repair: PolicyRepair;
}

/**
 * Answers the requests of one policy: each is owned by one process, runs as a stream of its own, and what came of it is written before
 * the request counts as done. A process that dies leaves it to the next one, which goes on with the same stream.
 */
export class RepairRun {
  readonly #options: RepairRunOptions;
  readonly #consumer: GroupConsumer;
  readonly #answered = new Set<string>();
  readonly #failed = Promise.withResolvers<never>();

  constructor(options: RepairRunOptions) {
    this.#options = options;
    this.#consumer = options.host.log.createConsumer({
      groupId: `${GROUP}-${options.policyId}`,
      topics: [TOPICS.ingestRequests.name],
    });
    // Whoever runs it is told.
    this.#failed.promise.catch(() => undefined);
  }

  /** Resolves after {@link stop}. Rejects when the log is broken. */
  async run(): Promise<void> {
    const consuming = this.#consumer.run((partition) => Promise.resolve(this.#open(partition)));
    try {
      await Promise.race([consuming, this.#failed.promise]);
    } finally {
      await this.#consumer.stop();
    }
  }

  stop(): Promise<void> {
    return this.#consumer.stop();
  }

  /**
   * The group says whose a partition is and that there is something new. What there is, is read apart from it: a source whose limits are used up
   * answers after many minutes, and that is no fault of the log.
   */
  #open(partition: AssignedPartition): PartitionSession {
    const closing = new AbortController();
    const signal = AbortSignal.any([partition.signal, closing.signal, this.#options.host.stopped]);
    const requests = new RequestReader(this.#options.host.log, partition);
    const working = this.#begin(requests, partition, signal).catch((error: unknown) => {
      if (!signal.aborted)
        this.#failed.reject(error instanceof Error ? error : new Error(errorMessage(error)));
    });
    return {
      startOffset: partition.endOffset,
      handle: (records) => {
        requests.until((records.at(-1)?.offset ?? -1n) + 1n);
        return Promise.resolve();
      },
      close: async () => {
        closing.abort();
        await working;
      },
    };
  }

  /**
   * Where somebody worked before, what has an answer must not be asked again: it would bring events in the name of a request that the ledger
   * knows as one that brought nothing, and the same step of a hole counts once.
   */
  async #begin(requests: RequestReader, partition: AssignedPartition, signal: AbortSignal): Promise<void> {
    const { committed, beginOffset, endOffset } = partition;
    if ((committed?.offset ?? beginOffset) < endOffset)
      for await (const id of answeredRequests(this.#options.host.log, signal)) this.#remember(id);
    await this.#work(requests, partition, signal);
  }

  async #work(requests: RequestReader, partition: AssignedPartition, signal: AbortSignal): Promise<void> {
    for await (const records of requests.read(signal)) {
      await this.#handle(records, signal);
      const last = records.at(-1);
      // What was interrupted is asked again by whoever owns it next.
      if (isOver(signal) || last === undefined) return;
      await partition.commit({ offset: last.offset + 1n, metadata: '' });
    }
  }

  /** Side by side by source, so that a slow one does not hold up the others; of one source in their order. */
  async #handle(records: readonly LogRecord[], signal: AbortSignal): Promise<void> {
    const requests = records.flatMap((record) => this.#read(record));
    const bySource = Map.groupBy(requests, ({ source }) => source);
    await Promise.all(
      [...bySource.values()].map(async (some) => {
        for (const request of some) if (!signal.aborted) await this.#serve(request, signal);
      }),
    );
  }

  #read(record: LogRecord): readonly RepairRequest[] {
    const read = readRequest(record);
    if (read.ok) return read.value.policy === this.#options.policyId ? [read.value] : [];
    const { topic, partition, offset } = record;
    this.#options.host.logger.error(
      { topic, partition, offset },
      `${topic}/${partition} offset ${offset} is no request: ${read.error}; it is left out`,
    );
    return [];
  }

  async #serve(request: RepairRequest, signal: AbortSignal): Promise<void> {
    const { host } = this.#options;
    const { requestId, source, symbol } = request;
    if (this.#answered.has(requestId)) return;
    const answer = await this.#ask(request, signal);
    if (signal.aborted || answer === undefined) return;
    await host.send([
      answerRecord(request, answer, { nowNs: host.clock.nowNs(), traceparent: host.newTraceparent() }),
    ]);
    this.#remember(requestId);
    host.logger.info({ requestId, source, symbol }, `repair of ${symbol} by ${source}: ${answer.text}`);
  }

  /** Undefined: it was interrupted. */
  async #ask(request: RepairRequest, signal: AbortSignal): Promise<RepairAnswer | undefined> {
    const { policyId, repair, readers } = this.#options;
    const { source, symbol, startNs, endNs } = request;
    const asked = repair.sources.find((one) => one.source === source);
    if (asked === undefined) return refused(`policy ${policyId} asks ${source} no more`);
    const job = fillTemplate(asked.job, { symbols: [symbol], sinceNs: startNs, span: { startNs, endNs } });
    const jobs = readJob(job, 'job', readers);
    if (!jobs.ok) return refused(jobs.error.join('; '));
    const parts = (await Promise.all(jobs.value.map(partsOf))).flat();
    const streams: string[] = [];
    let count = 0;
    let failure: string | undefined;
    for (const part of parts) {
      if (signal.aborted) return undefined;
      const brought: Brought = { count: 0, seen: 0, stream: '' };
      const outcome = await this.#runPart(part, request, signal, brought);
      if (outcome.kind === 'stopped') return undefined;
      if (outcome.kind === 'failed') failure ??= outcome.error.message;
      // A run that died after it had brought them, and before it could say so.
      const earlier = outcome.kind === 'ended' ? Number(outcome.events) - brought.seen : 0;
      const bars = brought.count + Math.max(0, earlier);
      if (bars > 0) streams.push(brought.stream);
      count += bars;
    }
    return answerOf(count, streams, failure);
  }

  #runPart(
    part: FeedJob,
    request: RepairRequest,
    signal: AbortSignal,
    brought: Brought,
  ): Promise<HostedOutcome> {
    const { requestId, source } = request;
    return this.#options.host
      .run(ofRequest(part, requestId, request, brought), {
        signal,
        isQuiet: true,
        onOpened: (opened) =>
          opened.source === source
            ? undefined
            : `the rows of this job are of source "${opened.source}": policy.repair calls it "${source}"`,
        onData: () => undefined,
        onReport: () => undefined,
      })
      .catch((error: unknown) => {
        this.#options.host.logger.error({ requestId }, errorMessage(error));
        throw error;
      });
  }

  #remember(requestId: string): void {
    this.#answered.add(requestId);
    const [oldest] = this.#answered;
    if (this.#answered.size > MAX_ANSWERED && oldest !== undefined) this.#answered.delete(oldest);
  }
}

/** A signal may fire during any wait, which narrowing by the compiler does not know. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** What is wrong with the policy is so tomorrow, too. */
function refused(text: string): RepairAnswer {
  return { count: 0, stream: '', text, isFinal: true };
}

function answerOf(count: number, streams: readonly string[], failure: string | undefined): RepairAnswer {
  const bars = count === 0 ? 'nothing of it' : `${count} ${count === 1 ? 'bar' : 'bars'}`;
  const text = failure === undefined ? bars : count === 0 ? failure : `${bars}, then: ${failure}`;
  return { count, stream: streams.join(', '), text, isFinal: false };
}

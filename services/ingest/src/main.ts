import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { TOPICS, queryV1 } from '@tickwell/contracts';
import { IbContext, readIbJob, rollText, type IbReport } from '@tickwell/feed-ib';
import { readFilesJob, readReplayJob, readSampleJob } from '@tickwell/feed-files';
import { ProviderHost, readProviderJob } from '@tickwell/feed-provider';
import { readWebsocketJob } from '@tickwell/feed-websocket';
import { readYahooJob, YahooContext } from '@tickwell/feed-yahoo';
import { Channel } from '@tickwell/grpc';
import { createKafkaLog } from '@tickwell/kafka';
import type { IngestLine, LiveReport, Logger } from '@tickwell/ports';
import { newTraceparent, runService, systemClock } from '@tickwell/runtime';
import { readIngestConfig } from './config.ts';
import { holeLine, holeReason } from './hole-line.ts';
import { FollowedInstruments } from './instruments.ts';
import type { JobReaders } from './job.ts';
import { readPolicyJob } from './policy/policy-job.ts';
import { sinceStored } from './policy/since-stored.ts';
import { lastStoredOf, type AskLatest } from './last-stored.ts';
import { IngestService } from './service.ts';

const LATEST_TIMEOUT_MS = 10_000;

function emit(line: IngestLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

let service: IngestService | undefined;

/** Sources whose connection was told to be down: one that comes up is news only after that. */
const down = new Set<string>();

/** What a live feed tells beside its events: lines for whoever runs the process, and the status of its source. */
function tell(source: string, report: LiveReport): void {
  if (report.kind === 'hole') {
    const line = holeLine(report);
    emit(line);
    service?.note(source, {
      state: report.unrepaired === undefined ? 'up' : 'degraded',
      reason: holeReason(line),
    });
  } else if (report.kind === 'connection') {
    const cut = report.isPaced === true ? 'paced' : 'down';
    service?.note(source, { state: report.isUp ? 'up' : cut, reason: `connection: ${report.state}` });
    if (!report.isUp || down.has(source))
      emit({ type: 'notice', text: `connection of ${source}: ${report.state}` });
    if (report.isUp) down.delete(source);
    else down.add(source);
  } else {
    const { symbol, series, reason } = report;
    emit({ type: 'not-served', symbol, series, reason });
  }
}

function tellIb(report: IbReport): void {
  switch (report.kind) {
    case 'market-data-type':
      return;
    case 'waiting':
      emit({ type: 'notice', text: report.reason });
      return;
    case 'roll':
      emit({ type: 'notice', text: rollText(report) });
      service?.note('ib', { state: 'up', reason: rollText(report) });
      return;
    default:
      tell('ib', report);
  }
}

/** Set once the configuration is known: jobs are read before it. */
let askLatest: { readonly ask: AskLatest; readonly logger: Logger } | undefined;

/** Where a series of a source ends in the store. */
function lastStored(
  source: string,
  of: { readonly symbol: string; readonly series: 'trades' | 'quotes' | 'bars'; readonly interval: string },
): Promise<bigint | undefined> {
  if (askLatest === undefined) return Promise.resolve(undefined);
  const { ask, logger } = askLatest;
  return lastStoredOf(ask, { source, interval: of.interval, logger })(of.symbol, of.series);
}

const instruments = new FollowedInstruments();

const ib = new IbContext({
  clock: systemClock,
  map: instruments,
  lastStored: (symbol, series) => lastStored('ib', { symbol, series, interval: '5s' }),
  onReport: tellIb,
  ledgerDir: join(tmpdir(), `tickwell-ib-${userInfo().uid}`),
});

const providers = new ProviderHost({
  clock: systemClock,
  env: process.env,
  names: instruments,
  onReport: tell,
});
const websocket = { clock: systemClock, env: process.env, names: instruments, lastStored, onReport: tell };
const yahoo = new YahooContext({
  clock: systemClock,
  names: instruments,
  baseUrl: process.env['TICKWELL_YAHOO_URL'],
  onState: (state) => service?.note('yahoo:live', state),
  onReport: tell,
});

const readers: JobReaders = {
  files: (job, where) => readFilesJob(job, where, instruments),
  sample: readSampleJob,
  replay: (job, where) => readReplayJob(job, where, { clock: systemClock, instruments }),
  yahoo: (job, where) => readYahooJob(job, where, yahoo),
  ib: (job, where) => readIbJob(job, where, ib),
  provider: (job, where) => readProviderJob(job, where, providers),
  websocket: (job, where) => readWebsocketJob(job, where, websocket),
};

const policies = {
  readers,
  sinceStored: sinceStored({
    ask: () => askLatest?.ask,
    clock: systemClock,
    logger: () => askLatest?.logger,
  }),
};

function latestFrom(address: string): AskLatest {
  const channel = new Channel({ address });
  return (request) =>
    channel.unary(
      queryV1.MarketDataService.method.getLatest,
      create(queryV1.GetLatestRequestSchema, request),
      { timeoutMs: LATEST_TIMEOUT_MS },
    );
}

await runService({
  name: 'ingest',
  env: process.env,
  readConfig: (env) =>
    readIngestConfig(env, {
      ...readers,
      policy: (job, where) => readPolicyJob(job, where, policies),
    }),
  build: async (config, logger) => {
    if (config.grpcAddress !== '') askLatest = { ask: latestFrom(config.grpcAddress), logger };
    const log = createKafkaLog({ brokers: config.kafkaBrokers, clientId: 'tickwell-ingest', logger });
    await log.ensureTopics([TOPICS.config]);
    await instruments.load(log, logger);
    service = new IngestService({
      jobs: config.jobs,
      log,
      clock: systemClock,
      logger,
      newTraceparent,
      limits: {
        maxPendingEvents: config.maxPendingEvents,
        maxPendingBytes: config.maxPendingMebibytes * 1024 * 1024,
        cursorIntervalMs: config.cursorIntervalMs,
      },
      parallelJobs: config.parallelJobs,
      progressIntervalMs: config.progressIntervalMs,
      emit,
    });
    return service;
  },
});

import { arrowFormat } from '@tickwell/arrow';
import { createRedisCache } from '@tickwell/cache-redis';
import { ALL_TOPICS } from '@tickwell/contracts';
import { TickwellError } from '@tickwell/domain';
import {
  GrpcServer,
  bindAdmin,
  bindConfig,
  bindDeadLetters,
  bindFlight,
  bindMarketData,
  bindQuality,
} from '@tickwell/grpc';
import { addIndicatorModules, INDICATOR_MODULES } from '@tickwell/indicator-modules';
import { compileSchema } from '@tickwell/json-schema';
import { createKafkaLog, partitionForKey } from '@tickwell/kafka';
import type { Logger } from '@tickwell/ports';
import { createQuestdbReader, parsePgUrl } from '@tickwell/questdb';
import { runService } from '@tickwell/runtime';
import { MemoryCache } from './cache/memory-cache.ts';
import type { CacheLevels } from './cache/query-cache.ts';
import { readExposure, readQueryConfig, type QueryConfig } from './config.ts';
import { QueryService } from './service.ts';

const NS_PER_MS = 1_000_000n;
/** A block with what is said of it is less than twice what a block may hold. */
const MAX_CACHED_BYTES = 8 * 1024 * 1024;

/** Before anything names an indicator of theirs. */
const modules = await addIndicatorModules(process.env[INDICATOR_MODULES] ?? '');

/** No cache where it may have no memory. */
function cacheOf(config: QueryConfig, logger: Logger): { readonly cache?: CacheLevels } {
  const { cacheBytes: maxBytes, cacheMaxAgeMs: maxAgeMs, redisUrl } = config;
  if (maxBytes === 0) return {};
  const memory = new MemoryCache({
    maxBytes,
    maxValueBytes: MAX_CACHED_BYTES,
    maxAgeMs,
    nowMs: () => performance.now(),
  });
  const shared =
    redisUrl === undefined
      ? undefined
      : createRedisCache({ url: redisUrl.href, logger, ttlMs: maxAgeMs, maxValueBytes: MAX_CACHED_BYTES });
  return { cache: { memory, shared } };
}

await runService({
  name: 'query',
  env: process.env,
  readConfig: (env) => readQueryConfig(env, modules),
  build: async (config, logger) => {
    const pg = parsePgUrl(config.questdbPgUrl.href);
    if (pg === undefined) throw new TickwellError('config-invalid', 'TICKWELL_QUESTDB_PG_URL names no host');
    const log = createKafkaLog({ brokers: config.kafkaBrokers, clientId: 'tickwell-query', logger });
    const service = new QueryService({
      log,
      reader: createQuestdbReader({ endpoints: { httpUrl: config.questdbHttpUrl.href, pg } }),
      logger,
      partitionOf: partitionForKey,
      nowNs: () => BigInt(Date.now()) * NS_PER_MS,
      compileSchema,
      heartbeatMs: config.heartbeatMs,
      queue: { messages: config.queueMessages, bytes: config.queueBytes },
      ...cacheOf(config, logger),
    });
    const flight = service.flightCalls(arrowFormat);
    const server = new GrpcServer({
      host: config.grpcHost,
      port: config.grpcPort,
      ...readExposure(config),
      methods: [
        ...bindMarketData(service.servedCalls),
        ...bindConfig(service.configCalls),
        ...bindDeadLetters(service.deadLetterCalls),
        ...bindQuality(service.qualityCalls),
        ...bindFlight({
          listFlights: (request) => flight.listFlights(request),
          getFlightInfo: (request) => flight.getFlightInfo(request),
          getSchema: (request) => flight.getSchema(request),
          doGet: (request, call) => flight.doGet(request, call),
        }),
        ...bindAdmin({ getCacheStats: () => service.adminCalls.getCacheStats() }),
      ],
      limits: { stallMs: config.stallMs },
      logger,
    });
    await log.ensureTopics(ALL_TOPICS);
    return {
      run: () => service.run(server),
      stop: () => service.stop(),
      notReady: () => service.notReady(),
    };
  },
});

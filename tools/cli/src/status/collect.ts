import { errorMessage } from '@tickwell/domain';
import type { KafkaLog } from '@tickwell/kafka';
import { probeKafka, probeQuestdb, type StackEndpoints } from '@tickwell/local-stack';
import { consumerLags, type Lags } from '../pipeline.ts';
import type { PlatformState, ServiceState } from '../platform/platform-state.ts';
import type { ServiceName } from '../platform/service-process.ts';
import { parseMetrics, sumOf } from './metrics.ts';

const PROBE_TIMEOUT_MS = 3_000;
/** Rates are measured over so long where there is no earlier look to compare with. */
const SAMPLE_MS = 1_000;

/** What a service's work is counted in. */
const WORK: Readonly<Record<ServiceName, { readonly metric: string; readonly unit: string }>> = {
  validator: { metric: 'tickwell_validator_events', unit: 'events' },
  indicators: { metric: 'tickwell_flow_records_out', unit: 'records' },
  storage: { metric: 'tickwell_storage_rows', unit: 'rows' },
  query: { metric: 'tickwell_grpc_sent_messages', unit: 'messages' },
  monitor: { metric: 'tickwell_alerts_evaluations', unit: 'evaluations' },
};

export interface PartStatus {
  /** "kafka", "questdb", "storage-1". */
  readonly part: string;
  readonly state: 'ready' | 'not-ready' | 'down';
  /** Why it is not ready; "" when it is. */
  readonly reason: string;
  readonly pid?: number | undefined;
  readonly uptimeMs?: number;
  readonly restarts?: number;
  /** Records of the service's input that it has not finished with, over all its copies. */
  readonly lag?: number;
  readonly perSecond?: number;
  /** What `perSecond` and `total` count. */
  readonly unit?: string;
  /** Since the process started. */
  readonly total?: number;
  readonly residentBytes?: number;
}

export interface PlatformStatus {
  readonly ok: boolean;
  readonly state: PlatformState['state'];
  readonly pid: number;
  readonly uptimeMs: number;
  readonly parts: readonly PartStatus[];
}

/** What /metrics said, and when; rates are between two of them. */
interface Scrape {
  readonly atMs: number;
  readonly work: number | undefined;
  readonly residentBytes: number | undefined;
}

/** Looks at every part of a platform; keeps the last look, so that the next one knows rates. */
export class StatusCollector {
  readonly #log: KafkaLog;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #last = new Map<number, Scrape>();

  constructor(log: KafkaLog, env: Readonly<Record<string, string | undefined>>) {
    this.#log = log;
    this.#env = env;
  }

  async collect(state: PlatformState, endpoints: StackEndpoints): Promise<PlatformStatus> {
    if (this.#last.size === 0) {
      await Promise.all(state.services.map((service) => this.#scrape(service)));
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
    const [kafka, questdb] = await Promise.all([
      this.#kafka(endpoints),
      probeQuestdb(endpoints.questdbHttpUrl),
    ]);
    const lags = kafka === undefined ? await this.#lags() : undefined;
    const services = await Promise.all(state.services.map((service) => this.#service(service, lags)));
    const parts = [part('kafka', kafka), part('questdb', questdb), ...services];
    return {
      ok: state.state === 'ready' && parts.every((each) => each.state === 'ready'),
      state: state.state,
      pid: state.owner.pid,
      uptimeMs: Date.now() - state.startedAtMs,
      parts,
    };
  }

  async #kafka(endpoints: StackEndpoints): Promise<string | undefined> {
    const [host, port] = splitAddress(endpoints.kafkaBrokers[0] ?? '');
    if (host === '127.0.0.1' || host === 'localhost') return probeKafka(port);
    try {
      await this.#log.groupPositions(['tickwell-storage']);
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  }

  async #lags(): Promise<Lags | undefined> {
    try {
      return await consumerLags(this.#log, this.#env);
    } catch {
      // Topics that are not there yet, or a broker that just went: the probe of Kafka says what there is to say.
      return undefined;
    }
  }

  async #service(service: ServiceState, lags: Lags | undefined): Promise<PartStatus> {
    const before = this.#last.get(service.metricsPort);
    const [reason, scrape] = await Promise.all([readiness(service.metricsPort), this.#scrape(service)]);
    const { name, copy } = service;
    const lag = name === 'query' || name === 'monitor' || copy > 1 ? undefined : lags?.[name];
    const running = service.pid !== undefined;
    return {
      part: `${service.name}-${service.copy}`,
      state: !running ? 'down' : reason === undefined ? 'ready' : 'not-ready',
      reason: !running ? 'it is being started again' : (reason ?? ''),
      pid: service.pid,
      restarts: service.restarts,
      ...(running ? { uptimeMs: Date.now() - service.startedAtMs } : {}),
      ...(lag === undefined ? {} : { lag: Number(lag) }),
      unit: WORK[service.name].unit,
      ...workOf(before, scrape),
    };
  }

  async #scrape(service: ServiceState): Promise<Scrape> {
    const text = await get(service.metricsPort, '/metrics');
    const samples = parseMetrics(text?.ok === true ? text.body : '');
    const scrape = {
      atMs: performance.now(),
      work: sumOf(samples, WORK[service.name].metric),
      residentBytes: sumOf(samples, 'tickwell_process_resident_bytes'),
    };
    this.#last.set(service.metricsPort, scrape);
    return scrape;
  }
}

/** A counter that is not there yet counts as 0; one that went back belongs to a new process. */
function workOf(
  before: Scrape | undefined,
  now: Scrape,
): Pick<PartStatus, 'perSecond' | 'total' | 'residentBytes'> {
  const total = now.work ?? 0;
  const done = total - (before?.work ?? 0);
  const seconds = (now.atMs - (before?.atMs ?? now.atMs)) / 1000;
  return {
    total,
    perSecond: seconds > 0 && done > 0 ? done / seconds : 0,
    ...(now.residentBytes === undefined ? {} : { residentBytes: now.residentBytes }),
  };
}

function part(name: string, reason: string | undefined): PartStatus {
  return { part: name, state: reason === undefined ? 'ready' : 'down', reason: reason ?? '' };
}

async function readiness(port: number): Promise<string | undefined> {
  const answer = await get(port, '/readyz');
  if (answer === undefined) return 'it does not answer';
  return answer.ok ? undefined : answer.body.trim();
}

async function get(port: number, path: string): Promise<{ ok: boolean; body: string } | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    return { ok: response.ok, body: await response.text() };
  } catch {
    return undefined;
  }
}

function splitAddress(address: string): [string, number] {
  const at = address.lastIndexOf(':');
  return [address.slice(0, at), Number(address.slice(at + 1))];
}

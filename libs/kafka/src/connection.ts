import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kafka, logLevel } from 'kafkajs';
import type { Assigner, Cluster, ISocketFactory } from 'kafkajs';
import { TickwellError } from '@tickwell/domain';
import type { KafkaSettings } from './options.ts';
import { connectionLost, isConnectionFault, isHalfConnected, unreachable } from './errors.ts';
import { pause } from './pause.ts';
import { kafkajsLog } from './kafkajs-log.ts';
import { repairRequestQueue } from './request-queue.ts';

const KEEP_ALIVE_MS = 30_000;
const CONNECTION_TIMEOUT_MS = 3_000;
const MAX_CONNECTING_ATTEMPTS = 20;
const CONNECTING_PAUSE_MS = 50;

/** A kafkajs client of its own, with the sockets it opened, so that it can be ended at once whatever it waits for. */
export interface KafkaClient {
  readonly kafka: Kafka;
  /** Closes every socket now; kafkajs rejects what was in flight. */
  destroy(): void;
}

/**
 * kafkajs with our sockets (no Nagle delay: a small record leaves at once), our logger, and hardly any retries of its own: what to repeat,
 * and how long, is decided in one place per use.
 */
export function createClient(settings: KafkaSettings): KafkaClient {
  repairRequestQueue();
  const sockets = new Set<Socket>();
  const kafka = new Kafka({
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: settings.requestTimeoutMs,
    // One look at each broker named, and one more because an idempotent producer insists on it.
    retry: { retries: settings.brokers.length, initialRetryTime: 50, maxRetryTime: 500 },
    logLevel: logLevel.WARN,
    logCreator: () => kafkajsLog(settings.logger),
    socketFactory: socketFactory(settings, sockets),
  });
  return {
    kafka,
    destroy: () => {
      // Without an error kafkajs would not notice, and wait for answers until they time out.
      for (const socket of sockets) socket.destroy(new Error('closed by Tickwell'));
    },
  };
}

function socketFactory(settings: KafkaSettings, sockets: Set<Socket>): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const target = settings.redirect?.({ host, port }) ?? { host, port };
    // kafkajs' types say that ssl is always there; it is null without TLS.
    const options: unknown = ssl;
    const socket =
      options === null || options === undefined
        ? connectTcp({ ...target, noDelay: true }, onConnect)
        : connectTls({ ...target, servername: host, ...ssl }, onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
}

interface Live {
  readonly client: KafkaClient;
  readonly cluster: Cluster;
  readonly topics: Set<string>;
}

/**
 * kafkajs' view of the cluster: metadata, connections, protocol. It is handed to partition assigners, which is where we take it from; the
 * consumer it belongs to is never run. After a fault of the connection it is thrown away whole and made anew at the next use.
 */
export class ClusterConnection {
  readonly #settings: KafkaSettings;
  #live: Promise<Live> | undefined;
  #closed = false;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /** Runs `work` on a connected cluster that knows the topics. Rejections are those of kafkajs; nothing is repeated. */
  async use<T>(topics: readonly string[], work: (cluster: Cluster) => Promise<T>): Promise<T> {
    if (this.#closed) throw unreachable(this.#settings.brokers, new Error('this connection was closed'));
    const opening = (this.#live ??= this.#open());
    try {
      const live = await opening;
      await addTopics(live, topics);
      return await whenConnected(() => work(live.cluster));
    } catch (error) {
      // Thrown away meanwhile: whatever kafkajs trips over in what is left, the reason is that one.
      if (this.#live !== opening && !(error instanceof TickwellError)) throw connectionLost(error);
      if (isConnectionFault(error)) await this.#discard(opening);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#live !== undefined) await this.#discard(this.#live);
  }

  async #open(): Promise<Live> {
    const client = createClient(this.#settings);
    const cluster = captureCluster(client.kafka);
    try {
      await cluster.connect();
    } catch (error) {
      client.destroy();
      throw error;
    }
    return { client, cluster, topics: new Set() };
  }

  async #discard(opening: Promise<Live>): Promise<void> {
    if (this.#live !== opening) return;
    this.#live = undefined;
    try {
      const live = await opening;
      live.client.destroy();
      await live.cluster.disconnect();
    } catch {
      // It never opened, or is broken already: either way nothing is left of it.
    }
  }
}

/** Gives another caller a second to finish connecting to the broker we need; then the connection counts as broken. */
async function whenConnected<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt < MAX_CONNECTING_ATTEMPTS; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isHalfConnected(error)) throw error;
      await pause(CONNECTING_PAUSE_MS);
    }
  }
  return work();
}

async function addTopics(live: Live, topics: readonly string[]): Promise<void> {
  const missing = topics.filter((topic) => !live.topics.has(topic));
  if (missing.length === 0) return;
  await live.cluster.addMultipleTargetTopics(missing);
  for (const topic of missing) live.topics.add(topic);
}

function captureCluster(kafka: Kafka): Cluster {
  const captured: Cluster[] = [];
  kafka.consumer({
    groupId: 'tickwell-never-joined',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }): Assigner => {
        captured.push(cluster);
        return {
          name: 'none',
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  const [cluster] = captured;
  if (cluster === undefined) throw unreachable([], new Error('kafkajs made no cluster'));
  return cluster;
}

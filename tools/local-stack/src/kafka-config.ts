import { LOOPBACK } from './ports.ts';

/** Any fixed value does: it only has to be the same at every start on the same data. */
export const KAFKA_CLUSTER_ID = '4L6g3nShT-eMCtK--X86sw';
export const KAFKA_NODE_ID = 1;

const MIB = 1024 * 1024;

export interface KafkaConfig {
  readonly dataDir: string;
  readonly port: number;
  readonly controllerPort: number;
}

type Settings = Readonly<Record<string, string | number | boolean>>;

/** What does not depend on where it runs; replication factor 1 wherever Kafka's default is 3. */
export const KAFKA_SETTINGS: Settings = {
  'process.roles': 'broker,controller',
  'node.id': KAFKA_NODE_ID,
  'controller.listener.names': 'CONTROLLER',
  'auto.create.topics.enable': false,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 2,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  // The only voter waits this long (up to twice) for others before it leads again after a restart; 1 s by default.
  'controller.quorum.election.timeout.ms': 200,
  'controller.quorum.election.backoff.max.ms': 100,
  // After kill -9 the new broker is refused until the dead one's session is over; 9 s by default.
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  // Consumers of one machine join together, and a test that waits 3 s for nobody is 3 s slower.
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  // Our largest record is 512 KiB of events; what clients write or restore through the flow may be larger.
  'message.max.bytes': 4 * MIB,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
  // The cleaner's default buffer is 128 MiB, a quarter of this heap.
  'log.cleaner.dedupe.buffer.size': 16 * MIB,
  // 10 MiB is reserved for each of two index files per partition otherwise; 1 MiB indexes 512 MiB of log.
  'log.index.size.max.bytes': MIB,
  'log.segment.bytes': 256 * MIB,
};

/** One node that is broker and controller (KRaft), on the loopback address. */
export function kafkaProperties(config: KafkaConfig): string {
  return renderProperties({
    ...KAFKA_SETTINGS,
    'controller.quorum.voters': `${KAFKA_NODE_ID}@${LOOPBACK}:${config.controllerPort}`,
    listeners: `PLAINTEXT://${LOOPBACK}:${config.port},CONTROLLER://${LOOPBACK}:${config.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${config.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': config.dataDir,
  });
}

/** Warnings and errors to a bounded file; Kafka's usual log says hundreds of lines at every start. */
export function kafkaLog4j(logFile: string): string {
  return renderProperties({
    status: 'error',
    name: 'tickwell-kafka',
    'appender.file.type': 'RollingFile',
    'appender.file.name': 'file',
    'appender.file.fileName': logFile,
    'appender.file.filePattern': `${logFile}.%i`,
    'appender.file.layout.type': 'PatternLayout',
    'appender.file.layout.pattern': '%d{ISO8601} %p %c{1}: %m%n',
    'appender.file.policies.type': 'Policies',
    'appender.file.policies.size.type': 'SizeBasedTriggeringPolicy',
    'appender.file.policies.size.size': '10MB',
    'appender.file.strategy.type': 'DefaultRolloverStrategy',
    'appender.file.strategy.max': 3,
    'rootLogger.level': 'warn',
    'rootLogger.appenderRef.file.ref': 'file',
  });
}

/**
 * A Java properties file: a backslash starts an escape there. `=` and spaces inside a value are fine, line ends are not.
 */
export function renderProperties(values: Settings): string {
  const lines = Object.entries(values).map(([key, value]) => {
    const text = String(value);
    if (/[\r\n]/.test(text)) throw new RangeError(`${key}: a property value must be one line`);
    return `${key}=${text.replaceAll('\\', '\\\\')}\n`;
  });
  return lines.join('');
}

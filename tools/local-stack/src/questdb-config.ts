import { LOOPBACK } from './ports.ts';
import { renderProperties } from './kafka-config.ts';
import type { StackSecrets } from './state.ts';

export const PG_USER = 'tickwell';
export const PG_READONLY_USER = 'tickwell_reader';
/** QuestDB has one database, whatever a client calls it. */
export const PG_DATABASE = 'qdb';

export interface QuestdbConfig {
  readonly httpPort: number;
  readonly pgPort: number;
  readonly secrets: StackSecrets;
}

/**
 * How many empty rounds a worker thread makes before it naps for a millisecond between two rounds. By default it spins through
 * 7,000 first, after every piece of work: ten small commits a second then cost 60 % of a core and nearly all of it in
 * sched_yield.
 */
const NAP_AFTER_ROUNDS = 50;
const workerPatience = Object.fromEntries(
  ['shared', 'wal.apply', 'mat.view.refresh', 'export', 'view.compiler'].map((pool) => [
    `${pool}.worker.nap.threshold`,
    NAP_AFTER_ROUNDS,
  ]),
);

/** What does not depend on where it runs. */
export function questdbSettings(secrets: StackSecrets): Readonly<Record<string, string | number | boolean>> {
  return {
    'pg.user': PG_USER,
    'pg.password': secrets.pgPassword,
    'pg.readonly.user.enabled': true,
    'pg.readonly.user': PG_READONLY_USER,
    'pg.readonly.password': secrets.pgReadonlyPassword,
    'pg.net.connection.limit': 128,
    // ILP over TCP has no authentication and no answer; ILP over HTTP is what we use.
    'line.tcp.enabled': false,
    'http.min.enabled': false,
    'telemetry.enabled': false,
    // Tables are created by the storage service; a misspelt name must be an error, not a new table.
    'line.auto.create.new.tables': false,
    'line.auto.create.new.columns': false,
    // What each open writer and WAL writer reserves per column, and per symbol column besides (16, 1 and 16 MiB by
    // default). Measured with 30 open tables of 12 columns: 143 MB on disk, against 731 MB with 64K but the default for
    // symbols, and 1.4 GB with 1 MiB pages; resident memory (0.35–0.39 GB) and rows a second do not differ.
    'cairo.writer.data.append.page.size': '256K',
    'cairo.wal.writer.data.append.page.size': '64K',
    'cairo.writer.data.index.value.append.page.size': '256K',
    'cairo.writer.data.index.key.append.page.size': '64K',
    'cairo.o3.column.memory.size': '256K',
    // An idle writer holds about 30 descriptors a table.
    'cairo.inactive.writer.ttl': 60_000,
    'cairo.wal.inactive.writer.ttl': 60_000,
    'cairo.inactive.reader.ttl': 60_000,
    // Two by default, shared between Parquet and CSV; one more gets 429.
    'http.export.connection.limit': 32,
    ...workerPatience,
    // Half the machine: beside it run Kafka, the services and whoever uses the machine.
    'ram.usage.limit.percent': 50,
  };
}

/** `conf/server.conf`. Strict validation makes QuestDB refuse a key it does not know, so none is silently ignored. */
export function questdbServerConf(config: QuestdbConfig): string {
  return renderProperties({
    'config.validation.strict': true,
    ...questdbSettings(config.secrets),
    'http.bind.to': `${LOOPBACK}:${config.httpPort}`,
    'pg.net.bind.to': `${LOOPBACK}:${config.pgPort}`,
  });
}

/** `conf/log.conf`: errors and advice to a bounded file; by default every query is logged. */
export function questdbLogConf(logDir: string): string {
  return renderProperties({
    writers: 'file',
    'w.file.class': 'io.questdb.log.LogRollingFileWriter',
    'w.file.location': `${logDir}/questdb.log.\${date:yyyyMMdd}`,
    'w.file.level': 'ERROR,CRITICAL,ADVISORY',
    'w.file.rollEvery': 'day',
    'w.file.rollSize': '10m',
    'w.file.sizeLimit': '50m',
  });
}

import { describe, expect, it } from 'vitest';
import { kafkaEnvironment, questdbEnvironment } from './docker-stack.ts';
import { kafkaLog4j, kafkaProperties, renderProperties } from './kafka-config.ts';
import { questdbLogConf, questdbServerConf } from './questdb-config.ts';
import { newSecrets } from './state.ts';

/** Reads a rendered file back the way Java does, as far as we write it. */
function parse(text: string): Map<string, string> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): [string, string] => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1).replaceAll('\\\\', '\\')];
      }),
  );
}

describe('rendering of properties', () => {
  it('keeps backslashes, which start an escape in Java', () => {
    expect(parse(renderProperties({ a: 'C:\\data', b: 1, c: false }))).toEqual(
      new Map([
        ['a', 'C:\\data'],
        ['b', '1'],
        ['c', 'false'],
      ]),
    );
  });

  it('refuses a value that would start a setting of its own', () => {
    expect(() => renderProperties({ path: 'x\nauto.create.topics.enable=true' })).toThrow(/path.*one line/);
  });
});

describe('configuration of Kafka', () => {
  const conf = parse(kafkaProperties({ dataDir: '/data/with space', port: 19092, controllerPort: 19093 }));

  it('listens on the loopback address only', () => {
    expect(conf.get('listeners')).toBe('PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093');
    expect(conf.get('advertised.listeners')).toBe('PLAINTEXT://127.0.0.1:19092');
    expect(conf.get('controller.quorum.voters')).toBe('1@127.0.0.1:19093');
    expect(conf.get('log.dirs')).toBe('/data/with space');
  });

  it('creates no topic that nobody declared and takes records of 2 MiB', () => {
    expect(conf.get('auto.create.topics.enable')).toBe('false');
    expect(Number(conf.get('message.max.bytes'))).toBeGreaterThanOrEqual(2 * 1024 * 1024);
    expect(conf.get('group.initial.rebalance.delay.ms')).toBe('0');
  });

  it('bounds its log', () => {
    const log = parse(kafkaLog4j('/logs/kafka.log'));
    expect(log.get('appender.file.fileName')).toBe('/logs/kafka.log');
    expect(log.get('appender.file.strategy.max')).toBe('3');
  });

  it('names settings as the Apache image does', () => {
    const env = kafkaEnvironment(19092);
    expect(env['KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS']).toBe('0');
    expect(env['KAFKA_ADVERTISED_LISTENERS']).toContain('EXTERNAL://127.0.0.1:19092');
  });
});

describe('configuration of QuestDB', () => {
  const secrets = newSecrets();
  const conf = parse(questdbServerConf({ httpPort: 19000, pgPort: 18812, secrets }));

  it('listens on the loopback address only, and not at all on what has no authentication', () => {
    expect(conf.get('http.bind.to')).toBe('127.0.0.1:19000');
    expect(conf.get('pg.net.bind.to')).toBe('127.0.0.1:18812');
    expect(conf.get('line.tcp.enabled')).toBe('false');
    expect(conf.get('http.min.enabled')).toBe('false');
  });

  it('changes both passwords, and gives no two stacks the same', () => {
    expect(conf.get('pg.password')).toBe(secrets.pgPassword);
    expect(conf.get('pg.readonly.password')).toBe(secrets.pgReadonlyPassword);
    expect(new Set([secrets, newSecrets()].flatMap((s) => [s.pgPassword, s.pgReadonlyPassword])).size).toBe(
      4,
    );
  });

  it('creates no table or column that nobody declared', () => {
    expect(conf.get('line.auto.create.new.tables')).toBe('false');
    expect(conf.get('line.auto.create.new.columns')).toBe('false');
  });

  it('bounds its log and names settings as its image does', () => {
    expect(parse(questdbLogConf('/logs')).get('w.file.location')).toBe('/logs/questdb.log.${date:yyyyMMdd}');
    expect(questdbEnvironment(secrets)['QDB_LINE_TCP_ENABLED']).toBe('false');
  });
});

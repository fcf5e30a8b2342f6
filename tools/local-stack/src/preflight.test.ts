import { describe, expect, it } from 'vitest';
import { judgeFreeSpace } from './disk.ts';
import { LocalStackError } from './errors.ts';
import { downloadProgress, mavenReason, sortJars } from './jars.ts';
import { javaCommand, parseJavaMajor, requireJava, requireMaven } from './java.ts';
import { tellingLines } from './log-tail.ts';
import { portBusyMessage } from './ports.ts';

const MIB = 1024 * 1024;

describe('Java', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_412"', 8],
    ['openjdk version "25-ea" 2025-09-16', 25],
    ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
  ])('%s is %s', (output, major) => {
    expect(parseJavaMajor(output)).toBe(major);
  });

  it('is the one that is named, then that of JAVA_HOME, then that of the PATH', () => {
    expect(javaCommand({ TICKWELL_JAVA: '/a/java', JAVA_HOME: '/b' })).toBe('/a/java');
    expect(javaCommand({ JAVA_HOME: '/b' })).toBe('/b/bin/java');
    expect(javaCommand({})).toBe('java');
  });

  it('is asked for in one line where there is none', async () => {
    const failure = await requireJava({ TICKWELL_JAVA: '/nowhere/java' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LocalStackError);
    expect(failure).toMatchObject({ code: 'stack.java_missing', retryable: false });
    expect((failure as LocalStackError).message).toMatch(
      /^Java 17 or later is needed[^\n]*install it[^\n]*$/,
    );
  });
});

describe('Maven', () => {
  it('is asked for in one line where there is none', async () => {
    await expect(requireMaven({ TICKWELL_MVN: '/nowhere/mvn' })).rejects.toMatchObject({
      code: 'stack.maven_missing',
      message: expect.stringMatching(/^Maven \("\/nowhere\/mvn"\) is needed once[^\n]*$/) as string,
    });
  });

  it('has its reason found among what it prints', () => {
    const lines = [
      '[INFO] Scanning',
      '[ERROR] Could not resolve org.apache.kafka:kafka_2.13',
      '[ERROR] more',
    ];
    expect(mavenReason(lines, 'Maven ended with 1')).toBe('Could not resolve org.apache.kafka:kafka_2.13');
    expect(mavenReason(['[INFO] Scanning'], 'spawn failed')).toBe('spawn failed');
  });

  it('has its progress told now and then', () => {
    const told: string[] = [];
    let ms = 0;
    const progress = downloadProgress(
      (line) => told.push(line),
      () => ms,
    );
    const downloaded = (size: string): void => {
      progress(`[INFO] Downloaded from central: https://host/x.jar (${size} at 3.2 MB/s)`);
    };
    downloaded('1.5 MB');
    progress('[INFO] Downloaded from central: https://host/x.pom (9 kB at 1 kB/s)');
    progress('[INFO] Downloading from central: https://host/y.jar');
    ms = 2_500;
    downloaded('500 kB');
    ms = 3_000;
    downloaded('7 MB');
    expect(told).toEqual(['fetched 2 files, 2.0 MB']);
  });

  it('has its JARs sorted by what uses them', () => {
    const names = [
      'slf4j-api-1.jar',
      'questdb-9.3.4.jar',
      'ta4j-examples-0.18.jar',
      'kafka_2.13-4.4.0.jar',
      'x.txt',
    ];
    expect(sortJars('/j', names)).toEqual({
      dir: '/j',
      kafkaClassPath: '/j/kafka_2.13-4.4.0.jar:/j/slf4j-api-1.jar',
      questdb: '/j/questdb-9.3.4.jar',
      sample: '/j/ta4j-examples-0.18.jar',
    });
    expect(() => sortJars('/j', names.slice(1))).not.toThrow();
    expect(() => sortJars('/j', names.slice(2))).toThrow(/\/j is incomplete/);
  });
});

describe('the disk', () => {
  it.each([
    [3000, 'ok'],
    [2048, 'ok'],
    [2047, 'warn'],
    [500, 'warn'],
    [499, 'refuse'],
  ])('with %d MiB free: %s', (mib, kind) => {
    const verdict = judgeFreeSpace('/data', mib * MIB);
    expect(verdict.kind).toBe(kind);
    if (verdict.kind !== 'ok') expect(verdict.message).toContain(`only ${mib} MiB free on the disk of /data`);
  });
});

describe('a busy port', () => {
  it('is named with its variable and a port that exists', () => {
    const wanted = { label: 'Kafka', variable: 'TICKWELL_KAFKA_PORT' };
    expect(portBusyMessage(9092, wanted)).toMatch(
      /^port 9092 for Kafka is in use.*TICKWELL_KAFKA_PORT=19092$/,
    );
    expect(portBusyMessage(60_000, wanted)).toMatch(/TICKWELL_KAFKA_PORT=50000$/);
  });
});

describe('last words of a log', () => {
  it('are the lines that name a failure, without stack frames', () => {
    const log =
      'start\n\nERROR it broke\n\tat a.b(C.java:1)\n\tat c.d(E.java:2)\n\t... 3 more\nCaused by: disk\n\tat x.y(Z.java)\n';
    expect(tellingLines(log)).toBe('ERROR it broke | Caused by: disk');
    expect(tellingLines('all is well\n')).toBe('');
  });
});

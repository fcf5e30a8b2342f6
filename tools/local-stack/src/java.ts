import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalStackError } from './errors.ts';

const run = promisify(execFile);
const MIN_JAVA = 17;
const VERSION_TIMEOUT_MS = 60_000;

export interface Java {
  readonly command: string;
  /** All that `java -version` says: names the build. */
  readonly version: string;
}

/** The major version in the answer to `java -version`: 17 of `"17.0.15"`, 8 of `"1.8.0_412"`. */
export function parseJavaMajor(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match === null ? undefined : Number(match[1]);
}

/** `TICKWELL_JAVA`, then `JAVA_HOME`, then the PATH. */
export function javaCommand(env: NodeJS.ProcessEnv): string {
  const named = env['TICKWELL_JAVA'];
  if (named !== undefined && named !== '') return named;
  const home = env['JAVA_HOME'];
  return home !== undefined && home !== '' ? join(home, 'bin', 'java') : 'java';
}

/**
 * The java to run Kafka and QuestDB with.
 *
 * @throws LocalStackError `stack.java_missing` or `stack.java_too_old`, saying how to get one.
 */
export async function requireJava(env: NodeJS.ProcessEnv = process.env): Promise<Java> {
  const command = javaCommand(env);
  let output: string;
  try {
    const { stdout, stderr } = await run(command, ['-version'], { env, timeout: VERSION_TIMEOUT_MS });
    output = `${stdout}\n${stderr}`;
  } catch (cause) {
    throw new LocalStackError('stack.java_missing', javaMissing(command), { cause });
  }
  const major = parseJavaMajor(output);
  if (major === undefined) throw new LocalStackError('stack.java_missing', javaMissing(command));
  if (major < MIN_JAVA) {
    throw new LocalStackError(
      'stack.java_too_old',
      `Java ${MIN_JAVA} or later is needed and "${command}" is Java ${major}: install a newer one, or point JAVA_HOME at it`,
    );
  }
  return { command, version: output };
}

/** @throws LocalStackError `stack.maven_missing`. */
export async function requireMaven(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = env['TICKWELL_MVN'];
  const command = named === undefined || named === '' ? 'mvn' : named;
  try {
    await run(command, ['-v'], { env, timeout: VERSION_TIMEOUT_MS });
    return command;
  } catch (cause) {
    throw new LocalStackError(
      'stack.maven_missing',
      `Maven ("${command}") is needed once, to fetch Kafka and QuestDB: install it (apt-get install maven, ` +
        'brew install maven), or name running servers in TICKWELL_KAFKA_BROKERS and TICKWELL_QUESTDB_HTTP_URL',
      { cause },
    );
  }
}

function javaMissing(command: string): string {
  return (
    `Java ${MIN_JAVA} or later is needed to run Kafka and QuestDB and "${command}" does not run: install it ` +
    '(apt-get install openjdk-17-jre-headless, brew install openjdk@17), point JAVA_HOME at it, ' +
    'or name running servers in TICKWELL_KAFKA_BROKERS and TICKWELL_QUESTDB_HTTP_URL'
  );
}

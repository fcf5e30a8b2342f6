import { dirname, join } from 'node:path';

const PACKAGE_DIR = dirname(import.meta.dirname);

export const POM_PATH: string = join(PACKAGE_DIR, 'pom.xml');

/** Where everything that is fetched or written lives: `TICKWELL_HOME`, or `.tickwell` in the repository. */
export function tickwellHome(env: NodeJS.ProcessEnv = process.env): string {
  const fromEnv = env['TICKWELL_HOME'];
  return fromEnv === undefined || fromEnv === '' ? join(PACKAGE_DIR, '..', '..', '.tickwell') : fromEnv;
}

/** What lies where below a stack's data directory. */
export interface StackLayout {
  readonly dataDir: string;
  readonly stateFile: string;
  readonly lockFile: string;
  readonly logDir: string;
  readonly kafkaDir: string;
  readonly kafkaData: string;
  readonly kafkaProperties: string;
  readonly kafkaLog4j: string;
  readonly questdbDir: string;
}

export function stackLayout(dataDir: string): StackLayout {
  const kafkaDir = join(dataDir, 'kafka');
  return {
    dataDir,
    stateFile: join(dataDir, 'stack.json'),
    lockFile: join(dataDir, 'stack.lock'),
    logDir: join(dataDir, 'logs'),
    kafkaDir,
    kafkaData: join(kafkaDir, 'data'),
    kafkaProperties: join(kafkaDir, 'server.properties'),
    kafkaLog4j: join(kafkaDir, 'log4j2.properties'),
    questdbDir: join(dataDir, 'questdb'),
  };
}

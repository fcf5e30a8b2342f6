import type { Command } from 'commander';
import { DEFAULT_PORTS } from '@tickwell/local-stack';
import type { CliContext } from '../context.ts';
import { copies, port, withInstance, type Copies } from '../options.ts';
import type { HostOptions } from './host.ts';
import { DEFAULT_GRPC_PORT } from './platform.ts';
import type { OnStep } from './steps.ts';

/** What a person may choose about a platform that is to be started. */
export interface StartFlags {
  readonly instance: string;
  readonly copies?: Copies;
  readonly grpcPort?: number;
  readonly kafkaPort?: number;
  readonly questdbHttpPort?: number;
  readonly questdbPgPort?: number;
}

export function withStartOptions(command: Command): Command {
  const { kafka, questdbHttp, questdbPg } = DEFAULT_PORTS;
  return withInstance(command)
    .option('--copies <list>', 'processes of each service, for example validator=2,storage=2', copies)
    .option('--grpc-port <port>', `default ${DEFAULT_GRPC_PORT}; 0: any free one`, port)
    .option('--kafka-port <port>', `default ${kafka}; 0: any free one`, port)
    .option('--questdb-http-port <port>', `default ${questdbHttp}; 0: any free one`, port)
    .option('--questdb-pg-port <port>', `default ${questdbPg}; 0: any free one`, port);
}

/** The well-known ports belong to the default instance; any other takes free ones, so that several run side by side. */
export function hostOptions(context: CliContext, flags: StartFlags, onStep: OnStep): HostOptions {
  const isDefault = flags.instance === 'default';
  const named = (variable: string): number | undefined =>
    isDefault || context.env[variable] ? undefined : 0;
  return {
    root: context.root,
    env: context.env,
    instance: flags.instance,
    dataDir: context.dataDir(flags.instance),
    copies: flags.copies,
    grpcPort: flags.grpcPort ?? (isDefault ? DEFAULT_GRPC_PORT : 0),
    kafkaPort: flags.kafkaPort ?? named('TICKWELL_KAFKA_PORT'),
    questdbHttpPort: flags.questdbHttpPort ?? named('TICKWELL_QUESTDB_HTTP_PORT'),
    questdbPgPort: flags.questdbPgPort ?? named('TICKWELL_QUESTDB_PG_PORT'),
    onStep,
  };
}

/** The same choices as arguments, for the process that `up` starts. */
export function startArguments(flags: StartFlags): string[] {
  const wanted = Object.entries(flags.copies ?? {}).map(([name, count]) => `${name}=${count}`);
  const ports = [
    ['--grpc-port', flags.grpcPort],
    ['--kafka-port', flags.kafkaPort],
    ['--questdb-http-port', flags.questdbHttpPort],
    ['--questdb-pg-port', flags.questdbPgPort],
  ] as const;
  return [
    ...(wanted.length > 0 ? ['--copies', wanted.join(',')] : []),
    ...ports.flatMap(([option, value]) => (value === undefined ? [] : [option, String(value)])),
  ];
}

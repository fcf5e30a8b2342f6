import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { ConfigClient } from '@tickwell/client';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { wholeNumber, withExamples, withInstance, withJson } from '../options.ts';

export interface ConnectionFlags {
  readonly instance: string;
  readonly address?: string;
  readonly json?: true;
}

/** What commands that call the query service share. */
export function withConnection(command: Command, examples: readonly string[]): Command {
  command.option('--address <host:port>', 'of query; default: that of the running platform');
  return withExamples(withJson(withInstance(command)), examples);
}

/** What commands that write a document share. */
export function withEdit(command: Command, examples: readonly string[]): Command {
  command
    .option(
      '--expect-version <number>',
      'refuse if it is at another version by now; 0: there must be none',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--author <name>', 'who, for the history; default: the user of this machine');
  return withConnection(command, examples);
}

/** Runs `work` with a client that is closed after it. */
export async function withConfigClient<T>(
  context: CliContext,
  flags: ConnectionFlags,
  work: (config: ConfigClient) => Promise<T>,
): Promise<T> {
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    return await work(client.config);
  } finally {
    client.close();
  }
}

/** Who edits, for the history. */
export function author(): string {
  return userInfo().username;
}

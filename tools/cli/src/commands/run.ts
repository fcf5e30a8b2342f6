import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { withExamples } from '../options.ts';
import { placeLines } from '../places.ts';
import { PlatformHost, type HostOptions } from '../platform/host.ts';
import { hostOptions, withStartOptions, type StartFlags } from '../platform/host-options.ts';
import type { OnStep } from '../platform/steps.ts';
import { fired, stopSignal } from '../stop-signal.ts';

/** `tickwell run`: what `up` starts in the background, and what a process manager starts in the foreground. */
export function addRun(program: Command, context: CliContext): void {
  const command = program
    .command('run')
    .description('as "up", in the foreground: for process managers; SIGTERM or Ctrl-C drains and ends it');
  withExamples(withStartOptions(command), ['tickwell run', 'tickwell run --copies storage=2']);
  command.action(async (flags: StartFlags) => {
    const { terminal } = context;
    const log = (line: string): void => {
      terminal.print(`${new Date().toISOString()} ${line}`);
    };
    const stop = stopSignal((signal) => {
      log(`${signal}: draining`);
    });
    const onStep: OnStep = ({ text }) => {
      log(text);
    };
    const host = await startUnless(stop, hostOptions(context, flags, onStep));
    if (host === undefined) {
      log('stopped');
      return;
    }
    log('ready');
    for (const line of placeLines(host.platform.endpoints, host.platform.grpcAddress)) terminal.print(line);
    await fired(stop);
    await host.stop();
    log('stopped');
  });
}

/** Undefined: the signal came first, and nothing runs. */
async function startUnless(signal: AbortSignal, options: HostOptions): Promise<PlatformHost | undefined> {
  try {
    return await PlatformHost.start({ ...options, signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { importAndProve, printPlaces, replayLive, type DemoParts } from '../demo/demo.ts';
import { formatDuration } from '../format/numbers.ts';
import { withExamples } from '../options.ts';
import { PlatformHost } from '../platform/host.ts';
import { hostOptions, withStartOptions, type StartFlags } from '../platform/host-options.ts';
import { instancePaths, isReady, livePlatform } from '../platform/platform-state.ts';
import { fired, hasFired, stopSignal } from '../stop-signal.ts';
import { whenPipeCloses } from '../terminal.ts';

interface Flags extends StartFlags {
  readonly once?: true;
  readonly replay: boolean;
}

/** `tickwell demo`, which is also `npm start`. */
export function addDemo(program: Command, context: CliContext): void {
  const command = program
    .command('demo')
    .description('start everything, import real market data, show it at every stage, then live (= npm start)')
    .option('--once', 'end, with exit code 0, when all of it is stored and read back')
    .option('--no-replay', 'after the import, no live replay: only keep running');
  withExamples(withStartOptions(command), ['npm start', 'npm start -- --once', 'tickwell demo --no-replay']);
  command.action((flags: Flags) => runDemo(context, flags));
}

async function runDemo(context: CliContext, flags: Flags): Promise<void> {
  const { terminal } = context;
  const stop = stopSignal(() => {
    terminal.note('stopping: the services drain first (Ctrl-C again ends it at once)');
  });
  // Nobody reads any more: drain and end, as after Ctrl-C. Only once, for every further line fails as well.
  whenPipeCloses(() => {
    if (hasFired(stop)) return;
    process.kill(process.pid, 'SIGTERM');
  });
  const running = await livePlatform(instancePaths(context.dataDir(flags.instance)).stateFile);
  if (isReady(running)) {
    terminal.note(`using the platform that process ${running.owner.pid} runs`);
    await work({ context, ...running, signal: stop }, flags);
    return;
  }
  const startedMs = performance.now();
  terminal.note('starting Kafka, QuestDB and the services');
  const host = await PlatformHost.start(
    hostOptions(context, flags, (line) => {
      terminal.note(line);
    }),
  );
  try {
    terminal.note(`everything is ready after ${formatDuration(performance.now() - startedMs)}`);
    const { endpoints, grpcAddress } = host.platform;
    await work({ context, endpoints, grpcAddress, signal: stop }, flags);
  } finally {
    await host.stop();
  }
}

async function work(parts: DemoParts, flags: Flags): Promise<void> {
  const { signal } = parts;
  try {
    if (!hasFired(signal)) await importAndProve(parts);
    if (hasFired(signal)) return;
    printPlaces(parts);
    if (flags.once === true) return;
    if (flags.replay) await replayLive(parts);
    else await fired(signal);
  } catch (error) {
    // What was interrupted says so in its own ways; the reason is the signal.
    if (!hasFired(signal)) throw error;
  }
}

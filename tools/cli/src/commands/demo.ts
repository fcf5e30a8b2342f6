import type { Command } from 'commander';
import { TickwellError } from '@tickwell/domain';
import type { CliContext } from '../context.ts';
import { importAndProve, printPlaces, type DemoParts } from '../demo/demo.ts';
import { gatewayLive, replayLive } from '../demo/live.ts';
import { formatDuration } from '../format/numbers.ts';
import { withExamples } from '../options.ts';
import { joinPlatform } from '../platform/background.ts';
import { PLATFORM_RUNNING, PlatformHost } from '../platform/host.ts';
import { hostOptions, withStartOptions, type StartFlags } from '../platform/host-options.ts';
import { instancePaths } from '../platform/platform-state.ts';
import { stepText, type OnStep } from '../platform/steps.ts';
import { fired, hasFired, stopSignal } from '../stop-signal.ts';
import { whenPipeCloses } from '../terminal.ts';

const START_ATTEMPTS = 3;
const EXIT_INTERRUPTED = 130;

interface Flags extends StartFlags {
  readonly once?: true;
  readonly replay: boolean;
  readonly live?: true;
}

/** `tickwell demo`, which is also `npm start`. */
export function addDemo(program: Command, context: CliContext): void {
  const command = program
    .command('demo')
    .description('start everything, import real market data, show it at every stage, then live (= npm start)')
    .option('--once', 'end, with exit code 0, when all of it is stored and read back')
    .option(
      '--live',
      'then follow a simulated IB Gateway instead of a replay: ticks, pacing, repair of holes',
    )
    .option('--no-replay', 'after the import, no live replay: only keep running');
  withExamples(withStartOptions(command), [
    'npm start',
    'npm start -- --once',
    'npm start -- --live',
    'tickwell demo --no-replay',
  ]);
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
  const { platform, host } = await joinOrStart(context, flags, stop);
  try {
    if (platform !== undefined) await work({ context, ...platform, signal: stop }, flags);
  } finally {
    await host?.stop();
    // Interrupted, so that nothing is proved.
    if (hasFired(stop) && flags.once === true) process.exitCode = EXIT_INTERRUPTED;
    if (hasFired(stop) && platform !== undefined)
      terminal.note(host === undefined ? 'stopped; the platform goes on' : 'stopped');
  }
}

interface Found {
  /** Undefined: the signal came first. */
  readonly platform: Pick<DemoParts, 'endpoints' | 'grpcAddress'> | undefined;
  /** Where it is our own, to be stopped. */
  readonly host?: PlatformHost;
}

/** The platform that runs, the one that another process is starting, or one of our own. */
async function joinOrStart(context: CliContext, flags: Flags, signal: AbortSignal): Promise<Found> {
  const { terminal } = context;
  const startedMs = performance.now();
  const onStep: OnStep = (step) => {
    terminal.note(stepText(step));
  };
  for (let attempt = 1; ; attempt += 1) {
    const platform = await joinPlatform(instancePaths(context.dataDir(flags.instance)), onStep, signal);
    if (hasFired(signal)) return { platform: undefined };
    if (platform !== undefined) {
      terminal.note(`using the platform that process ${platform.owner.pid} runs`);
      return { platform };
    }
    terminal.note('starting Kafka, QuestDB and the services');
    try {
      const host = await PlatformHost.start({ ...hostOptions(context, flags, onStep), signal });
      terminal.note(`everything is ready after ${formatDuration(performance.now() - startedMs)}`);
      return { platform: host.platform, host };
    } catch (error) {
      if (hasFired(signal)) {
        terminal.note('stopped');
        return { platform: undefined };
      }
      // Another process came first, between our look and our start: that one is joined.
      const isLate = error instanceof TickwellError && error.code === PLATFORM_RUNNING;
      if (!isLate || attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function work(parts: DemoParts, flags: Flags): Promise<void> {
  const { signal } = parts;
  try {
    if (!hasFired(signal)) await importAndProve(parts);
    if (hasFired(signal)) return;
    printPlaces(parts);
    if (flags.once === true) return;
    if (flags.live === true) await gatewayLive(parts);
    else if (flags.replay) await replayLive(parts);
    else await fired(signal);
  } catch (error) {
    // What was interrupted says so in its own ways; the reason is the signal.
    if (!hasFired(signal)) throw error;
  }
}

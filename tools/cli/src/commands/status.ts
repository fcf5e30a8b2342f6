import type { Command } from 'commander';
import { TickwellError } from '@tickwell/domain';
import { openLog } from '../connection.ts';
import { instanceOption, type CliContext } from '../context.ts';
import { withExamples, withInstance, withJson } from '../options.ts';
import { placeLines } from '../places.ts';
import { instancePaths, livePlatform, type PlatformState } from '../platform/platform-state.ts';
import { StatusCollector } from '../status/collect.ts';
import { statusLines } from '../status/render.ts';

const WATCH_EVERY_MS = 2_000;

interface Flags {
  readonly instance: string;
  readonly json?: true;
  readonly watch?: true;
}

/** `tickwell status` */
export function addStatus(program: Command, context: CliContext): void {
  const command = program
    .command('status')
    .description('every part of the platform: state, process, lag, rates; exit 1 unless all are ready');
  withJson(withInstance(command)).option('--watch', 'look again every 2 seconds, until Ctrl-C');
  withExamples(command, ['tickwell status', 'tickwell status --watch', 'tickwell status --json | jq .ok']);
  command.action((flags: Flags) => showStatus(context, flags));
}

async function showStatus(context: CliContext, flags: Flags): Promise<void> {
  const stateFile = instancePaths(context.dataDir(flags.instance)).stateFile;
  const first = await requireRunning(stateFile, flags);
  if (first.endpoints === undefined) {
    if (flags.json === true) {
      const { state, owner, message } = first;
      context.terminal.print(JSON.stringify({ ok: false, state, pid: owner.pid, message, parts: [] }));
    } else {
      context.terminal.print(`${first.state} (process ${first.owner.pid}): ${first.message}`);
    }
    process.exitCode = 1;
    return;
  }
  const log = openLog(first.endpoints);
  try {
    const collector = new StatusCollector(log, context.env);
    await showOnce(context, flags, collector, first);
    while (flags.watch === true) {
      await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
      await showOnce(context, flags, collector, await requireRunning(stateFile, flags));
    }
  } finally {
    await log.close();
  }
}

async function showOnce(
  { terminal }: CliContext,
  flags: Flags,
  collector: StatusCollector,
  state: PlatformState,
): Promise<void> {
  const { endpoints } = state;
  if (endpoints === undefined) return;
  const status = await collector.collect(state, endpoints);
  process.exitCode = status.ok ? 0 : 1;
  if (flags.json === true) {
    const { kafkaBrokers, questdbHttpUrl } = endpoints;
    terminal.print(
      JSON.stringify({ ...status, grpcAddress: state.grpcAddress, kafkaBrokers, questdbHttpUrl }),
    );
    return;
  }
  for (const line of statusLines(status, (style, text) => terminal.paint(style, text))) terminal.print(line);
  if (flags.watch === true) terminal.print('');
  else if (state.grpcAddress !== undefined)
    for (const line of placeLines(endpoints, state.grpcAddress)) terminal.print(line);
}

async function requireRunning(stateFile: string, { instance }: Flags): Promise<PlatformState> {
  const state = await livePlatform(stateFile);
  if (state !== undefined) return state;
  throw new TickwellError(
    'platform-not-running',
    `no platform "${instance}" is running: start it with "tickwell up${instanceOption(instance)}"`,
  );
}

import type { Command } from 'commander';
import { parseStackEnvironment, type StackEndpoints } from '@tickwell/local-stack';
import { instanceOption, type CliContext } from '../context.ts';
import { ok, type Finding, type Level } from '../doctor/check.ts';
import { machineChecks, startChecks } from '../doctor/machine-checks.ts';
import { serverChecks, serviceChecks } from '../doctor/platform-checks.ts';
import { withExamples, withInstance, withJson } from '../options.ts';
import { instancePaths, livePlatform, type PlatformState } from '../platform/platform-state.ts';
import type { Paint, Terminal } from '../terminal.ts';

const PAINT: Readonly<Record<Level, Paint>> = { ok: 'green', warn: 'yellow', fail: 'red' };

/** `tickwell doctor` */
export function addDoctor(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .description('what is wrong with this machine or the platform, and what to do; exit 1 if something is');
  withExamples(withJson(withInstance(command)), ['tickwell doctor', 'tickwell doctor --json']);
  command.action(async (flags: { instance: string; json?: true }) => {
    const { terminal } = context;
    const findings = await examineAll(context, flags.instance);
    if (findings.some(({ level }) => level === 'fail')) process.exitCode = 1;
    if (flags.json === true) terminal.print(JSON.stringify({ ok: process.exitCode !== 1, findings }));
    else for (const line of findingLines(findings, terminal.paint.bind(terminal))) terminal.print(line);
  });
}

async function examineAll(context: CliContext, instance: string): Promise<readonly Finding[]> {
  const machine = await machineChecks(context, instance);
  const state = await livePlatform(instancePaths(context.dataDir(instance)).stateFile);
  const endpoints = endpointsOf(context, state);
  const platform: Finding = {
    check: 'platform',
    ...ok(
      state === undefined
        ? `"${instance}" is not running: "tickwell up${instanceOption(instance)}" starts it`
        : `"${instance}" is run by process ${state.owner.pid} (${state.state})`,
    ),
  };
  const start = state === undefined && endpoints === undefined ? await startChecks(context, instance) : [];
  const servers = endpoints === undefined ? [] : await serverChecks(context, endpoints);
  const services = state?.endpoints === undefined ? [] : await serviceChecks(context, state, state.endpoints);
  return [...machine, platform, ...start, ...services, ...servers];
}

function endpointsOf(context: CliContext, state: PlatformState | undefined): StackEndpoints | undefined {
  if (state?.endpoints !== undefined) return state.endpoints;
  try {
    return parseStackEnvironment({ ...context.env }).endpoints;
  } catch {
    // One of the findings says so already.
    return undefined;
  }
}

function findingLines(findings: readonly Finding[], paint: Terminal['paint']): readonly string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.map(
    ({ check, level, message }) =>
      `${paint(PAINT[level], level.padEnd(4))}  ${check.padEnd(width)}  ${message}`,
  );
}

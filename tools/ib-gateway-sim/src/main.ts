/** `npm run ib-sim`: wiring only. */
import { readFileSync } from 'node:fs';
import { createLogger } from '@tickwell/runtime';
import { HELP, parseArguments, type Arguments } from './arguments.ts';
import type { Fault } from './faults/fault.ts';
import { parseFaultFile } from './faults/parse.ts';
import { createMarket } from './market/index.ts';
import { startIbGatewaySim, type IbGatewaySim } from './server.ts';
import { knownZone } from './time/ib-time.ts';

const BAD_USAGE = 2;

function fail(message: string, code = 1): never {
  process.stderr.write(`ib-sim: ${message}\n`);
  process.exit(code);
}

function readFaults({ faultsFile, startMs }: Arguments): readonly Fault[] {
  if (faultsFile === undefined) return [];
  let text: string;
  try {
    text = readFileSync(faultsFile, 'utf8');
  } catch (error) {
    return fail(`--faults: ${error instanceof Error ? error.message : String(error)}`, BAD_USAGE);
  }
  const faults = parseFaultFile(text, faultsFile, { startMs, zone: knownZone('US/Eastern') });
  return faults.ok ? faults.value : fail(faults.error, BAD_USAGE);
}

async function start(options: Arguments): Promise<IbGatewaySim> {
  const faults = readFaults(options);
  // The market asks for the time before there is a clock.
  let nowMs = (): number => options.startMs;
  // The first line is the one that says the port: what faults say before it waits.
  let early: string[] | undefined = [];
  const write = (line: string): void => {
    if (early === undefined) process.stdout.write(line);
    else early.push(line);
  };
  const say = (event: string): void => {
    const at = new Date(nowMs()).toISOString();
    write(options.json ? `${JSON.stringify({ at, event })}\n` : `${at} ${event}\n`);
  };
  const market = await createMarket({
    dataDir: options.dataDir,
    logger: createLogger({ service: 'ib-gateway-sim', level: 'warn' }),
    now: () => nowMs(),
  });
  const { marketDataLines, tickByTickLines } = options;
  const simulator = await startIbGatewaySim({
    market,
    port: options.port,
    startMs: options.startMs,
    speed: options.speed,
    faults,
    limits: {
      ...(marketDataLines === undefined ? {} : { marketDataLines }),
      ...(tickByTickLines === undefined ? {} : { tickByTickLines }),
    },
    log: say,
  });
  const { port, clock } = simulator;
  nowMs = () => clock.nowMs();
  const ready = {
    event: 'ready',
    port,
    instruments: market.instruments.length,
    speed: clock.speed,
    start: new Date(options.startMs).toISOString(),
    faults: faults.length,
  };
  process.stdout.write(
    options.json
      ? `${JSON.stringify(ready)}\n`
      : `IB Gateway simulator ready on 127.0.0.1:${port}: ${ready.instruments} instruments, clock from ${ready.start} at speed ${clock.speed}, ${ready.faults} faults; Ctrl-C stops it\n`,
  );
  const held = early;
  early = undefined;
  for (const line of held) write(line);
  return simulator;
}

const options = parseArguments(process.argv.slice(2), Date.now());
if (!options.ok) fail(`${options.error} (--help shows the options)`, BAD_USAGE);
if (options.value === 'help') process.stdout.write(HELP);
else {
  const { port } = options.value;
  const simulator = await start(options.value).catch((error: unknown) =>
    fail(
      error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
        ? `port ${port} is in use: choose another with --port, or 0 for any`
        : error instanceof Error
          ? error.message
          : String(error),
    ),
  );
  const stop = (): void => {
    const { json } = options.value as Arguments;
    const stats = simulator.stats();
    process.stdout.write(
      json
        ? `${JSON.stringify({ event: 'stopped', stats })}\n`
        : `stopped: ${stats.connections} connections, ${stats.messagesSent} messages, ${stats.violationsTotal} violations of limits\n`,
    );
    void simulator.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

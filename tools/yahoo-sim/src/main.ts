/** `npm run yahoo-sim`: wiring only. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELP, parseArguments, type Arguments } from './arguments.ts';
import { parseFaults, type FaultRule } from './faults.ts';
import { readRecordings, type Recording } from './recordings.ts';
import { startYahooSim, type YahooSim } from './server.ts';

const BAD_USAGE = 2;
const RECORDED = 'yahoo_recorded_http';

function fail(message: string, code = 1): never {
  process.stderr.write(`yahoo-sim: ${message}\n`);
  process.exit(code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readFaults(file: string | undefined): readonly FaultRule[] {
  if (file === undefined) return [];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return fail(`--faults: ${messageOf(error)}`, BAD_USAGE);
  }
  const faults = parseFaults(text, file);
  return faults.ok ? faults.value : fail(faults.error, BAD_USAGE);
}

/** The folder itself, or the one of that name in it. */
function recordingsOf(dataDir: string | undefined): readonly Recording[] {
  const given = dataDir ?? process.env['TICKWELL_TEST_DATA'];
  if (given === undefined) return [];
  const inner = join(given, RECORDED);
  const folder = existsSync(inner) ? inner : given;
  if (dataDir === undefined && folder !== inner) return [];
  try {
    return readRecordings(folder);
  } catch (error) {
    return fail(`--data: ${messageOf(error)}`, BAD_USAGE);
  }
}

async function start(options: Arguments): Promise<YahooSim> {
  const { port, failRate, tickers, requestsPerSecond, latencyMs, crumbUses, alwaysOpen, json } = options;
  const recordings = recordingsOf(options.dataDir);
  const say = (event: string): void => {
    process.stdout.write(json ? `${JSON.stringify({ event })}\n` : `${event}\n`);
  };
  const simulator = await startYahooSim({
    port,
    recordings,
    tickers,
    faults: readFaults(options.faultsFile),
    failRate,
    latencyMs,
    alwaysOpen,
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    ...(crumbUses === undefined ? {} : { crumbUses }),
    log: say,
  });
  const ready = { event: 'ready', url: simulator.url, recordings: recordings.length, synthetic: tickers };
  process.stdout.write(
    json
      ? `${JSON.stringify(ready)}\n`
      : `Yahoo simulator ready on ${ready.url}: ${ready.recordings} recorded answers, synthetic tickers SIM1 to SIM${tickers}; Ctrl-C stops it\n`,
  );
  return simulator;
}

const options = parseArguments(process.argv.slice(2));
if (!options.ok) fail(`${options.error} (--help shows the options)`, BAD_USAGE);
if (options.value === 'help') process.stdout.write(HELP);
else {
  const { port, json } = options.value;
  const simulator = await start(options.value).catch((error: unknown) =>
    fail(
      error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
        ? `port ${port} is in use: choose another with --port, or 0 for any`
        : messageOf(error),
    ),
  );
  const stop = (): void => {
    const { requests, served, tooMany } = simulator.stats();
    process.stdout.write(
      json
        ? `${JSON.stringify({ event: 'stopped', requests, served, tooMany })}\n`
        : `stopped: ${requests} requests, ${served} answered with data, ${tooMany} too many\n`,
    );
    void simulator.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

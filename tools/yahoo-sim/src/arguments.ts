/** The command line of `npm run yahoo-sim`. */
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '@tickwell/domain';

export interface Arguments {
  readonly port: number;
  readonly dataDir: string | undefined;
  readonly faultsFile: string | undefined;
  readonly failRate: number;
  readonly tickers: number;
  readonly requestsPerSecond: number | undefined;
  readonly latencyMs: number;
  readonly crumbUses: number | undefined;
  readonly alwaysOpen: boolean;
  readonly json: boolean;
}

export const HELP = `A simulated Yahoo Finance: replays recorded answers over HTTP, on 127.0.0.1 only, with Yahoo's cookies, crumbs, limits and moods.

usage: npm run yahoo-sim -- [options]

  --port N                 where it listens (default 4080; 0: any free port)
  --data DIR               recorded answers (default: yahoo_recorded_http of TICKWELL_TEST_DATA, where that is set)
  --tickers N              synthetic tickers SIM1 to SIMN, ten years of sessions each (default 50)
  --requests-per-second N  beyond it requests are too many: status 429 and status 200 with a text, in turn
  --latency MS             how long an answer takes (default 0)
  --fail-rate R            share of requests that fail, each in a way another attempt gets over, such as 0.3
  --faults FILE            faults to happen, as JSON: [{"fault":"html","ticker":"SIM1","endpoint":"chart","times":2}]
  --crumb-uses N           requests that a crumb is good for
  --always-open            synthetic quotes move day and night
  --json                   one JSON object per line instead of text
  --help                   this text

then, for example:
  npx tickwell ingest yahoo SIM1 SIM2 --from 2020-01-01 --url http://127.0.0.1:4080
`;

const OPTIONS = {
  port: { type: 'string' },
  data: { type: 'string' },
  faults: { type: 'string' },
  'fail-rate': { type: 'string' },
  tickers: { type: 'string' },
  'requests-per-second': { type: 'string' },
  latency: { type: 'string' },
  'crumb-uses': { type: 'string' },
  'always-open': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The arguments, "help", or what is wrong with them in one line. */
export function parseArguments(args: readonly string[]): Result<Arguments | 'help', string> {
  const parsed = readOptions(args);
  if (!parsed.ok) return parsed;
  const values = parsed.value;
  if (values.help === true) return ok('help');
  const problems: string[] = [];
  const number = (name: keyof typeof values, min: number, max: number, whole = true): number | undefined => {
    const text = values[name];
    if (typeof text !== 'string') return undefined;
    const value = Number(text);
    if (text.trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value)))
      return value;
    problems.push(`--${name} "${text}": use a ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
    return undefined;
  };
  const result: Arguments = {
    port: number('port', 0, 65_535) ?? 4080,
    dataDir: values.data,
    faultsFile: values.faults,
    failRate: number('fail-rate', 0, 1, false) ?? 0,
    tickers: number('tickers', 0, 100_000) ?? 50,
    requestsPerSecond: number('requests-per-second', 0.01, 10_000, false),
    latencyMs: number('latency', 0, 600_000) ?? 0,
    crumbUses: number('crumb-uses', 1, 1_000_000_000),
    alwaysOpen: values['always-open'] === true,
    json: values.json === true,
  };
  return problems.length === 0 ? ok(result) : err(problems.join('; '));
}

function readOptions(args: readonly string[]): Result<ReturnType<typeof parse>, string> {
  try {
    return ok(parse(args));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], allowPositionals: false, options: OPTIONS }).values;
}

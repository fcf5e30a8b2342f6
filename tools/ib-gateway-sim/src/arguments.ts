/** The command line of `npm run ib-sim`. */
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '@tickwell/domain';
import { knownZone, parseIbTime } from './time/ib-time.ts';

export interface Arguments {
  readonly port: number;
  readonly dataDir: string | undefined;
  readonly faultsFile: string | undefined;
  readonly speed: number;
  /** Simulated ms since the epoch. */
  readonly startMs: number;
  readonly json: boolean;
  readonly marketDataLines: number | undefined;
  readonly tickByTickLines: number | undefined;
}

export const HELP = `A simulated TWS / IB Gateway: serves recorded market data over IB's socket protocol, on 127.0.0.1 only.

usage: npm run ib-sim -- [options]

  --port N                 where it listens (default 4002, a paper Gateway's; 0: any free port)
  --data DIR               the recorded data (default: TICKWELL_TEST_DATA, else the published sample)
  --faults FILE            faults to happen, as JSON (see tools/ib-gateway-sim/README.md)
  --speed N                how many times as fast as the real clock the simulated one runs (default 1)
  --start TIME             where the simulated clock starts (default: now), such as
                           2025-10-06T09:30:00-04:00 or "20251006 09:30:00 US/Eastern"
  --market-data-lines N    streaming lines (default 100, as IB gives)
  --tick-by-tick-lines N   tick-by-tick subscriptions (default 3, as IB gives for 100 lines)
  --json                   one JSON object per line instead of text
  --help                   this text

examples:
  npm run ib-sim
  npm run ib-sim -- --port 4002 --speed 60 --start "20251006 09:25:00 US/Eastern"
  npm run ib-sim -- --faults faults.json --speed 600
`;

const MAX_SPEED = 100_000;

/** The arguments, "help", or what is wrong with them in one line. */
export function parseArguments(args: readonly string[], nowMs: number): Result<Arguments | 'help', string> {
  const parsed = readOptions(args);
  if (!parsed.ok) return parsed;
  const { values } = parsed;
  if (values.help === true) return ok('help');
  const problems: string[] = [];
  const number = (
    name: keyof typeof values,
    range: readonly [number, number],
    whole = true,
  ): number | undefined => {
    const text = values[name];
    if (typeof text !== 'string') return undefined;
    const value = Number(text);
    const fits =
      text.trim() !== '' && value >= range[0] && value <= range[1] && (!whole || Number.isInteger(value));
    if (!fits) problems.push(`--${name} "${text}": use a number from ${range[0]} to ${range[1]}`);
    return fits ? value : undefined;
  };
  const start = values.start === undefined ? ok(nowMs) : parseStart(values.start);
  if (!start.ok) problems.push(start.error);
  const result = {
    port: number('port', [0, 65_535]) ?? 4002,
    dataDir: values.data,
    faultsFile: values.faults,
    speed: number('speed', [0.001, MAX_SPEED], false) ?? 1,
    startMs: start.ok ? start.value : nowMs,
    json: values.json === true,
    marketDataLines: number('market-data-lines', [1, 10_000]),
    tickByTickLines: number('tick-by-tick-lines', [1, 10_000]),
  };
  return problems.length === 0 ? ok(result) : err(problems.join('; '));
}

type Options = ReturnType<typeof parseOptions>['values'];

function parseOptions(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: false,
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      faults: { type: 'string' },
      speed: { type: 'string' },
      start: { type: 'string' },
      'market-data-lines': { type: 'string' },
      'tick-by-tick-lines': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function readOptions(
  args: readonly string[],
): { readonly ok: true; readonly values: Options } | { readonly ok: false; readonly error: string } {
  try {
    return { ok: true, values: parseOptions(args).values };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function parseStart(text: string): Result<number, string> {
  if (/^\d{4}-/.test(text) && Number.isFinite(Date.parse(text))) return ok(Date.parse(text));
  const parsed = parseIbTime(text, knownZone('US/Eastern'));
  return parsed.ok
    ? parsed
    : err(
        `--start "${text}": use a time such as 2025-10-06T09:30:00-04:00 or "20251006 09:30:00 US/Eastern"`,
      );
}

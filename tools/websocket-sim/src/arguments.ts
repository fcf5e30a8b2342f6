/** The command line of `npm run ws-sim`. */
import { parseArgs } from 'node:util';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';

export interface Arguments {
  readonly port: number;
  readonly capture: string;
  readonly speed: number;
  readonly preamble: RegExp;
  readonly compress: boolean;
  /** 0: never. */
  readonly cutEvery: number;
}

/** Acknowledgements of the feeds that have ready definitions. */
const ACKNOWLEDGEMENTS = '"type":"subscriptions"|"success":true';

export const HELP = `A simulated WebSocket feed: plays a recorded capture over and over its connections, on 127.0.0.1 only.

usage: npm run ws-sim -- --capture FILE [options]

  --capture FILE   messages, one a line, alone or after "<seconds since the epoch>: "; gzip too
  --port N         where it listens (default 8790; 0: any free port)
  --speed N        times as fast as it was recorded (default 1; 0: as fast as the client reads)
  --ack PATTERN    regular expression of messages that every connection gets at its start
                   (default: ${ACKNOWLEDGEMENTS})
  --cut-every N    cut the connection after every N messages, to see a client come back
  --compress       offer permessage-deflate
  --help           this text

A connection that comes later goes on where the last one stopped.

example:
  npm run ws-sim -- --capture COINBASE.ws.28.0.gz --speed 10
`;

/** The arguments, "help", or what is wrong with them in one line. */
export function parseArguments(args: readonly string[]): Result<Arguments | 'help', string> {
  const parsed = readOptions(args);
  if (!parsed.ok) return parsed;
  const { values } = parsed.value;
  if (values.help === true) return ok('help');
  const problems: string[] = [];
  const number = (name: 'port' | 'speed' | 'cut-every', max: number, whole: boolean): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() !== '' && value >= 0 && value <= max && (!whole || Number.isInteger(value))) return value;
    problems.push(`--${name} "${text}": use a ${whole ? 'whole ' : ''}number from 0 to ${max}`);
    return undefined;
  };
  if (values.capture === undefined) problems.push('--capture FILE is required');
  const preamble = patternOf(values.ack ?? ACKNOWLEDGEMENTS);
  if (!preamble.ok) problems.push(`--ack: ${preamble.error}`);
  const result: Arguments = {
    port: number('port', 65_535, true) ?? 8790,
    capture: values.capture ?? '',
    speed: number('speed', 1_000_000, false) ?? 1,
    preamble: preamble.ok ? preamble.value : /^$/,
    compress: values.compress === true,
    cutEvery: number('cut-every', 1e9, true) ?? 0,
  };
  return problems.length === 0 ? ok(result) : err(problems.join('; '));
}

function patternOf(text: string): Result<RegExp, string> {
  try {
    return ok(new RegExp(text));
  } catch (cause) {
    return err(errorMessage(cause));
  }
}

type Options = ReturnType<typeof parseOptions>;

function parseOptions(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: false,
    options: {
      capture: { type: 'string' },
      port: { type: 'string' },
      speed: { type: 'string' },
      ack: { type: 'string' },
      'cut-every': { type: 'string' },
      compress: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
}

function readOptions(args: readonly string[]): Result<Options, string> {
  try {
    return ok(parseOptions(args));
  } catch (cause) {
    return err(errorMessage(cause));
  }
}

import { InvalidArgumentError, type Command } from 'commander';
import { parseIsoTime } from '@tickwell/domain';

/** Readers of option values for commander; what they throw becomes one line that names the option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

export const port = wholeNumber(0, 65_535);

/** ISO 8601, or "now"; ns since the epoch. */
export function time(text: string): bigint {
  const parsed = parseIsoTime(text);
  if (parsed.ok) return parsed.value;
  throw new InvalidArgumentError(`${parsed.error}.`);
}

/** "a,b" and repeated options to a list. */
export function list(text: string, before: readonly string[] = []): readonly string[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw new InvalidArgumentError('It must name at least one, separated by commas.');
  return [...before, ...parts];
}

const INSTANCE = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** Name of an instance; it is also the name of its folder. */
export function instanceName(text: string): string {
  if (INSTANCE.test(text) && text !== 'jars' && !text.startsWith('test-')) return text;
  throw new InvalidArgumentError(
    'It must be 1 to 31 of a-z, 0-9 and -, begin with a letter or digit, and not be "jars" or begin with "test-".',
  );
}

const COPIED = ['storage', 'validator', 'indicators', 'query', 'monitor'] as const;
const MAX_COPIES = 8;

export type Copies = Partial<Record<(typeof COPIED)[number], number>>;

/** "validator=2,storage=2" */
export function copies(text: string): Copies {
  const wanted: Copies = {};
  for (const part of list(text)) {
    const [name, count = ''] = part.split('=');
    const service = COPIED.find((each) => each === name);
    const value = Number(count);
    if (service === undefined || !/^\d+$/.test(count) || value < 1 || value > MAX_COPIES) {
      throw new InvalidArgumentError(
        `"${part}" is not SERVICE=COUNT with one of ${COPIED.join(', ')} and 1 to ${MAX_COPIES}.`,
      );
    }
    wanted[service] = value;
  }
  return wanted;
}

/** Options that several commands share. */
export function withInstance(command: Command): Command {
  return command.option('--instance <name>', 'which platform, where several run', instanceName, 'default');
}

export function withJson(command: Command): Command {
  return command.option('--json', 'for machines: JSON on standard output');
}

/** Adds the examples that `--help` ends with. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example' : 'Examples';
  return command.addHelpText('after', `\n${title}:\n${examples.map((line) => `  $ ${line}`).join('\n')}\n`);
}

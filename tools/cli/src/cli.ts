import { CommanderError } from 'commander';
import { errorMessage } from '@tickwell/domain';
import { createContext } from './context.ts';
import { createProgram } from './program.ts';
import { endQuietlyOnClosedPipe, harmless } from './terminal.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Runs one command line; the result is the exit code. One line on standard error says why it is not 0. */
export async function runCli(args: readonly string[]): Promise<number> {
  endQuietlyOnClosedPipe();
  const context = createContext();
  try {
    await createProgram(context).parseAsync(args, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      const text = usageMessage(error);
      if (text !== '') process.stderr.write(`tickwell: ${text}\n`);
      return EXIT_USAGE;
    }
    process.stderr.write(`tickwell: ${harmless(errorMessage(error))}\n`);
    if ((context.env['TICKWELL_DEBUG'] ?? '') !== '' && error instanceof Error)
      process.stderr.write(`${error.stack}\n`);
    return EXIT_FAILED;
  }
}

/** commander's message and its suggestion on one line. */
export function usageMessage(error: CommanderError): string {
  if (error.code === 'commander.help') return '';
  return errorMessage(error)
    .replace(/^error: /, '')
    .replace(/ \(Did you mean (.*?)\?\)$/, ': did you mean $1?');
}

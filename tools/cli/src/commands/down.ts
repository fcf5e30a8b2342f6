import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { withExamples, withInstance, withJson } from '../options.ts';
import { stopInBackground, type DownResult } from '../platform/background.ts';

const SAID: Readonly<Record<DownResult, string>> = {
  stopped: 'stopped',
  'not-running': 'nothing was running',
  leftovers: 'stopped what an earlier platform had left running',
};

/** `tickwell down` */
export function addDown(program: Command, context: CliContext): void {
  const command = program.command('down').description('drain and stop what "up" or "demo" started');
  withJson(withInstance(command)).option('--force', 'kill what does not end by itself');
  withExamples(command, ['tickwell down', 'tickwell down --instance research']);
  command.action(async (flags: { instance: string; json?: true; force?: true }) => {
    const { terminal } = context;
    const outcome = await stopInBackground(context, flags.instance, flags.force === true, (line) => {
      terminal.note(line);
    });
    terminal.print(
      flags.json === true ? JSON.stringify({ instance: flags.instance, outcome }) : SAID[outcome],
    );
  });
}

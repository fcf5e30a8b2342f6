import type { Command } from 'commander';
import { instanceOption, type CliContext } from '../context.ts';
import { withExamples, withJson } from '../options.ts';
import { placeLines } from '../places.ts';
import { startInBackground } from '../platform/background.ts';
import { stepJson, stepText } from '../platform/steps.ts';
import { startArguments, withStartOptions, type StartFlags } from '../platform/host-options.ts';

/** `tickwell up` */
export function addUp(program: Command, context: CliContext): void {
  const command = program
    .command('up')
    .description(
      'start Kafka, QuestDB and the services in the background; returns when all are ready. Each step is told with the seconds since ' +
        'the start, on standard error; with --json as JSON lines there, the result on standard output',
    );
  withJson(withStartOptions(command));
  withExamples(command, [
    'tickwell up',
    'tickwell up --copies validator=2,storage=2',
    'tickwell up --instance research     # beside the first, on free ports',
  ]);
  command.action(async (flags: StartFlags & { json?: true }) => {
    const { terminal } = context;
    const { outcome, platform } = await startInBackground(
      context,
      flags.instance,
      startArguments(flags),
      (step) => {
        terminal.note(flags.json === true ? stepJson(step) : stepText(step));
      },
    );
    if (flags.json === true) {
      const { endpoints, grpcAddress, owner, services } = platform;
      const { kafkaBrokers, questdbHttpUrl } = endpoints;
      terminal.print(
        JSON.stringify({
          outcome,
          instance: flags.instance,
          pid: owner.pid,
          grpcAddress,
          kafkaBrokers,
          questdbHttpUrl,
          services,
        }),
      );
      return;
    }
    terminal.print(outcome === 'already' ? 'It is running already:' : 'Ready:');
    for (const line of placeLines(platform.endpoints, platform.grpcAddress)) terminal.print(line);
    const option = instanceOption(flags.instance);
    terminal.print(`"tickwell status${option}" shows how it does, "tickwell down${option}" ends it.`);
  });
}

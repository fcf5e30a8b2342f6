import { Command } from 'commander';
import type { CliContext } from './context.ts';
import { addAlert } from './commands/alert.ts';
import { addBackfill } from './commands/backfill.ts';
import { addCache } from './commands/cache.ts';
import { addCalendar } from './commands/calendar.ts';
import { addConfig } from './commands/config.ts';
import { addDeadLetter } from './commands/dead-letter.ts';
import { addCoverage } from './commands/coverage.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDown } from './commands/down.ts';
import { addGet } from './commands/get.ts';
import { addIngest } from './commands/ingest.ts';
import { addIndicators } from './commands/indicators.ts';
import { addInstrument } from './commands/instrument.ts';
import { addPortfolio, addStrategy } from './commands/strategy.ts';
import { addQuality } from './commands/quality.ts';
import { addReconcile } from './commands/reconcile.ts';
import { addRun } from './commands/run.ts';
import { addSource } from './commands/source.ts';
import { addStatus } from './commands/status.ts';
import { addTail } from './commands/tail.ts';
import { addUp } from './commands/up.ts';
import { addValidate } from './commands/validate.ts';
import { addVerify } from './commands/verify.ts';

const COMMANDS = [
  addDemo,
  addUp,
  addDown,
  addStatus,
  addDoctor,
  addIngest,
  addBackfill,
  addGet,
  addTail,
  addDeadLetter,
  addAlert,
  addCoverage,
  addVerify,
  addQuality,
  addReconcile,
  addConfig,
  addStrategy,
  addPortfolio,
  addInstrument,
  addCalendar,
  addRun,
  addSource,
  addValidate,
  addIndicators,
  addCache,
];

/** Every command, with options and help; nothing runs before `parseAsync`. */
export function createProgram(context: CliContext): Command {
  const program = new Command('tickwell')
    .description('Market data for strategy teams: sources, Kafka, validation, indicators, QuestDB, gRPC')
    .version('0.1.0')
    .showHelpAfterError(false)
    .helpCommand(true)
    // Options after the name of a command are its own, also where the group it is in has some of the same name.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  program.addHelpText('after', '\n"tickwell <command> --help" explains a command and shows examples.\n');
  for (const add of COMMANDS) add(program, context);
  return program;
}

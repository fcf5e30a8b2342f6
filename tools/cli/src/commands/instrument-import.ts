import type { Command } from 'commander';
import type { ConfigClient } from '@tickwell/client';
import { TickwellError } from '@tickwell/domain';
import { collect } from '../collect.ts';
import type { CliContext } from '../context.ts';
import { readInstrumentCsv } from '../instrument/import-csv.ts';
import { planImport, type ImportPlan } from '../instrument/import-plan.ts';
import { writeImport, type ImportOutcome } from '../instrument/import-write.ts';
import { INSTRUMENT, orFail, tell } from '../instrument/told.ts';
import { Progress } from '../progress.ts';
import { readTextFile } from '../read-text-file.ts';
import { author, withConfigClient, withConnection, type ConnectionFlags } from '../config/connection.ts';

interface ImportFlags extends ConnectionFlags {
  readonly replace?: true;
  readonly dryRun?: true;
}

/** `tickwell instrument import` */
export function addImport(instrument: Command, context: CliContext): void {
  const command = instrument
    .command('import')
    .description(
      'instruments from a CSV: a line for every name at a source; nothing is written unless all of it is right and agrees with what is stored, and the same command again goes on where one was broken off',
    )
    .argument('<file>')
    .option('--replace', 'also those that are stored and say otherwise')
    .option('--dry-run', 'only check the file, also against what is stored');
  withConnection(command, [
    'tickwell instrument import instruments.csv --dry-run',
    'tickwell instrument import instruments.csv',
  ]);
  command.action((file: string, flags: ImportFlags) => {
    const wrong = (problems: readonly string[]): string => `${file}: ${problems.join('\n  ')}`;
    const documents = orFail(readInstrumentCsv(readTextFile(file)), wrong);
    return withConfigClient(context, flags, async (client) => {
      const stored = await collect(client.list({ kind: INSTRUMENT }));
      const plan = orFail(planImport(documents, stored, { replace: flags.replace === true }), wrong);
      const { writes, unchanged } = plan;
      const same = unchanged === 0 ? '' : `, ${unchanged} are stored just so already`;
      if (flags.dryRun === true) {
        context.terminal.print(
          `${writes.length} instruments to write${same}; all agree with what is stored; nothing was written`,
        );
        return;
      }
      const { written, refused } = await importPlanned(context, client, flags, plan);
      if (refused.length > 0)
        throw new TickwellError(
          'version-conflict',
          `${file}: ${written} instruments are written${same}, ${refused.length} are not, as others changed them or what they must agree with meanwhile; the same command again goes on:\n  ${refused.slice(0, MAX_REFUSED).join('\n  ')}`,
        );
      if (flags.json !== true) context.terminal.print(`${documents.length} instruments are in force${same}`);
    });
  });
}

/** Of refusals that are shown. */
const MAX_REFUSED = 20;

async function importPlanned(
  context: CliContext,
  client: ConfigClient,
  flags: ImportFlags,
  { writes }: ImportPlan,
): Promise<ImportOutcome> {
  const progress = new Progress(context.terminal, 'written');
  try {
    return await writeImport(
      writes,
      async ({ id, payloadJson, expectedVersion }) => {
        const edit = { kind: INSTRUMENT, id, payloadJson, expectedVersion, author: author() };
        const done = await client.put(edit);
        if (flags.json === true) tell(context, flags, done, '');
      },
      (done) => {
        progress.report({ done, total: writes.length });
      },
    );
  } finally {
    context.terminal.transient(null);
  }
}

import type { Command } from 'commander';
import { collect } from '../collect.ts';
import { findEndpoints, findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { withExamples, withInstance, withJson } from '../options.ts';
import { policiesOf, policyStatus, readStates } from '../source/policy-status.ts';

const TITLES = ['policy', 'series', 'source', 'role', 'state', 'what it does', 'since'];

/** `tickwell source status` */
export function addStatusOfSources(source: Command, context: CliContext): void {
  const command = source
    .command('status')
    .description('source policies: which source serves what now, and why');
  withExamples(withJson(withInstance(command)), ['tickwell source status', 'tickwell source status --json']);
  command.action(async (flags: { readonly instance: string; readonly json?: true }) => {
    const { terminal } = context;
    const { questdbHttpUrl } = await findEndpoints(context, flags.instance);
    const client = openClient(await findGrpcAddress(context, flags));
    try {
      const policies = policiesOf(await collect(client.config.list({ kind: 'source' })));
      const rows = policyStatus(policies, await readStates(questdbHttpUrl));
      if (flags.json === true) {
        terminal.print(JSON.stringify(rows));
        return;
      }
      const cells = rows.map((row) => [
        row.policy,
        row.series,
        row.source,
        row.role,
        row.state,
        row.reason,
        row.since,
      ]);
      for (const line of formatTable(
        TITLES.map((title) => ({ title })),
        cells,
      ))
        terminal.print(line);
      if (rows.length === 0)
        terminal.note(
          'there is no policy: "tickwell config put source ID FILE" writes one (docs/sources.md)',
        );
    } finally {
      client.close();
    }
  });
}

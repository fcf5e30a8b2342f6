import type { Command } from 'commander';
import { TickwellError } from '@tickwell/domain';
import {
  checkProvider,
  isFileName,
  readyNames,
  type CheckOptions,
  type Finding,
} from '@tickwell/feed-provider';
import {
  checkWebsocket,
  isReadyDefinition,
  isWebsocketDefinition,
  type WebsocketCheckOptions,
} from '@tickwell/feed-websocket';
import { resolve } from 'node:path';
import type { CliContext } from '../context.ts';
import { formatTable } from '../format/table.ts';
import { time, wholeNumber, withExamples, withJson } from '../options.ts';
import { checkPolicyFile } from '../source/policy-file.ts';
import { cliClock } from '../source/cli-clock.ts';
import { configuredFiles, findProvider, hostOf } from '../source/known-providers.ts';
import { BUILT_IN, sourceRow, websocketRows, type SourceRow } from '../source/source-rows.ts';
import type { Paint } from '../terminal.ts';
import { addStatusOfSources } from './source-status.ts';

const PAINT: Readonly<Record<Finding['outcome'], Paint>> = { pass: 'green', fail: 'red', skip: 'yellow' };

/** `tickwell source list|check|status` */
export function addSource(program: Command, context: CliContext): void {
  const source = program
    .command('source')
    .description('what data can come from, and whether a provider keeps its contract');
  addList(source, context);
  addCheck(source, context);
  addStatusOfSources(source, context);
}

function addList(source: Command, context: CliContext): void {
  const command = source
    .command('list')
    .description(
      'the sources there are: built in, ready definitions, and those that TICKWELL_PROVIDERS names',
    );
  withExamples(withJson(command), [
    'tickwell source list',
    'TICKWELL_PROVIDERS=./mine.ts,./desk.json tickwell source list',
  ]);
  command.action(async ({ json }: { json?: true }) => {
    const rows = await allSources(context);
    if (rows.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
    if (json === true) {
      context.terminal.print(JSON.stringify(rows));
      return;
    }
    const titles = ['source', 'kind', 'history', 'live', 'intervals', 'prices', 'limits'];
    const cells = rows
      .filter(({ problem }) => problem === undefined)
      .map((row) => [
        row.name,
        row.kind,
        row.history.join(', '),
        row.live.join(', '),
        row.intervals.join(', '),
        row.priceBasis,
        row.limits,
      ]);
    for (const line of formatTable(
      titles.map((title) => ({ title })),
      cells,
    ))
      context.terminal.print(line);
    for (const { problem } of rows) if (problem !== undefined) context.terminal.note(problem);
  });
}

async function allSources(context: CliContext): Promise<readonly SourceRow[]> {
  const host = hostOf(context);
  const rows: SourceRow[] = [...BUILT_IN, ...websocketRows()];
  for (const [kind, path] of [
    ...readyNames().map((name) => ['ready', name] as const),
    ...configuredFiles(context).map((file) => ['configured', file] as const),
  ])
    rows.push(sourceRow(kind, path, await host.load(path)));
  return rows;
}

interface CheckFlags {
  readonly symbol?: string;
  readonly interval?: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly liveSeconds: number;
  readonly json?: true;
}

function addCheck(source: Command, context: CliContext): void {
  const command = source
    .command('check')
    .description('try everything that a provider must hold to, on the real thing; exit 1 if something fails')
    .argument('<provider>', 'its name, or the file of a module (.ts, .js), a definition or a policy (.json)')
    .option(
      '--symbol <symbol>',
      "an instrument that has data, as the provider writes it; default: the provider's example",
    )
    .option('--interval <interval>', "of bars; default: the provider's first")
    .option(
      '--from <time>',
      'first day or time of the history that is asked for; default: some days ago',
      time,
    )
    .option('--to <time>', 'first day or time not wanted; default: last midnight', time)
    .option('--live-seconds <seconds>', 'how long a live session is waited for', wholeNumber(1, 600), 15);
  withExamples(withJson(command), [
    'tickwell source check ./my-provider.ts --symbol AAPL',
    'tickwell source check ecb --from 2024-01-01 --to 2024-03-01',
    'tickwell source check coinbase --symbol ETH-USD',
  ]);
  command.action((name: string, flags: CheckFlags) => check(context, name, flags));
}

async function check(context: CliContext, name: string, flags: CheckFlags): Promise<void> {
  const { terminal } = context;
  const { symbol, interval, from: fromNs, to: toNs, liveSeconds, json } = flags;
  if (fromNs !== undefined && toNs !== undefined && fromNs >= toNs)
    throw new TickwellError('invalid-argument', '--from must be before --to');
  if (await checkPolicyFile(context, name, json === true)) return;
  const options = { symbol, interval, liveMs: liveSeconds * 1000 };
  const findings: Finding[] = [];
  for await (const finding of isWebsocketDefinition(name)
    ? checkFeed(context, name, options)
    : checkHistoryAndLive(context, name, { ...options, fromNs, toNs })) {
    findings.push(finding);
    terminal.transient(`checked: ${finding.check}`);
  }
  terminal.transient(null);
  showFindings(context, findings, json === true);
}

async function* checkHistoryAndLive(
  context: CliContext,
  name: string,
  options: CheckOptions,
): AsyncGenerator<Finding> {
  const host = hostOf(context);
  const path = isFileName(name) ? resolve(name) : (await findProvider(context, name, host)).path;
  yield* checkProvider(host, path, options);
}

/** A feed over WebSocket has no history. */
function checkFeed(
  { env }: CliContext,
  name: string,
  options: WebsocketCheckOptions,
): AsyncGenerator<Finding> {
  return checkWebsocket(isReadyDefinition(name) ? name : resolve(name), { clock: cliClock, env }, options);
}

function showFindings({ terminal }: CliContext, findings: readonly Finding[], json: boolean): void {
  const count = (outcome: Finding['outcome']): number =>
    findings.filter((one) => one.outcome === outcome).length;
  const counts = { passed: count('pass'), failed: count('fail'), skipped: count('skip') };
  if (counts.failed > 0) process.exitCode = 1;
  if (json) {
    terminal.print(JSON.stringify({ ok: counts.failed === 0, ...counts, findings }));
    return;
  }
  const rows = findings.map((one) => [
    terminal.paint(PAINT[one.outcome], one.outcome),
    one.check,
    one.message,
  ]);
  for (const line of formatTable([{ title: 'outcome' }, { title: 'check' }, { title: 'seen' }], rows))
    terminal.print(line);
  terminal.print(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
}

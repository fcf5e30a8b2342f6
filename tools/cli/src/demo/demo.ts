import { connect, type TickwellClient } from '@tickwell/client';
import { NS_PER_SECOND, TickwellError } from '@tickwell/domain';
import { sampleJarPath, type StackEndpoints } from '@tickwell/local-stack';
import type { CliContext } from '../context.ts';
import { formatCount, formatDuration } from '../format/numbers.ts';
import { runIngest } from '../ingest/ingest-process.ts';
import { IngestReport, type StreamResult } from '../ingest/report.ts';
import { placeLines } from '../places.ts';
import { settle } from '../settle.ts';
import { hasFired } from '../stop-signal.ts';
import { takeAccount, type Account } from './account.ts';
import { differences, ledgerLines } from './ledger.ts';
import { eventLines, historyView } from './strategy-view.ts';

const STORED_DEADLINE_MS = 180_000;
const SUBSCRIBE_DEADLINE_MS = 30_000;
/** The interval and span of history shown as a strategy gets it. */
const SHOWN = {
  symbol: 'ETHUSD',
  source: 'file:sample-ethusd',
  interval: '5m',
  sinceNs: 1_678_903_200n * NS_PER_SECOND,
};
const SHOWN_EVENTS = 6;

export interface DemoParts {
  readonly context: CliContext;
  readonly endpoints: StackEndpoints;
  readonly grpcAddress: string;
  readonly signal: AbortSignal;
}

/** Imports the sample, waits until all of it is stored, and shows that every stage counts the same. Throws `demo-disagrees` otherwise. */
export async function importAndProve(parts: DemoParts): Promise<void> {
  const { context, endpoints, signal } = parts;
  const { terminal } = context;
  const startedMs = performance.now();
  const streams = await importSample(parts);
  if (hasFired(signal)) return;
  await settle(context, { endpoints, deadlineMs: STORED_DEADLINE_MS, signal });
  if (hasFired(signal)) return;
  const client = connect({ address: parts.grpcAddress });
  try {
    const account = await takeAccount({ streams, questdbHttpUrl: endpoints.questdbHttpUrl, client });
    const already = streams.every(({ outcome }) => outcome === 'already');
    printAccount(parts, account, already, performance.now() - startedMs);
    const wrong = differences([...account.imported, ...account.derived]);
    if (wrong[0] !== undefined)
      throw new TickwellError(
        'demo-disagrees',
        `the stages disagree: ${wrong[0]}${wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : ''}`,
      );
    terminal.print('');
    terminal.print(`What a strategy receives (${SHOWN.symbol}, bars and indicators of ${SHOWN.interval}):`);
    await showHistory(parts, client);
  } finally {
    client.close();
  }
}

async function importSample(parts: DemoParts): Promise<readonly StreamResult[]> {
  const { context, endpoints, signal } = parts;
  const { terminal } = context;
  terminal.note('importing the sample: real BTC/USD trades, AAPL daily bars, ETH/USD five-minute bars');
  const report = new IngestReport(terminal);
  await runIngest({
    root: context.root,
    env: context.env,
    endpoints,
    jobs: [{ type: 'sample', jar: await sampleJarPath() }],
    onLine: (line) => {
      report.add(line);
    },
    signal,
  });
  report.throwOnFailure();
  return report.streams;
}

function printAccount(
  { context: { terminal } }: DemoParts,
  account: Account,
  already: boolean,
  ms: number,
): void {
  terminal.print('');
  terminal.print(
    already
      ? `Already imported: nothing was stored again (checked in ${formatDuration(ms)})`
      : `Imported, validated, stored and read back over gRPC in ${formatDuration(ms)}`,
  );
  terminal.print('');
  const bars = account.derived.filter(({ data }) => data.startsWith('bars '));
  for (const line of ledgerLines([...account.imported, ...bars])) terminal.print(line);
  const indicators = account.derived.filter((row) => !bars.includes(row));
  const sum = (pick: (row: (typeof indicators)[number]) => number): number =>
    indicators.reduce((total, row) => total + pick(row), 0);
  terminal.print('');
  terminal.print(
    `Indicators made of these bars: ${indicators.length} series, ${formatCount(sum((row) => row.stored))} values stored, ` +
      `${formatCount(sum((row) => row.readBack))} read back`,
  );
}

async function showHistory(
  { context: { terminal }, signal }: DemoParts,
  client: TickwellClient,
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(SUBSCRIBE_DEADLINE_MS)]);
  let shown = 0;
  let live = false;
  for await (const event of historyView(client, { ...SHOWN, signal: deadline })) {
    if (event.kind === 'live') live = true;
    if (event.kind !== 'live' && shown >= SHOWN_EVENTS) continue;
    for (const line of eventLines(event)) terminal.print(`  ${line}`);
    shown += 1;
  }
  if (live || hasFired(signal)) return;
  throw new TickwellError(
    'demo-no-live',
    `Subscribe did not turn live within ${SUBSCRIBE_DEADLINE_MS / 1000} s: see the log of query`,
  );
}

/** Says where things are. */
export function printPlaces({ context: { terminal }, endpoints, grpcAddress }: DemoParts): void {
  terminal.print('');
  terminal.print('Where it is:');
  for (const line of placeLines(endpoints, grpcAddress)) terminal.print(line);
}

import { Option, type Command } from 'commander';
import type {
  FindingFilter,
  FindingSeverity,
  FreshnessOptions,
  FreshnessState,
  QualityClient,
  QualityEvent,
  QualityTopic,
  SeriesFreshness,
  SourceReport,
} from '@tickwell/client';
import { TickwellError } from '@tickwell/domain';
import { collect } from '../collect.ts';
import { findGrpcAddress, openClient } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { formatCount } from '../format/numbers.ts';
import { list, time, wholeNumber } from '../options.ts';
import {
  countJson,
  countLines,
  findingJson,
  findingLines,
  seriesJson,
  seriesLines,
  sourceJson,
  sourceLines,
  stateCounts,
  streamLines,
  worstLines,
  watchJson,
  watchLine,
  worstSources,
} from '../quality/quality-text.ts';
import { stopSignal } from '../stop-signal.ts';
import { withConnection, type ConnectionFlags } from '../config/connection.ts';

const DAY_NS = 86_400_000_000_000n;
const STATES: readonly FreshnessState[] = ['fresh', 'late', 'stale', 'closed', 'unknown', 'ended'];
const SEVERITIES: readonly FindingSeverity[] = ['info', 'warning', 'error'];
/** What one looks at first. */
const TROUBLE: readonly FreshnessState[] = ['stale', 'late'];
const OVERVIEW_LINES = 10;
const TOPICS: readonly QualityTopic[] = ['findings', 'sources', 'freshness'];

interface RangeFlags extends ConnectionFlags {
  readonly source?: string;
  readonly from?: bigint;
  readonly to?: bigint;
}

/** `tickwell quality [findings|freshness|sources|watch]` */
export function addQuality(program: Command, context: CliContext): void {
  const quality = withRange(
    program
      .command('quality')
      .description('how good the data is: sources, what is stale, what was odd or refused; the worst first'),
  )
    .option('--completeness', 'also how many of the bars are there that calendars want')
    .option('--check', 'exit 1 where a source is down or a series stale');
  withConnection(quality, [
    'tickwell quality',
    'tickwell quality --from 2026-11-01 --completeness',
    'tickwell quality --check --json',
  ]);
  quality.action((flags: OverviewFlags) =>
    withQuality(context, flags, (client) => showOverview(context, client, flags)),
  );
  quality.enablePositionalOptions();
  addFindings(quality, context);
  addFreshness(quality, context);
  addSources(quality, context);
  addWatch(quality, context);
}

interface OverviewFlags extends RangeFlags {
  readonly completeness?: true;
  readonly check?: true;
}

async function showOverview(context: CliContext, client: QualityClient, flags: OverviewFlags): Promise<void> {
  const { terminal } = context;
  const span = spanOf(flags);
  const own = flags.source === undefined ? {} : { source: flags.source };
  const [sources, worst, states, findings] = await Promise.all([
    collect(client.sources({ ...span, ...own, withCompleteness: flags.completeness === true })),
    client.worstFreshness({ ...own, states: TROUBLE, limit: OVERVIEW_LINES }),
    client.freshnessCounts(own),
    client.findingCounts({ ...span, ...own }),
  ]);
  if (flags.json === true)
    terminal.print(
      JSON.stringify({
        sources: worstSources(sources).map(sourceJson),
        series: Object.fromEntries(
          STATES.map((state) => [
            state,
            states.filter((one) => one.state === state).reduce((sum, one) => sum + one.series, 0),
          ]),
        ),
        worst: worst.map(seriesJson),
        findings: findings.map(countJson),
      }),
    );
  else {
    const paint = painter(context);
    if (sources.length === 0) terminal.note('no source has brought anything yet');
    else for (const line of sourceLines(sources, paint)) terminal.print(line);
    const counted = stateCounts(states, paint);
    terminal.print('');
    terminal.print(counted === '' ? 'no series yet' : `series: ${counted}`);
    if (worst.length > 0) for (const line of seriesLines(worst, paint)) terminal.print(line);
    terminal.print('');
    if (findings.length === 0) terminal.print('nothing odd was found and nothing refused in the range');
    else for (const line of countLines(findings.slice(0, OVERVIEW_LINES), paint)) terminal.print(line);
    if (findings.length > OVERVIEW_LINES)
      terminal.note(
        `and ${findings.length - OVERVIEW_LINES} more rules: "tickwell quality findings --summary" shows all`,
      );
  }
  if (flags.check === true) requireGood(sources, worst);
}

function requireGood(sources: readonly SourceReport[], worst: readonly SeriesFreshness[]): void {
  const [down] = sources.filter(({ state }) => state === 'down');
  if (down !== undefined)
    throw new TickwellError('failed-precondition', `${down.source} is down: ${down.reason}`);
  const [stale] = worst.filter(({ state }) => state === 'stale');
  if (stale !== undefined)
    throw new TickwellError(
      'failed-precondition',
      `${stale.symbol} of ${stale.source} is stale: ${stale.reason}`,
    );
}

interface FindingsFlags extends RangeFlags {
  readonly symbol?: string;
  readonly rule?: string;
  readonly kind?: string;
  readonly severity?: FindingSeverity;
  readonly limit: number;
  readonly summary?: true;
}

function addFindings(quality: Command, context: CliContext): void {
  const command = withRange(
    quality.command('findings').description('what was odd about data that went through, the newest first'),
  )
    .option('--symbol <id>', 'only of this instrument')
    .option('--rule <id>', 'only of this rule')
    .option('--kind <kind>', 'only of this kind of input: trades, quotes, bars, ...')
    .addOption(new Option('--severity <severity>', 'only of this severity').choices(SEVERITIES))
    .option('--limit <number>', 'at most so many', wholeNumber(1, 1_000_000), 100)
    .option('--summary', 'count them by source and rule; what was refused is among them');
  withConnection(command, [
    'tickwell quality findings --source yahoo --rule price-outlier',
    'tickwell quality findings --from 2026-11-01 --summary',
    'tickwell quality findings --symbol AAPL --json',
  ]);
  command.action((flags: FindingsFlags) =>
    withQuality(context, flags, (client) => showFindings(context, client, flags)),
  );
}

async function showFindings(context: CliContext, client: QualityClient, flags: FindingsFlags): Promise<void> {
  const { terminal } = context;
  const filter = findingFilter(flags);
  if (flags.summary === true) {
    const counts = await client.findingCounts(filter);
    await print(context, flags, counts, countJson, (all) => countLines(all, painter(context)));
    return;
  }
  const found = await collect(client.findings({ ...filter, limit: flags.limit + 1 }));
  const shown = found.slice(0, flags.limit);
  await print(context, flags, shown, findingJson, (all) => findingLines(all, painter(context)));
  if (found.length > shown.length) terminal.note('and more: --limit shows them, --summary counts them');
}

function findingFilter(flags: FindingsFlags): FindingFilter {
  const { symbol, source, rule, kind, severity } = flags;
  return {
    ...spanOf(flags),
    ...(symbol === undefined ? {} : { symbol }),
    ...(source === undefined ? {} : { source }),
    ...(rule === undefined ? {} : { rule }),
    ...(kind === undefined ? {} : { kind }),
    ...(severity === undefined ? {} : { severities: [severity] }),
  };
}

interface FreshnessFlags extends ConnectionFlags {
  readonly source?: string;
  readonly kind?: readonly string[];
  readonly interval?: string;
  readonly state?: readonly string[];
  readonly calendar?: string;
  readonly lateAfter?: number;
  readonly staleAfter?: number;
  readonly limit: number;
}

function addFreshness(quality: Command, context: CliContext): void {
  const command = quality
    .command('freshness')
    .description(
      'how old the newest event of every series is, by the calendar of its instrument; the worst first',
    )
    .argument('[symbol...]', 'default: all')
    .option('--source <name>', 'only of this source')
    .option('--kind <list>', 'of trades, quotes, bars', list)
    .option('--interval <interval>', 'only bars of it')
    .option('--state <list>', `of ${STATES.join(', ')}`, list)
    .option('--calendar <id>', 'default: that of each instrument ("tickwell calendar list")')
    .option('--late-after <seconds>', 'default: by kind and interval', wholeNumber(1, 31_536_000))
    .option('--stale-after <seconds>', 'default: by kind and interval', wholeNumber(1, 31_536_000))
    .option('--limit <number>', 'at most so many', wholeNumber(1, 10_000), 50);
  withConnection(command, [
    'tickwell quality freshness --state stale,late',
    'tickwell quality freshness AAPL --kind bars --interval 1m --late-after 120',
    'tickwell quality freshness --source ib --json',
  ]);
  command.action((symbols: string[], flags: FreshnessFlags) =>
    withQuality(context, flags, async (client) => {
      const options = freshnessOptions(symbols, flags);
      const [series, counts] = await Promise.all([
        client.worstFreshness({ ...options, limit: flags.limit }),
        client.freshnessCounts(options),
      ]);
      await print(context, flags, series, seriesJson, (all) => seriesLines(all, painter(context)));
      if (flags.json !== true && counts.length > 0)
        context.terminal.note(
          `${formatCount(counts.reduce((sum, one) => sum + one.series, 0))} series: ${stateCounts(counts, painter(context))}`,
        );
    }),
  );
}

function freshnessOptions(symbols: readonly string[], flags: FreshnessFlags): FreshnessOptions {
  const { source, interval, calendar, lateAfter, staleAfter } = flags;
  return {
    symbols,
    kinds: chosen('--kind', ['trades', 'quotes', 'bars'] as const, flags.kind),
    states: chosen('--state', STATES, flags.state),
    ...(source === undefined ? {} : { source }),
    ...(interval === undefined ? {} : { interval }),
    ...(calendar === undefined ? {} : { calendar }),
    ...(lateAfter === undefined ? {} : { lateAfterNs: BigInt(lateAfter) * 1_000_000_000n }),
    ...(staleAfter === undefined ? {} : { staleAfterNs: BigInt(staleAfter) * 1_000_000_000n }),
  };
}

/** The names of a list that are known; another one is an error. */
function chosen<T extends string>(
  option: string,
  known: readonly T[],
  names: readonly string[] = [],
): readonly T[] {
  return names.map((name) => {
    const found = known.find((one) => one === name);
    if (found !== undefined) return found;
    throw new TickwellError('invalid-argument', `${option} "${name}" is not one of ${known.join(', ')}`);
  });
}

function addSources(quality: Command, context: CliContext): void {
  const command = withRange(
    quality
      .command('sources')
      .description('how sources are and were: availability, outages, errors, completeness'),
  )
    .option('--streams', 'also their streams')
    .option('--completeness', 'also how many of the bars are there that calendars want');
  withConnection(command, [
    'tickwell quality sources --from 2026-11-01',
    'tickwell quality sources --source ib --streams',
    'tickwell quality sources --completeness --json',
  ]);
  command.action((flags: RangeFlags & { readonly streams?: true; readonly completeness?: true }) =>
    withQuality(context, flags, async (client) => {
      const sources = await collect(
        client.sources({
          ...spanOf(flags),
          ...(flags.source === undefined ? {} : { source: flags.source }),
          withStreams: flags.streams === true,
          withCompleteness: flags.completeness === true,
        }),
      );
      await print(context, flags, worstSources(sources), sourceJson, (all) => [
        ...sourceLines(all, painter(context)),
        ...(flags.streams === true ? streamLines(all, painter(context)) : []),
        ...worstLines(all),
      ]);
    }),
  );
}

interface WatchFlags extends ConnectionFlags {
  readonly source?: string;
  readonly topic?: readonly string[];
  readonly severity?: readonly string[];
  readonly history: number;
}

function addWatch(quality: Command, context: CliContext): void {
  const command = quality
    .command('watch')
    .description('how sources are and what is late, then every change and every finding, until Ctrl-C')
    .argument('[symbol...]', 'of findings and series; default: all')
    .option('--source <name>', 'only of this source')
    .option('--topic <list>', `of ${TOPICS.join(', ')}; default: all`, list)
    .option('--severity <list>', `findings of ${SEVERITIES.join(', ')}; default: all`, list)
    .option('--history <number>', 'so many of the newest findings first', wholeNumber(0, 1_000), 10);
  withConnection(command, [
    'tickwell quality watch',
    'tickwell quality watch AAPL --topic findings,freshness',
    'tickwell quality watch --source ib --topic sources --json',
  ]);
  command.action((symbols: string[], flags: WatchFlags) =>
    withQuality(context, flags, (client) => watch(context, client, symbols, flags)),
  );
}

async function watch(
  context: CliContext,
  client: QualityClient,
  symbols: readonly string[],
  flags: WatchFlags,
): Promise<void> {
  const { terminal } = context;
  const topics = chosen('--topic', TOPICS, flags.topic);
  const severities = chosen('--severity', SEVERITIES, flags.severity);
  const signal = stopSignal(() => undefined);
  const events = client.watch({
    ...{ symbols, topics, severities, history: flags.history, signal },
    ...(flags.source === undefined ? {} : { source: flags.source }),
  });
  for await (const event of events) await terminal.write(`${lineOf(context, flags, event)}\n`);
}

function lineOf(context: CliContext, flags: ConnectionFlags, event: QualityEvent): string {
  return flags.json === true ? JSON.stringify(watchJson(event)) : watchLine(event, painter(context));
}

function withRange(command: Command): Command {
  return command
    .option('--source <name>', 'only of this source')
    .option('--from <time>', 'from when on (ISO 8601); default: 24 hours ago', time)
    .option('--to <time>', 'until when; default: now', time);
}

function spanOf({ from, to }: RangeFlags): { readonly startNs: bigint; readonly endNs?: bigint } {
  const endNs = to ?? BigInt(Date.now()) * 1_000_000n;
  return { startNs: from ?? endNs - DAY_NS, ...(to === undefined ? {} : { endNs: to }) };
}

function painter({ terminal }: CliContext): CliContext['terminal']['paint'] {
  return (style, text) => terminal.paint(style, text);
}

/** Lines for people, or one of JSON for each; a note where there is nothing. */
async function print<T>(
  { terminal }: CliContext,
  flags: ConnectionFlags,
  items: readonly T[],
  json: (item: T) => object,
  lines: (items: readonly T[]) => readonly string[],
): Promise<void> {
  const shown = flags.json === true ? items.map((item) => JSON.stringify(json(item))) : lines(items);
  if (items.length > 0) await terminal.write(shown.map((line) => `${line}\n`).join(''));
  else if (flags.json !== true) terminal.note('nothing that matches');
}

async function withQuality(
  context: CliContext,
  flags: ConnectionFlags,
  run: (client: QualityClient) => Promise<void>,
): Promise<void> {
  const client = openClient(await findGrpcAddress(context, flags));
  try {
    await run(client.quality);
  } finally {
    client.close();
  }
}

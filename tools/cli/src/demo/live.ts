import { connect, type TickwellClient } from '@tickwell/client';
import { formatNs } from '@tickwell/domain';
import { sampleJarPath } from '@tickwell/local-stack';
import type { CliContext } from '../context.ts';
import { runIngest } from '../ingest/ingest-process.ts';
import { IngestReport } from '../ingest/report.ts';
import { hasFired } from '../stop-signal.ts';
import type { DemoParts } from './demo.ts';
import { startGateway } from './gateway.ts';
import { eventLines } from './strategy-view.ts';

/** So fast that a bar of a minute closes every second; the trades span six days, so the replay lasts 2.4 hours and ends now. */
const REPLAY_SPEED = 60;
const REPLAY_SPAN_MS = 6.1 * 86_400_000;
const LIVE_INDICATORS: ReadonlySet<string> = new Set(['sma(20,close)', 'rsi(14,close)']);

/** Replays the trades as if they happened now, over and over, and shows what a subscriber gets, until the signal fires. */
export async function replayLive(parts: DemoParts): Promise<void> {
  const { context, grpcAddress } = parts;
  const { terminal } = context;
  terminal.print('');
  terminal.print(`Replaying the trades at ${REPLAY_SPEED} times their speed, live from here (Ctrl-C ends):`);
  const client = connect({ address: grpcAddress });
  try {
    await Promise.all([
      watchLive(parts, client, (source) => source.includes('replay:')),
      replayForever(parts),
    ]);
  } finally {
    client.close();
  }
}

async function watchLive(
  { context: { terminal }, signal }: DemoParts,
  client: TickwellClient,
  isShownSource: (source: string) => boolean,
): Promise<void> {
  const subscription = client.subscribe({
    symbols: ['BTCUSD'],
    kinds: ['bars', 'indicators'],
    intervals: ['1m'],
    signal,
  });
  try {
    for await (const event of subscription) {
      if (event.kind === 'live' || event.kind === 'snapshot-end') continue;
      if (event.kind === 'indicators' && !isShown(event.specId, event.values.warm)) continue;
      if (!isShownSource(event.source)) continue;
      for (const line of eventLines(event)) terminal.print(`  ${line}`);
    }
  } catch (error) {
    if (!hasFired(signal)) throw error;
  }
}

/** Two indicators are enough to watch, once they have all the history they want. */
function isShown(specId: string, warm: readonly boolean[]): boolean {
  return LIVE_INDICATORS.has(specId) && warm.at(-1) === true;
}

async function replayForever({ context, endpoints, signal }: DemoParts): Promise<void> {
  const jar = await sampleJarPath();
  while (!hasFired(signal)) {
    const startMs = Date.now() - REPLAY_SPAN_MS;
    const report = new IngestReport(quiet(context));
    await runIngest({
      root: context.root,
      env: context.env,
      endpoints,
      jobs: [replayJob(jar, BigInt(Math.round(startMs)) * 1_000_000n)],
      onLine: (line) => {
        report.add(line);
      },
      signal,
    });
    if (!hasFired(signal)) report.throwOnFailure();
  }
}

/** The trades of the sample, moved to end about now; a source of its own, so that it never mixes with the import. */
function replayJob(jar: string, startNs: bigint): unknown {
  return {
    type: 'replay',
    dataset: 'demo',
    speed: REPLAY_SPEED,
    startAt: formatNs(startNs),
    files: [
      {
        path: jar,
        entry: 'bitstamp_trades_from_20131125_usd.csv',
        format: 'csv',
        kind: 'trades',
        mapping: { time: 'timestamp', price: 'price', size: 'amount' },
        timeFormat: 'epoch-s',
        symbol: 'BTCUSD',
        priceBasis: 'raw',
        dataset: 'sample-bitstamp',
      },
    ],
  };
}

/** A week of simulated market at 60 times its speed lasts 2.8 hours. */
const GATEWAY_SPAN_MS = 7 * 86_400_000;
const LIVE_INSTRUMENT = { symbol: 'BTCUSD', secType: 'CRYPTO', ibSymbol: 'BTC', currency: 'USD' };
const LIVE_SOURCE = 'ib';

/**
 * Starts the simulated Gateway and follows its ticks as those of Interactive Brokers: connection, pacing and repair of holes are those of
 * the real one. Shows what a subscriber gets until the signal fires, or the simulated clock would pass the real one.
 */
export async function gatewayLive(parts: DemoParts): Promise<void> {
  const { context, grpcAddress, signal } = parts;
  const { terminal } = context;
  const client = connect({ address: grpcAddress });
  try {
    const startMs = await gatewayStart(client);
    const leftMs = Math.max(0, Math.floor((Date.now() - startMs) / (REPLAY_SPEED - 1)));
    const until = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
    const gateway = await startGateway(context, { startMs, speed: REPLAY_SPEED });
    try {
      terminal.print('');
      terminal.print(
        `Following ${LIVE_INSTRUMENT.symbol} of a simulated IB Gateway on 127.0.0.1:${gateway.port}, whose clock runs from ` +
          `${new Date(startMs).toISOString()} at ${REPLAY_SPEED} times its speed (Ctrl-C ends):`,
      );
      const bounded = { ...parts, signal: until };
      await Promise.all([
        watchLive(bounded, client, (source) => source === `derived:${LIVE_SOURCE}`),
        followGateway(bounded, gateway.port),
      ]);
    } finally {
      await gateway.stop();
    }
  } finally {
    client.close();
  }
}

/** Later than anything stored of the source: a live feed does not go back in time. */
async function gatewayStart(client: TickwellClient): Promise<number> {
  const { symbol } = LIVE_INSTRUMENT;
  const latest = await client.latest({ symbols: [symbol], source: LIVE_SOURCE, kinds: ['trades'] });
  const times = latest.flatMap((event) => (event.kind === 'trade' ? [event.trade.timeNs] : []));
  const lastNs = times.reduce((a, b) => (a > b ? a : b), 0n);
  const earliestMs = Date.now() - GATEWAY_SPAN_MS;
  return Math.max(earliestMs, Math.ceil(Number(lastNs) / 1e6) + 60_000);
}

async function followGateway(parts: DemoParts, gatewayPort: number): Promise<void> {
  const { context, endpoints, grpcAddress, signal } = parts;
  const report = new IngestReport(quiet(context));
  await runIngest({
    root: context.root,
    env: { ...context.env, TICKWELL_GRPC_ADDRESS: grpcAddress },
    endpoints,
    jobs: [
      {
        type: 'ib',
        feed: 'live',
        port: gatewayPort,
        speed: REPLAY_SPEED,
        instruments: [LIVE_INSTRUMENT],
        series: ['trades'],
      },
    ],
    onLine: (line) => {
      report.add(line);
    },
    signal,
  });
  if (!hasFired(signal)) report.throwOnFailure();
}

/** Failures are told by `throwOnFailure`; the rest of a replay that never ends is not news. */
function quiet({ terminal }: CliContext): CliContext['terminal'] {
  return { ...terminal, note: () => undefined, transient: () => undefined };
}

import type { Command } from 'commander';
import { formatNs, TickwellError } from '@tickwell/domain';
import { isWebsocketDefinition } from '@tickwell/feed-websocket';
import type { CliContext } from '../context.ts';
import { importJobs, withImportOptions, type Import } from '../ingest/import.ts';
import { providerInstrument, type ProviderFlags } from '../ingest/provider-flags.ts';
import { websocketImport } from '../ingest/websocket-import.ts';
import { list, time, wholeNumber, withExamples } from '../options.ts';
import { findProvider, providerOfJob, type FoundProvider } from '../source/known-providers.ts';

const DAY_SECONDS = 86_400;

/** `tickwell ingest provider` */
export function addIngestProvider(ingest: Command, context: CliContext): void {
  const command = ingest
    .command('provider')
    .description(
      'from a provider: a ready definition (Tiingo, Stooq, ECB; live: Coinbase, Binance futures, BitMEX), or a module or definition of your own; docs/providers.md, docs/websocket-feeds.md',
    )
    .argument('<provider>', 'its name, or the file of a module (.ts, .js) or definition (.json)')
    .argument(
      '<symbol...>',
      "instruments by id or by the provider's symbol, as the instrument map has them; ID=SYMBOL says both",
    )
    .option('--interval <interval>', "of bars; default: the provider's first")
    .option('--kind <kinds>', 'bars, trades, quotes, actions, fundamentals; default: all that it has', list)
    .option('--from <time>', 'history: first day or time', time)
    .option('--to <time>', 'history: first day or time not wanted; default: now', time)
    .option('--live', 'follow live until Ctrl-C')
    .option('--for <seconds>', 'live: stop after so long', wholeNumber(1, 365 * DAY_SECONDS));
  withImportOptions(command);
  withExamples(command, [
    'tickwell ingest provider ecb EURUSD=USD EURGBP=GBP --from 1999-01-04',
    'TIINGO_API_KEY=… tickwell ingest provider tiingo AAPL MSFT --from 2020-01-01 --wait',
    'tickwell ingest provider ./my-provider.ts BTCUSD=btc_usd --live',
    'tickwell ingest provider coinbase BTCUSD=BTC-USD ETHUSD=ETH-USD --live --kind trades',
  ]);
  command.action(async (name: string, symbols: string[], flags: ProviderFlags) => {
    if (isWebsocketDefinition(name)) return importJobs(context, flags, websocketImport(name, symbols, flags));
    const provider = await findProvider(context, name);
    return importJobs(context, flags, providerImport(provider, symbols, flags));
  });
}

/** @throws TickwellError `invalid-argument` unless either history or live is asked for. */
export function providerImport(
  provider: FoundProvider,
  symbols: readonly string[],
  flags: ProviderFlags,
): Import {
  const { interval, kind, from, to, live } = flags;
  const { declared } = provider.runtime;
  if ((live === true) === (from !== undefined))
    throw new TickwellError('invalid-argument', 'say what is wanted: either --from TIME, or --live');
  const has = live === true ? declared.liveKinds : declared.kinds;
  const job = {
    type: 'provider',
    ...providerOfJob(provider),
    symbols: symbols.map(providerInstrument),
    kinds: kind ?? has,
    ...(interval === undefined ? {} : { interval }),
    ...(from === undefined ? {} : { from: formatNs(from) }),
    ...(to === undefined ? {} : { to: formatNs(to) }),
    ...(live === true ? { live } : {}),
  };
  return {
    jobs: [job],
    sources: [declared.name],
    ...(flags.for === undefined ? {} : { untilMs: flags.for * 1000 }),
  };
}

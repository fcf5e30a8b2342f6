import { NS_PER_DAY, parseInterval, type Interval } from '@tickwell/domain';
import type { ProviderKind } from '@tickwell/provider';
import type { ProviderHost } from '../host.ts';
import { isDayOrLonger } from '../chunk-builder.ts';
import type { ProviderRuntime } from '../runtime.ts';
import { fail, pass, skip, type Finding } from './finding.ts';
import { historyChecks } from './history-checks.ts';
import { liveChecks } from './live-checks.ts';

export interface CheckOptions {
  /** As the provider writes it; default: its example. */
  readonly symbol?: string | undefined;
  /** Of the bars; default: the provider's first. */
  readonly interval?: string | undefined;
  /** Default: as long before the end as there is something to be seen. */
  readonly fromNs?: bigint | undefined;
  /** Default: the last midnight. */
  readonly toNs?: bigint | undefined;
  /** How long a live session is waited for, in ms. */
  readonly liveMs: number;
}

const SPAN_DAYS: Readonly<Record<ProviderKind, bigint>> = {
  bars: 5n,
  trades: 1n,
  quotes: 1n,
  actions: 730n,
  fundamentals: 1096n,
};
const DAILY_SPAN_DAYS = 60n;

/**
 * The contract of a provider: loads it from a ready name or file and tries everything that Tickwell relies on. Findings come as they are
 * made; what cannot be tried is skipped, with the reason. It asks the vendor about a dozen times.
 */
export async function* checkProvider(
  host: ProviderHost,
  path: string,
  options: CheckOptions,
): AsyncGenerator<Finding> {
  const loaded = await host.load(path);
  if (!loaded.ok) {
    yield { check: 'loads', outcome: 'fail', message: loaded.error.message };
    return;
  }
  const runtime = loaded.value;
  const { declared } = runtime;
  yield {
    check: 'loads',
    ...pass(
      `${declared.name}: ${[declared.hasHistory ? 'history' : '', declared.hasLive ? 'live' : ''].filter(Boolean).join(' and ')}`,
    ),
  };
  yield { check: 'says its limits', ...limitsOf(runtime) };
  const symbol = options.symbol ?? declared.example;
  if (symbol === '') {
    yield {
      check: 'delivers',
      ...skip('no symbol to ask for: say --symbol SYMBOL, or give the provider an example'),
    };
    return;
  }
  const network = watchNetwork();
  try {
    if (declared.hasHistory) yield* historiesOf(runtime, symbol, options);
    if (declared.hasLive) yield* liveChecks(runtime, { vendor: symbol, waitMs: options.liveMs });
  } finally {
    network.end();
  }
  yield { check: 'keeps to its limits', ...network.outcome() };
}

function limitsOf({ declared }: ProviderRuntime): ReturnType<typeof pass> {
  const { group, ...numbers } = declared.limits;
  const said = Object.entries(numbers).map(([name, number]) => `${name} ${number}`);
  if (said.length === 0)
    return skip('none, so two requests a second, one at a time: say limits if the vendor has others');
  return pass([...said, ...(group === undefined ? [] : [`shared as ${group}`])].join(', '));
}

async function* historiesOf(
  runtime: ProviderRuntime,
  vendor: string,
  options: CheckOptions,
): AsyncGenerator<Finding> {
  const { declared, clock } = runtime;
  for (const kind of declared.kinds) {
    const interval =
      kind === 'bars' ? intervalOf(options.interval ?? declared.intervals[0] ?? '') : undefined;
    if (kind === 'bars' && (interval === undefined || !declared.intervals.includes(interval.text))) {
      yield {
        check: 'history bars',
        ...fail(`it has no bars of ${options.interval}`, `it says ${declared.intervals.join(', ')}`),
      };
      continue;
    }
    const toNs = options.toNs ?? clock.nowNs() - (clock.nowNs() % NS_PER_DAY);
    const days = isDayOrLonger(interval) ? DAILY_SPAN_DAYS : SPAN_DAYS[kind];
    const fromNs = options.fromNs ?? toNs - days * NS_PER_DAY;
    yield* historyChecks({ runtime, vendor, kind, interval, fromNs, toNs });
  }
}

function intervalOf(text: string): Interval | undefined {
  const interval = parseInterval(text);
  return interval.ok ? interval.value : undefined;
}

interface NetworkWatch {
  readonly end: () => void;
  readonly outcome: () => ReturnType<typeof pass>;
}

/** Sees requests that go past `context.fetch`, which alone keeps the limits. */
function watchNetwork(): NetworkWatch {
  const real = globalThis.fetch;
  const hosts = new Set<string>();
  const watched: typeof fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    hosts.add(URL.canParse(url) ? new URL(url).host : url);
    return real(input, init);
  };
  globalThis.fetch = watched;
  return {
    end: () => {
      if (globalThis.fetch === watched) globalThis.fetch = real;
    },
    outcome: () =>
      hosts.size === 0
        ? pass('every request went through context.fetch, or there was none')
        : fail(
            `requests to ${[...hosts].join(', ')} went past context.fetch`,
            'use context.fetch, fetchJson or fetchText: they keep the limits and repeat',
          ),
  };
}

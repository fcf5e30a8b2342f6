import {
  checkSymbol,
  checkVendorSymbol,
  err,
  errorMessage,
  JsonFields,
  ok,
  parseInterval,
  parseIsoTime,
  TickwellError,
  type Interval,
  type Result,
} from '@tickwell/domain';
import { jobsByName, liveNames, type EventSource, type FeedJob, type LiveReport } from '@tickwell/ports';
import { PROVIDER_KINDS, type ProviderKind } from '@tickwell/provider';
import { HistorySource, type HistoryOptions } from './history-source.ts';
import { ProviderHost } from './host.ts';
import { LiveSource, type LiveInstrument } from './live-source.ts';
import type { ProviderRuntime } from './runtime.ts';

/** Actions and fundamentals are dated long before they are published, so a later run asks for all of them again. */
const GOES_ON: ReadonlySet<ProviderKind> = new Set(['bars', 'trades', 'quotes']);

interface Wanted {
  readonly path: string;
  readonly instruments: readonly LiveInstrument[];
  readonly interval: Interval | undefined;
}

/**
 * A job `{"type":"provider","module":"./my-provider.ts","symbols":["AAPL",{"symbol":"EURUSD","vendor":"USD"}],"kinds":["bars"],
 * "interval":"1d","from":"2020-01-01","to":…}`, or with `"definition"`: the name of a ready definition or a file of one. One stream a
 * symbol and kind, without `to` until now, where a later run goes on. With `"live":true` one stream of all symbols, without an end.
 */
export function readProviderJob(
  value: unknown,
  where: string,
  host: ProviderHost,
): Result<readonly FeedJob[], readonly string[]> {
  const fields = new JsonFields(value, where);
  fields.take('type');
  const path = readPath(fields);
  const isLive = fields.flag('live') ?? false;
  const kinds = readKinds(fields);
  const interval = readInterval(fields);
  const instruments = readInstruments(fields, where);
  const fromNs = readTime(fields, 'from');
  const toNs = readTime(fields, 'to');
  if (isLive && (fromNs !== undefined || toNs !== undefined))
    fields.problem('live', 'has no from and to: ask for history in a job of its own');
  if (!isLive && fields.take('from') === undefined) fields.problem('from', 'is required: a date or time');
  const endNs = toNs ?? host.clock.nowNs();
  if (!isLive && fromNs !== undefined && fromNs >= endNs) fields.problem('from', 'must be before to');
  const wanted: Wanted = { path, instruments, interval };
  if (isLive) return fields.finish([liveJob(wanted, kinds, host)]);
  return fields.finish(
    instruments.flatMap((instrument) =>
      (kinds ?? ['bars']).map((kind) =>
        historyByName(
          wanted,
          {
            ...instrument,
            kind,
            fromNs: fromNs ?? 0n,
            toNs: endNs,
            continues: toNs === undefined && GOES_ON.has(kind),
          },
          host,
        ),
      ),
    ),
  );
}

type HistoryWanted = LiveInstrument & Pick<HistoryOptions, 'kind' | 'fromNs' | 'toNs' | 'continues'>;

/** Where the job says no symbol of the provider: one job for every one that the instrument map has for the time asked. */
function historyByName(wanted: Wanted, of: HistoryWanted, host: ProviderHost): FeedJob {
  const { symbol: name, vendor, fromNs, toNs } = of;
  const own = historyJob(wanted, of, host);
  if (vendor !== name) return own;
  return {
    ...own,
    parts: async () => {
      // Its name is that of its source.
      const runtime = await loadProvider(host, wanted.path);
      if (!runtime.ok) return runtime;
      const { name: source } = runtime.value.declared;
      return jobsByName(host.names, { name, source, fromNs, toNs }, (piece) =>
        historyJob(
          wanted,
          {
            ...of,
            ...piece,
            symbol: piece.id,
            vendor: piece.vendor.symbol,
            // Of a name that it has no more nothing will come.
            continues: of.continues && piece.toNs === toNs,
          },
          host,
        ),
      );
    },
  };
}

function historyJob({ path, interval }: Wanted, of: HistoryWanted, host: ProviderHost): FeedJob {
  return {
    name: `${path} ${of.symbol} ${of.kind}`,
    open: (logger) =>
      openWith(host, path, (runtime) => {
        const { declared } = runtime;
        const what = `${declared.name} ${of.symbol}`;
        if (!declared.hasHistory) return err(wrong(`${what}: it has no history, only live`));
        const bars = intervalOf(runtime, of.kind, interval, what);
        if (!bars.ok) return bars;
        const { symbol, vendor, kind, fromNs, toNs, continues } = of;
        const { onReport } = host;
        const series = { symbol, vendor, kind, interval: bars.value, fromNs, toNs, continues };
        return ok(new HistorySource({ ...series, runtime, logger, onReport }));
      }),
  };
}

function liveJob(
  { path, instruments, interval }: Wanted,
  asked: readonly ProviderKind[] | undefined,
  host: ProviderHost,
): FeedJob {
  return {
    name: `${path} live`,
    open: (logger, { onReport } = {}) =>
      openWith(host, path, (runtime) => {
        const { declared } = runtime;
        const what = `${declared.name} live`;
        if (!declared.hasLive) return err(wrong(`${what}: it has no live, only history`));
        const kinds = asked ?? declared.liveKinds;
        const foreign = kinds.find((kind) => !declared.liveKinds.includes(kind));
        if (foreign !== undefined)
          return err(wrong(`${what}: it has no ${foreign}, only ${declared.liveKinds.join(', ')}`));
        const bars = kinds.includes('bars') ? intervalOf(runtime, 'bars', interval, what) : ok(undefined);
        if (!bars.ok) return bars;
        const report = (told: LiveReport): void => {
          host.onReport(declared.name, told);
          onReport?.(told);
        };
        const { names: resolver, clock } = host;
        const of = { resolver, source: declared.name, timeNs: clock.nowNs(), logger, report };
        const known = liveNames(instruments, of);
        if (!known.ok) return known;
        const options = {
          runtime,
          logger,
          instruments: known.value,
          kinds,
          interval: bars.value,
          onReport: (_source: string, told: LiveReport) => {
            report(told);
          },
        };
        return ok(new LiveSource(options));
      }),
  };
}

async function openWith(
  host: ProviderHost,
  path: string,
  open: (runtime: ProviderRuntime) => Result<EventSource, TickwellError>,
): Promise<Result<EventSource, TickwellError>> {
  const runtime = await loadProvider(host, path);
  try {
    return runtime.ok ? open(runtime.value) : runtime;
  } catch (cause) {
    return err(failed(path, cause));
  }
}

async function loadProvider(
  host: ProviderHost,
  path: string,
): Promise<Result<ProviderRuntime, TickwellError>> {
  try {
    return await host.load(path);
  } catch (cause) {
    return err(failed(path, cause));
  }
}

function failed(path: string, cause: unknown): TickwellError {
  return new TickwellError('provider-failed', `${path}: ${errorMessage(cause)}`, { cause });
}

/** The interval of bars: the one asked for, else the provider's first. */
function intervalOf(
  { declared }: ProviderRuntime,
  kind: ProviderKind,
  asked: Interval | undefined,
  what: string,
): Result<Interval | undefined, TickwellError> {
  const has = [...declared.kinds, ...declared.liveKinds];
  if (!has.includes(kind))
    return err(wrong(`${what}: it has no ${kind}, only ${[...new Set(has)].join(', ')}`));
  if (kind !== 'bars') return ok(undefined);
  const text = asked?.text ?? declared.intervals[0] ?? '';
  if (!declared.intervals.includes(text))
    return err(wrong(`${what}: it has no bars of ${text}, only of ${declared.intervals.join(', ')}`));
  const interval = parseInterval(text);
  return interval.ok ? interval : err(wrong(`${what}: ${interval.error}`));
}

function wrong(message: string): TickwellError {
  return new TickwellError('provider-options', message);
}

function readPath(fields: JsonFields): string {
  const module = fields.text('module');
  const definition = fields.text('definition');
  const path = module ?? definition ?? '';
  if ((module === undefined) === (definition === undefined))
    fields.problem(
      'module',
      'or definition is required: the file of a module, or a definition by name or file',
    );
  else {
    const problem = ProviderHost.nameProblem(path);
    if (problem !== undefined) fields.problem(module === undefined ? 'definition' : 'module', problem);
  }
  return path;
}

function readKinds(fields: JsonFields): readonly ProviderKind[] | undefined {
  const list = fields.list('kinds');
  const kinds = list?.flatMap((one) => {
    const kind = PROVIDER_KINDS.find((known) => known === one);
    if (kind === undefined) fields.problem('kinds', `may hold ${PROVIDER_KINDS.join(', ')}`);
    return kind === undefined ? [] : [kind];
  });
  if (list?.length === 0) fields.problem('kinds', `must name at least one of ${PROVIDER_KINDS.join(', ')}`);
  return kinds;
}

function readInterval(fields: JsonFields): Interval | undefined {
  const text = fields.text('interval');
  if (text === undefined) return undefined;
  const interval = parseInterval(text);
  if (interval.ok) return interval.value;
  fields.problem('interval', interval.error);
  return undefined;
}

function readTime(fields: JsonFields, name: string): bigint | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const time = parseIsoTime(text);
  if (time.ok) return time.value;
  fields.problem(name, time.error);
  return undefined;
}

function readInstruments(fields: JsonFields, where: string): readonly LiveInstrument[] {
  const values = fields.list('symbols') ?? [];
  if (values.length === 0) fields.problem('symbols', 'must be a list of at least one instrument');
  const instruments = values.flatMap((value, index): LiveInstrument[] => {
    if (typeof value === 'string') return [{ symbol: value, vendor: value }];
    const inner = new JsonFields(value, `${where}.symbols[${index}]`);
    const symbol = inner.requiredText('symbol');
    const read = inner.finish({ symbol, vendor: inner.text('vendor') ?? symbol });
    if (read.ok) return [read.value];
    fields.problems.push(...read.error);
    return [];
  });
  for (const { symbol, vendor } of instruments) {
    const checked = checkSymbol(symbol);
    if (!checked.ok) fields.problem('symbols', checked.error);
    const name = checkVendorSymbol(vendor);
    if (!name.ok) fields.problem('symbols', `has a symbol of the provider that ${name.error}`);
  }
  const twice =
    repeated(instruments.map(({ vendor }) => vendor)) ?? repeated(instruments.map(({ symbol }) => symbol));
  if (twice !== undefined) fields.problem('symbols', `names "${twice}" twice: one instrument has one symbol`);
  return instruments;
}

function repeated(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return texts.find((text) => seen.size === seen.add(text).size);
}

import { formatNs } from '@tickwell/domain';

/** A job of ingest as it is written in a policy; see {@link fillTemplate}. */
export type JobTemplate = Readonly<Record<string, unknown>>;

const SINCE = '{since}';
const FROM = '{from}';
const TO = '{to}';
const INSTRUMENTS = '{instruments}';
/** Where jobs name their instruments: ids, or objects whose `symbol` is one. */
const LISTS = ['instruments', 'symbols'] as const;

/** The id that an entry of a job's list of instruments stands for. */
function idOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (typeof entry !== 'object' || entry === null || !('symbol' in entry)) return undefined;
  return typeof entry.symbol === 'string' ? entry.symbol : undefined;
}

/** The field in which a job lists instruments itself. */
export function writtenList(job: JobTemplate): string | undefined {
  return LISTS.find((name) => Array.isArray(job[name]));
}

/** Instruments that a job's own list leaves out. */
export function missingInstruments(job: JobTemplate, symbols: readonly string[]): readonly string[] {
  for (const name of LISTS) {
    const list: unknown = job[name];
    if (!Array.isArray(list)) continue;
    const ids = new Set(list.map(idOf));
    return symbols.filter((symbol) => !ids.has(symbol));
  }
  return [];
}

/**
 * The job for some of a policy's instruments: its list keeps only them, the text "{instruments}" becomes the list of their ids and
 * "{since}" the time (ns since the epoch) from which something is missing; of a repair "{from}" and "{to}" the span that is.
 */
export function fillTemplate(
  job: JobTemplate,
  of: {
    readonly symbols: readonly string[];
    readonly sinceNs: bigint;
    readonly span?: { readonly startNs: bigint; readonly endNs: bigint };
  },
): JobTemplate {
  const wanted = new Set(of.symbols);
  const times: readonly (readonly [string, string])[] = [
    [SINCE, formatNs(of.sinceNs)],
    ...(of.span === undefined
      ? []
      : ([
          [FROM, formatNs(of.span.startNs)],
          [TO, formatNs(of.span.endNs)],
        ] as const)),
  ];
  const fill = (value: unknown): unknown => {
    if (value === INSTRUMENTS) return of.symbols;
    if (typeof value === 'string')
      return times.reduce((text, [name, time]) => text.replaceAll(name, time), value);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fill(inner)]));
  };
  return Object.fromEntries(
    Object.entries(job).map(([name, value]): [string, unknown] => {
      if (!LISTS.some((list) => list === name) || !Array.isArray(value)) return [name, fill(value)];
      const list: readonly unknown[] = value;
      return [name, list.filter((entry) => wanted.has(idOf(entry) ?? ''))];
    }),
  );
}

export function asksSince(job: JobTemplate): boolean {
  return JSON.stringify(job).includes(SINCE);
}

/** Whether a job asks for a span alone. */
export function asksSpan(job: JobTemplate): boolean {
  const text = JSON.stringify(job);
  return text.includes(FROM) && text.includes(TO);
}

import { NS_PER_MS, parseTimeZone, formatNs, type TimeZone } from '@tickwell/domain';

/** What an address may hold between braces. */
export const VARIABLES = [
  'symbol',
  'interval',
  'from',
  'to',
  'key',
  'page',
  'offset',
  'limit',
  'cursor',
] as const;

export type Variable = (typeof VARIABLES)[number];

const PLACE = /\{([^{}]*)\}/g;

/** The variables of a template, in order; unknown ones as they stand. */
export function variablesOf(template: string): readonly string[] {
  return [...template.matchAll(PLACE)].map((match) => match[1] ?? '');
}

export function isVariable(name: string): name is Variable {
  return VARIABLES.some((known) => known === name);
}

/** The template with values in its places; those of an address are escaped, so that no symbol becomes another address. */
export function fill(
  template: string,
  values: Readonly<Partial<Record<Variable, string>>>,
  escape: (text: string) => string = encodeURIComponent,
): string {
  return template.replaceAll(PLACE, (_place, name: string) =>
    isVariable(name) ? escape(values[name] ?? '') : '',
  );
}

/** How {from} and {to} are written. */
export interface DateStyle {
  /** "iso", "epoch-s", "epoch-ms", or a pattern of YYYY MM DD HH mm ss. */
  readonly format: string;
  readonly zone: TimeZone;
  /** Whether the vendor counts {to} in, so that it is the last moment before the end. */
  readonly toIsIncluded: boolean;
}

const DATE_TOKEN = /YYYY|MM|DD|HH|mm|ss/g;

/** What is wrong with a format; undefined: nothing. */
export function dateFormatProblem(format: string): string | undefined {
  if (format === 'iso' || format === 'epoch-s' || format === 'epoch-ms') return undefined;
  const tokens = new Set(format.match(DATE_TOKEN));
  return tokens.has('YYYY') && tokens.has('MM') && tokens.has('DD')
    ? undefined
    : `"${format}" must be iso, epoch-s, epoch-ms, or hold YYYY, MM and DD, such as YYYY-MM-DD`;
}

/** The smallest step that a format can say, in ns: the last moment before an end is one of it earlier. */
function stepNs(format: string): bigint {
  if (format === 'epoch-ms') return NS_PER_MS;
  if (format === 'iso' || format === 'epoch-s' || format.includes('ss')) return 1000n * NS_PER_MS;
  if (format.includes('mm')) return 60_000n * NS_PER_MS;
  return format.includes('HH') ? 3_600_000n * NS_PER_MS : 86_400_000n * NS_PER_MS;
}

/** An instant as the vendor wants it; `isEnd`: the first one that is not wanted. */
export function writeDate(timeNs: bigint, isEnd: boolean, { format, zone, toIsIncluded }: DateStyle): string {
  // An end at midnight must not ask for the day that it begins.
  const instantNs = isEnd && toIsIncluded ? timeNs - 1n : timeNs;
  if (format === 'epoch-s') return String(instantNs / (1000n * NS_PER_MS));
  if (format === 'epoch-ms') return String(instantNs / NS_PER_MS);
  const step = stepNs(format);
  const wallNs = instantNs + BigInt(zone.offsetMs(Number(instantNs / NS_PER_MS))) * NS_PER_MS;
  // What is not counted in is rounded up, so that nothing before it is lost.
  const shownNs = isEnd && !toIsIncluded ? roundUp(wallNs, step) : wallNs;
  const text = new Date(Number(shownNs / NS_PER_MS)).toISOString();
  if (format === 'iso') return formatNs((instantNs / (1000n * NS_PER_MS)) * 1000n * NS_PER_MS);
  const parts: Readonly<Record<string, string>> = {
    YYYY: text.slice(0, 4),
    MM: text.slice(5, 7),
    DD: text.slice(8, 10),
    HH: text.slice(11, 13),
    mm: text.slice(14, 16),
    ss: text.slice(17, 19),
  };
  return format.replaceAll(DATE_TOKEN, (token) => parts[token] ?? token);
}

function roundUp(ns: bigint, step: bigint): bigint {
  const rest = ns % step;
  return rest === 0n ? ns : ns - rest + step;
}

export const UTC: TimeZone = utc();

function utc(): TimeZone {
  const zone = parseTimeZone('UTC');
  if (!zone.ok) throw new Error(zone.error);
  return zone.value;
}

import { NS_PER_DAY, NS_PER_SECOND, type JsonFields } from '@tickwell/domain';

const UNIT_NS: Readonly<Record<string, bigint>> = {
  s: NS_PER_SECOND,
  m: 60n * NS_PER_SECOND,
  h: 3600n * NS_PER_SECOND,
  d: NS_PER_DAY,
};
const MAX_NS = 366n * NS_PER_DAY;

/** "30s", "5m", "4h", "2d"; undefined where it is none, or longer than a year. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^(\d{1,8})([smhd])$/.exec(text);
  const unit = UNIT_NS[match?.[2] ?? ''];
  if (unit === undefined) return undefined;
  const ns = BigInt(match?.[1] ?? 0) * unit;
  return ns <= MAX_NS ? ns : undefined;
}

/** "4h", "90s": the longest unit that says it exactly. */
export function durationText(ns: bigint): string {
  for (const unit of ['d', 'h', 'm']) {
    const unitNs = UNIT_NS[unit] ?? 1n;
    if (ns >= unitNs && ns % unitNs === 0n) return `${ns / unitNs}${unit}`;
  }
  return `${ns / NS_PER_SECOND}s`;
}

/** A duration of a document, of at least so long; undefined where it is not there, or wrong, which is a problem then. */
export function readDuration(fields: JsonFields, name: string, minNs: bigint): bigint | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const ns = parseDuration(text);
  if (ns !== undefined && ns >= minNs) return ns;
  fields.problem(
    name,
    `"${text.slice(0, 20)}" must be a duration from ${durationText(minNs)} to 366d, written as 30s, 5m, 4h or 2d`,
  );
  return undefined;
}

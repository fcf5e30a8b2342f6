import { err, formatNs, NS_PER_DAY, ok, parseIsoTime, type JsonFields, type Result } from '@tickwell/domain';

/** A half-open span of time, ns since the epoch. An open side is {@link BEGINNING} or {@link END}. */
export interface Span {
  readonly fromNs: bigint;
  /** The first instant that is not part of it. */
  readonly toNs: bigint;
}

export const BEGINNING = -(1n << 63n);
export const END = (1n << 63n) - 1n;
export const ALWAYS: Span = { fromNs: BEGINNING, toNs: END };

export function holds({ fromNs, toNs }: Span, timeNs: bigint): boolean {
  return fromNs <= timeNs && timeNs < toNs;
}

/** What two spans share; undefined: nothing. */
export function overlap(a: Span, b: Span): Span | undefined {
  const fromNs = a.fromNs > b.fromNs ? a.fromNs : b.fromNs;
  const toNs = a.toNs < b.toNs ? a.toNs : b.toNs;
  return fromNs < toNs ? { fromNs, toNs } : undefined;
}

/** "from 2012-05-18 to 2022-06-09", "from 2022-06-09 on", "until 2012-05-18", "always". */
export function spanText({ fromNs, toNs }: Span): string {
  if (fromNs === BEGINNING) return toNs === END ? 'always' : `until ${dayText(toNs)}`;
  return toNs === END ? `from ${dayText(fromNs)} on` : `from ${dayText(fromNs)} to ${dayText(toNs)}`;
}

/** A date where the time is midnight UTC, else the whole time. */
export function dayText(ns: bigint): string {
  const text = formatNs(ns);
  return ns % NS_PER_DAY === 0n ? text.slice(0, 'YYYY-MM-DD'.length) : text;
}

/** The optional fields `from` and `to` of an object. A date is midnight UTC; where that is not between two sessions, write a time with offset. */
export function readSpan(fields: JsonFields): Span {
  const fromNs = readTime(fields, 'from') ?? BEGINNING;
  const toNs = readTime(fields, 'to') ?? END;
  if (fromNs < toNs) return { fromNs, toNs };
  fields.problem('to', `must be after from, and ${dayText(toNs)} is not after ${dayText(fromNs)}`);
  return ALWAYS;
}

function readTime(fields: JsonFields, name: string): bigint | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const time = parseIsoTime(text);
  if (time.ok) return time.value;
  fields.problem(name, time.error);
  return undefined;
}

/** Spans of one thing, in order; the error names the first two that overlap. */
export function inOrder<T extends { readonly span: Span }>(
  pieces: readonly T[],
  nameOf: (piece: T) => string,
): Result<readonly T[], string> {
  const sorted = pieces.toSorted((a, b) => (a.span.fromNs < b.span.fromNs ? -1 : 1));
  for (const [index, piece] of sorted.entries()) {
    const next = sorted[index + 1];
    const shared = next === undefined ? undefined : overlap(piece.span, next.span);
    if (next !== undefined && shared !== undefined)
      return err(
        `${nameOf(piece)} and ${nameOf(next)} overlap ${spanText(shared)}: end one where the other begins`,
      );
  }
  return ok(sorted);
}

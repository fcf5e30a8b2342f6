import { err, formatNs, ok, TickwellError, type Result } from '@tickwell/domain';
import type { NamedSegment, VendorSymbol } from '@tickwell/instruments';
import type { FeedJob } from './feed.ts';

/** What feeds ask of the instrument map: Tickwell's ids outside, the sources' own names inside. */
export interface InstrumentResolver {
  /**
   * What a name of a job means at a source over a half-open time (ns since the epoch), in order, each piece with the id and the name at the
   * source: first the names of the instrument of this id, else the instruments whose name at the source it was. Between the pieces there is
   * nothing of it. undefined: the map says nothing, and the name is both.
   */
  named(name: string, source: string, fromNs: bigint, toNs: bigint): readonly NamedSegment[] | undefined;
  /** Whether an instrument has this id. */
  has(id: string): boolean;
  /** Whose name this is at a time (undefined: nobody's then). undefined: it never is anybody's, and the name is the id. */
  ownersOf(source: string, vendor: VendorSymbol): ((timeNs: bigint) => string | undefined) | undefined;
}

/** Without a map every name is an id. */
export const VERBATIM: InstrumentResolver = {
  named: () => undefined,
  has: () => false,
  ownersOf: () => undefined,
};

export interface NameOf {
  /** An id, or a name at the source. */
  readonly name: string;
  readonly source: string;
}

export interface HistoryOf extends NameOf {
  /** Half-open, ns since the epoch. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

type Pieces = Result<readonly NamedSegment[], TickwellError>;

/**
 * {@link InstrumentResolver.named} with what speaks against it: `instrument-not-listed` where there is nothing in that time, `instrument-ambiguous`
 * where the name is several instruments' at once, or another's than that of the instrument of this id. undefined: the map says nothing.
 */
export function piecesByName(
  resolver: InstrumentResolver,
  { name, source, fromNs, toNs }: HistoryOf,
): Pieces | undefined {
  const pieces = resolver.named(name, source, fromNs, toNs);
  if (pieces === undefined) return undefined;
  const span =
    toNs - fromNs === 1n ? `at ${formatNs(fromNs)}` : `from ${formatNs(fromNs)} to ${formatNs(toNs)}`;
  const owners = [...new Set(pieces.map(({ id }) => id))];
  if (pieces.length === 0)
    return wrong(
      'instrument-not-listed',
      resolver.has(name)
        ? `${name} has no name at ${source} ${span}: "tickwell instrument show ${name}" says when it has`
        : `"${name}" at ${source} is no instrument's ${span}, though it is at other times`,
    );
  if (resolver.has(name) && owners.some((id) => id !== name))
    return wrong(
      'instrument-ambiguous',
      `the instrument ${name} has no name at ${source}, and "${name}" is ${owners.join(', ')} there: say which id is meant, or what the source calls ${name}`,
    );
  const isShared = pieces.some(({ fromNs: start }, index) => start < (pieces[index - 1]?.toNs ?? start));
  if (isShared)
    return wrong(
      'instrument-ambiguous',
      `"${name}" at ${source} is several instruments' at a time (${owners.slice(0, 5).join(', ')}${owners.length > 5 ? ', …' : ''}): say which id is meant`,
    );
  return ok(pieces);
}

function wrong(code: string, reason: string): Pieces {
  return err(new TickwellError(code, reason));
}

/** The history of an instrument as one job for every name it had meanwhile, and for every instrument that had the name; an error where there is none. */
export function jobsByName(
  resolver: InstrumentResolver,
  of: HistoryOf,
  jobOf: (piece: NamedSegment) => FeedJob,
): Result<readonly FeedJob[], TickwellError> {
  const pieces = piecesByName(resolver, of) ?? ok([verbatim(of)]);
  return pieces.ok ? ok(pieces.value.map(jobOf)) : pieces;
}

/** What a name means at a time, for what is followed live. */
export function nameAt(
  resolver: InstrumentResolver,
  of: NameOf,
  timeNs: bigint,
): Result<NamedSegment, TickwellError> {
  const span = { ...of, fromNs: timeNs, toNs: timeNs + 1n };
  const pieces = piecesByName(resolver, span);
  if (pieces?.ok === false) return pieces;
  return ok(pieces?.value[0] ?? verbatim(span));
}

function verbatim({ name, fromNs, toNs }: HistoryOf): NamedSegment {
  return { id: name, vendor: { symbol: name }, fromNs, toNs };
}

import { err, formatNs, ok, TickwellError, type Result } from '@tickwell/domain';
import type { VendorSegment, VendorSymbol } from '@tickwell/instruments';
import type { FeedJob } from './feed.ts';

/** What feeds ask of the instrument map: Tickwell's ids outside, the sources' own names inside. */
export interface InstrumentResolver {
  /**
   * The pieces of a half-open time (ns since the epoch), in order, in each of which the source knows the instrument under one name; where none
   * is, it does not know it. undefined: nothing is said of it, and the id is the name.
   */
  segments(id: string, source: string, fromNs: bigint, toNs: bigint): readonly VendorSegment[] | undefined;
  /** Whose name this is at a time (undefined: nobody's then). undefined: it never is anybody's, and the name is the id. */
  ownersOf(source: string, vendor: VendorSymbol): ((timeNs: bigint) => string | undefined) | undefined;
}

/** Without a map every name is an id. */
export const VERBATIM: InstrumentResolver = { segments: () => undefined, ownersOf: () => undefined };

export interface HistoryOf {
  readonly id: string;
  readonly source: string;
  /** Half-open, ns since the epoch. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** The history of an instrument as one job for every name it had meanwhile; an error where it had none. */
export function jobsByName(
  resolver: InstrumentResolver,
  { id, source, fromNs, toNs }: HistoryOf,
  jobOf: (piece: VendorSegment) => FeedJob,
): Result<readonly FeedJob[], TickwellError> {
  const segments = resolver.segments(id, source, fromNs, toNs);
  if (segments === undefined) return ok([jobOf({ vendor: { symbol: id }, fromNs, toNs })]);
  if (segments.length > 0) return ok(segments.map(jobOf));
  return err(
    new TickwellError(
      'instrument-not-listed',
      `${id} has no name at ${source} from ${formatNs(fromNs)} to ${formatNs(toNs)}: "tickwell instrument show ${id}" says when it has`,
    ),
  );
}

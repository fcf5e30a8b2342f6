import { instanceOption } from '../context.ts';
import { formatCount, formatCounted } from '../format/numbers.ts';
import { formatTable } from '../format/table.ts';
import type { QualityCounts } from '../stored.ts';

/** Series that are listed; the total counts them all. */
const SHOWN_SERIES = 20;
/** The kind under which the validator counts input that ingest could not read. */
const UNREADABLE = 'refused';
/** Kinds whose events can be counted in the store, each once. */
const COUNTED_KINDS: ReadonlySet<string> = new Set(['trades', 'quotes', 'bars']);

type Sums = Pick<QualityCounts, 'received' | 'accepted' | 'deadLettered' | 'duplicates'>;

/** What came since `before`: the validator counts each series from its first event on. Series of which nothing came are left out. */
export function countsSince(
  before: readonly QualityCounts[],
  after: readonly QualityCounts[],
): readonly QualityCounts[] {
  const earlier = new Map(before.map((each) => [keyOf(each), each]));
  return after
    .map((each) => {
      const then = earlier.get(keyOf(each));
      // Fewer than before: the log was made anew, and counting began again.
      if (then === undefined || then.received > each.received) return each;
      return {
        ...each,
        received: each.received - then.received,
        accepted: each.accepted - then.accepted,
        deadLettered: each.deadLettered - then.deadLettered,
        duplicates: each.duplicates - then.duplicates,
      };
    })
    .filter(({ received }) => received > 0);
}

function keyOf({ symbol, source, kind }: QualityCounts): string {
  return JSON.stringify([source, kind, symbol]);
}

export function total(counts: readonly QualityCounts[]): Sums {
  const sum = (pick: (each: QualityCounts) => number): number =>
    counts.reduce((soFar, each) => soFar + pick(each), 0);
  return {
    received: sum((each) => each.received),
    accepted: sum((each) => each.accepted),
    deadLettered: sum((each) => each.deadLettered),
    duplicates: sum((each) => each.duplicates),
  };
}

/** received = accepted + dead-lettered + duplicates: the largest series, what could not be read, and the total of all. */
export function countLines(counts: readonly QualityCounts[]): readonly string[] {
  const series = counts.filter(({ kind }) => kind !== UNREADABLE).sort((a, b) => b.received - a.received);
  const shown = series.slice(0, SHOWN_SERIES);
  const others = series.slice(SHOWN_SERIES);
  const unreadable = counts.filter(({ kind }) => kind === UNREADABLE);
  const columns = [
    { title: 'symbol' },
    { title: 'kind' },
    ...['received', 'accepted', 'dead-lettered', 'duplicates'].map((title) => ({
      title,
      align: 'right' as const,
    })),
    { title: 'source' },
  ];
  const row = (symbol: string, kind: string, sums: Sums, source: string): readonly string[] => [
    symbol,
    kind,
    ...[sums.received, sums.accepted, sums.deadLettered, sums.duplicates].map(formatCount),
    source,
  ];
  return formatTable(columns, [
    ...shown.map((each) => row(each.symbol, each.kind, each, each.source)),
    ...(others.length === 0 ? [] : [row(`and ${formatCount(others.length)} more`, '', total(others), '')]),
    ...(unreadable.length === 0 ? [] : [row('not readable', '', total(unreadable), '')]),
    row('total', '', total(counts), ''),
  ]);
}

/**
 * How many accepted events the store did not have: by the number of stored events, each counted once, before and after. `again`
 * events were stored before; what of them differs can be seen of bars only, whose versions are all kept. Undefined where only kinds
 * came that are not counted in the store (fundamentals, portfolio).
 */
export interface Novelty {
  readonly fresh: number;
  readonly again: number;
}

export function noveltyOf(
  counts: readonly QualityCounts[],
  storedBefore: number,
  storedAfter: number,
): Novelty | undefined {
  const counted = counts.filter(({ kind }) => COUNTED_KINDS.has(kind));
  if (counted.length === 0 && counts.length > 0) return undefined;
  const { accepted } = total(counted);
  // Others may store events of the same source meanwhile: never claim more than were accepted.
  const fresh = Math.min(accepted, Math.max(0, storedAfter - storedBefore));
  return { fresh, again: accepted - fresh };
}

export function noveltyText({ fresh, again }: Novelty): string {
  const stored = `${formatCounted(fresh, 'event')} new in the store`;
  if (again === 0) return stored;
  return (
    `${stored}, ${formatCount(again)} stored before: where they differ, trades and quotes now have the new values ` +
    'and bars a newer version'
  );
}

/** One line where nothing of a source was accepted although something came; undefined otherwise. */
export function refusedWhole(counts: readonly QualityCounts[], instance: string): string | undefined {
  const sources = [...new Set(counts.map(({ source }) => source))];
  const refused = sources.filter((source) => {
    const { deadLettered, received } = total(counts.filter((each) => each.source === source));
    return received > 0 && deadLettered === received;
  });
  const [first, ...others] = refused;
  if (first === undefined) return undefined;
  const { received } = total(counts.filter(({ source }) => source === first));
  return refusedText({ name: first, rows: received, others: others.length, instance });
}

/** "bad.csv: all 12 rows were refused, as were all of 2 more; …" */
export function refusedText(refused: {
  readonly name: string;
  readonly rows: number;
  /** Files or sources of which it is true too. */
  readonly others: number;
  readonly instance: string;
}): string {
  const { name, rows, others, instance } = refused;
  const all = rows === 1 ? 'its only row was' : `all ${formatCount(rows)} rows were`;
  const more = others === 0 ? '' : `, as were all of ${formatCount(others)} more`;
  return `${name}: ${all} refused${more}; ${deadLettersHint(instance)} shows why`;
}

/** The command that shows what was refused. */
export function deadLettersHint(instance: string): string {
  return `"tickwell dead-letter list${instanceOption(instance)}"`;
}

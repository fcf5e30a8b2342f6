import type { Calendar } from '@tickwell/calendar';
import type { CoverageGap, CoverageOptions, TickwellClient } from '@tickwell/client';
import type { AskedSpan } from './asked-history.ts';
import type { Span } from './missing-days.ts';

const DAY_NS = 86_400_000_000_000n;
const PAGE = 1_000;
/** What is left after so many pages is asked for as one span. */
const MAX_PAGES = 100;

/** Where bars are missing that the sessions of a calendar want. */
export async function gapsOf(
  client: Pick<TickwellClient, 'coverage'>,
  of: Omit<CoverageOptions, 'symbols' | 'maxGaps'> & { readonly symbol: string; readonly endNs: bigint },
  { id }: Calendar,
): Promise<readonly Span[]> {
  const gaps: Span[] = [];
  let { startNs } = of;
  for (let page = 0; startNs < of.endNs; page += 1) {
    if (page === MAX_PAGES) return [...gaps, { fromNs: startNs, toNs: of.endNs }];
    const [series] = await client.coverage({
      ...of,
      startNs,
      symbols: [of.symbol],
      calendar: id,
      maxGaps: PAGE,
    });
    const found: readonly CoverageGap[] = series?.gaps ?? [];
    gaps.push(...found.map(({ startNs: fromNs, endNs: toNs }) => ({ fromNs, toNs })));
    const last = found.at(-1);
    if (last === undefined || (series?.gapCount ?? 0) <= found.length) break;
    startNs = last.endNs;
  }
  return gaps;
}

/** What of the gaps no finished request covered once it was over, and how many were covered whole: those the source has nothing of. */
export function unasked(
  gaps: readonly Span[],
  asked: readonly AskedSpan[],
): { readonly spans: readonly Span[]; readonly givenUp: number } {
  const covered = joined(
    asked.map(({ span, atNs }) => ({ fromNs: span.fromNs, toNs: atNs < span.toNs ? atNs : span.toNs })),
  );
  const spans: Span[] = [];
  let givenUp = 0;
  for (const gap of gaps) {
    const left = without(gap, covered);
    if (left.length === 0) givenUp += 1;
    spans.push(...left);
  }
  return { spans, givenUp };
}

/** The gaps of a UTC day as one span, as a source is asked: of many short ones each would be a request. */
export function byDay(gaps: readonly Span[]): readonly Span[] {
  const spans: Span[] = [];
  for (const gap of gaps) {
    const last = spans.at(-1);
    if (last !== undefined && (last.toNs - 1n) / DAY_NS === gap.fromNs / DAY_NS)
      spans[spans.length - 1] = { fromNs: last.fromNs, toNs: gap.toNs };
    else spans.push(gap);
  }
  return spans;
}

/** In order, what touches or overlaps as one. */
export function joined(spans: readonly Span[]): readonly Span[] {
  const sorted = spans
    .filter(({ fromNs, toNs }) => fromNs < toNs)
    .toSorted((a, b) => (a.fromNs < b.fromNs ? -1 : 1));
  const whole: Span[] = [];
  for (const span of sorted) {
    const last = whole.at(-1);
    if (last === undefined || span.fromNs > last.toNs) whole.push(span);
    else if (span.toNs > last.toNs) whole[whole.length - 1] = { fromNs: last.fromNs, toNs: span.toNs };
  }
  return whole;
}

/** The parts of a span outside others, which are in order and apart. */
function without(span: Span, others: readonly Span[]): readonly Span[] {
  const left: Span[] = [];
  let atNs = span.fromNs;
  for (const { fromNs, toNs } of others) {
    if (toNs <= atNs) continue;
    if (fromNs >= span.toNs) break;
    if (fromNs > atNs) left.push({ fromNs: atNs, toNs: fromNs });
    atNs = toNs;
  }
  if (atNs < span.toNs) left.push({ fromNs: atNs, toNs: span.toNs });
  return left;
}

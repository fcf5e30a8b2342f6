import type { DifferenceClass } from '@tickwell/domain';
import { median } from '@tickwell/validation';
import { PRICE_FIELDS, type ComparedField, type SourceBar } from './bar.ts';
import { compareBars, type BarKind, type Comparison } from './compare.ts';
import { precisionOf, ratioAround, type Surroundings } from './context.ts';
import { heaviest, type Choice, type ReconcileRules } from './rules.ts';

/** A field of a source that differs from what the anchor, the first source of the policy that has the bar, says. */
export interface SourceDifference {
  readonly source: string;
  readonly against: string;
  readonly field: ComparedField;
  readonly class: DifferenceClass;
  readonly value: number;
  readonly againstValue: number;
}

export interface Decision {
  readonly class: DifferenceClass;
  /** The source whose bar is taken; undefined: none can be. */
  readonly winner: SourceBar | undefined;
  /** One line: what differs and why, then who was taken and why. */
  readonly reason: string;
  readonly differences: readonly SourceDifference[];
}

/** What is there to decide on. */
export interface Question {
  /** In the order of the policy. */
  readonly bars: readonly SourceBar[];
  /** Sources that have bars before and after, and not this one. */
  readonly missing: readonly string[];
  /** The first source of the policy that has any bars: its level is that of the reconciled series. */
  readonly home: string;
  readonly kind: BarKind;
  /** Bars around of two sources, the first as `a`. */
  readonly around: (a: string, b: string) => Surroundings;
}

/** A source beside the anchor. */
interface Compared {
  readonly bar: SourceBar;
  readonly comparison: Comparison;
}

/**
 * Decides on one bar: why its sources differ, and whose is taken. A function of its arguments alone. Every source is compared with the
 * anchor; one whose price is a bad print, or whose prices are on another level than the series, cannot win while another can.
 */
export function decide(question: Question, rules: ReconcileRules): Decision {
  const { bars, missing } = question;
  const [anchor, ...others] = bars;
  if (anchor === undefined)
    return { class: 'missing', winner: undefined, reason: 'no source has it', differences: [] };
  const compared = others.map((bar): Compared => ({
    bar,
    comparison: compareBars(
      anchor,
      bar,
      () => question.around(anchor.source, bar.source),
      question.kind,
      rules,
    ),
  }));
  const missingClass: DifferenceClass[] = missing.length === 0 ? [] : ['missing'];
  const of = heaviest([...compared.map(({ comparison }) => comparison.class), ...missingClass]);
  const candidates = candidatesOf(anchor, compared, question);
  const chosen = choose(rules.choose[of], candidates, question, rules);
  const isOutside = of === 'missing' && question.kind.inSession === false;
  const reasons = [...whyText(of, compared, missing, isOutside), chosen.reason];
  return {
    class: isOutside ? 'session' : of,
    winner: chosen.winner,
    reason: reasons.join('; '),
    differences: differencesOf(anchor, compared),
  };
}

function whyText(
  of: DifferenceClass,
  compared: readonly Compared[],
  missing: readonly string[],
  isOutside: boolean,
): readonly string[] {
  const reasons = compared
    .filter(({ comparison }) => comparison.class === of && of !== 'equal')
    .map(({ comparison }) => comparison.reason);
  if (missing.length > 0)
    reasons.push(
      isOutside
        ? `${missing.join(', ')} has no bars outside the session`
        : `${missing.join(', ')} has bars before and after, and not this one`,
    );
  return reasons.length === 0 ? ['all agree'] : reasons;
}

function differencesOf(anchor: SourceBar, compared: readonly Compared[]): readonly SourceDifference[] {
  return compared.flatMap(({ bar, comparison }) =>
    comparison.fields.map((each) => ({
      source: bar.source,
      against: anchor.source,
      field: each.field,
      class: each.class,
      value: each.b,
      againstValue: each.a,
    })),
  );
}

/** Who may win, and in which words where that is one alone. */
function candidatesOf(
  anchor: SourceBar,
  compared: readonly Compared[],
  question: Question,
): { readonly bars: readonly SourceBar[]; readonly onlyOne: string } {
  const { bars } = question;
  const onLevel = bars.filter((bar) => isOnLevel(bar, anchor, compared, question));
  const wrong = new Set(
    compared.flatMap(({ bar, comparison: { wrong: side } }) =>
      side === undefined ? [] : [side === 'a' ? anchor.source : bar.source],
    ),
  );
  const right = onLevel.filter(({ source }) => !wrong.has(source));
  if (bars.length === 1) return { bars: onLevel, onlyOne: 'the only one that has it' };
  if (right.length === 0) return { bars: onLevel, onlyOne: 'as no other is on the level of the series' };
  const isLevel = onLevel.length < bars.length;
  return { bars: right, onlyOne: isLevel ? 'whose level the series has' : 'the only one left' };
}

/** Whether a bar's prices are on the level of the series, so that taking it makes no jump. */
function isOnLevel(
  bar: SourceBar,
  anchor: SourceBar,
  compared: readonly Compared[],
  { home, around }: Question,
): boolean {
  if (bar.source === home) return true;
  if (anchor.source === home)
    return compared.every(({ bar: other, comparison }) => other !== bar || comparison.scale === 1);
  const beside = around(home, bar.source);
  const [last] = beside.shared.slice(-1);
  if (last === undefined) return isSameBasis(beside, bar);
  return ratioAround(beside, precisionOf(last.a, last.b, beside)).bars === 0;
}

/** Nothing to compare with: different words are taken at their word. */
function isSameBasis({ seriesA }: Surroundings, bar: SourceBar): boolean {
  const basis = seriesA.priceBasis;
  return basis === undefined || basis === bar.priceBasis || [basis, bar.priceBasis].includes('unspecified');
}

interface Chosen {
  readonly winner: SourceBar | undefined;
  readonly reason: string;
}

function choose(
  choice: Choice,
  { bars: candidates, onlyOne }: ReturnType<typeof candidatesOf>,
  question: Question,
  rules: ReconcileRules,
): Chosen {
  const [first, ...others] = candidates;
  if (first === undefined)
    return {
      winner: undefined,
      reason: `none is taken: prices of ${question.bars.map(({ source }) => source).join(', ')} are on another level than those of ${question.home}`,
    };
  if (others.length === 0) return { winner: first, reason: `${first.source} is taken, ${onlyOne}` };
  switch (choice) {
    case 'prefer':
      return preferred(first);
    case 'newest':
      return best(candidates, (bar) => bar.knownAtNs, 'known last');
    case 'most-volume':
      return best(candidates, ({ volume }) => (Number.isNaN(volume) ? -1 : volume), 'with the most volume');
    case 'median':
      return nearestToMedian(candidates);
    case 'majority':
      return majority(candidates, question, rules);
  }
}

function preferred(first: SourceBar): Chosen {
  return { winner: first, reason: `${first.source} is taken, the first in the policy` };
}

function best(
  candidates: readonly SourceBar[],
  valueOf: (bar: SourceBar) => number | bigint,
  words: string,
): Chosen {
  const winner = candidates.reduce((one, other) => (valueOf(other) > valueOf(one) ? other : one));
  return { winner, reason: `${winner.source} is taken, the one ${words}` };
}

function nearestToMedian(candidates: readonly SourceBar[]): Chosen {
  const middle = PRICE_FIELDS.map((field) => median(candidates.map((bar) => bar[field])));
  const distance = (bar: SourceBar): number =>
    PRICE_FIELDS.reduce((sum, field, at) => sum + Math.abs(bar[field] - (middle[at] ?? 0)), 0);
  const winner = candidates.reduce((one, other) => (distance(other) < distance(one) ? other : one));
  return { winner, reason: `${winner.source} is taken, nearest to the middle of ${candidates.length}` };
}

function majority(candidates: readonly SourceBar[], question: Question, rules: ReconcileRules): Chosen {
  const agreeing = (one: SourceBar): readonly SourceBar[] =>
    candidates.filter((other) => {
      if (other === one) return true;
      const comparison = compareBars(
        one,
        other,
        () => question.around(one.source, other.source),
        question.kind,
        rules,
      );
      return comparison.class === 'equal' || comparison.class === 'rounding';
    });
  const groups = candidates.map((one) => ({ one, size: agreeing(one).length }));
  const most = groups.reduce((left, right) => (right.size > left.size ? right : left));
  if (most.size * 2 <= candidates.length || most.size < 2) {
    const [first] = candidates;
    return first === undefined
      ? { winner: undefined, reason: '' }
      : { winner: first, reason: `${first.source} is taken, the first in the policy, as no majority agrees` };
  }
  return {
    winner: most.one,
    reason: `${most.one.source} is taken: ${most.size} of ${candidates.length} agree`,
  };
}

import type { DifferenceClass } from '@tickwell/domain';
import { PRICE_FIELDS, type ComparedField, type PriceField, type SourceBar } from './bar.ts';
import {
  ownRatio,
  precisionOf,
  ratioAround,
  usualOf,
  volumePrecisionOf,
  type Surroundings,
  type Usual,
} from './context.ts';
import { isRoundedPrice, isRoundedVolume, type Precision } from './rounding.ts';
import { heaviest, type ReconcileRules } from './rules.ts';
import { percent, ratioText, timesText } from './text.ts';

type Side = 'a' | 'b';

interface FieldDifference {
  readonly field: ComparedField;
  readonly class: DifferenceClass;
  readonly a: number;
  readonly b: number;
}

/** What two sources say of one bar, side by side. */
export interface Comparison {
  readonly class: DifferenceClass;
  /** Fields that differ. */
  readonly fields: readonly FieldDifference[];
  /** What prices of b are multiplied with to be on the level of a; 1 where they are. */
  readonly scale: number;
  /** Of a bad print: whose it is, as far as one of them alone has one. */
  readonly wrong: Side | undefined;
  /** One line, without the end of a sentence. */
  readonly reason: string;
}

/** What is known of the bar beside its values. */
export interface BarKind {
  /** Of a day and longer: it may hold hours outside the session, and an official close. */
  readonly isDaily: boolean;
  /** Whether it lies in the session, of a shorter bar whose session is known. */
  readonly inSession: boolean | undefined;
}

type Tolerances = Pick<ReconcileRules, 'tick' | 'priceTolerance' | 'volumeTolerance'>;

/** Usual moves away from the bars around, from which on a price stands alone, and from the other source's price. */
const OUTLIER_SPREADS = 8;
const APART_SPREADS = 5;
/** A dividend moves the ratio of two series by less than this from one bar to the next. */
const MAX_STEP = 0.15;
/** Volumes of one bar that differ by more are no late trades, and no other hours. */
const MAX_MORE_INTRADAY = 2;
const MAX_MORE_DAILY = 3;
/** Volumes that a split explains, before and after. */
const SPLIT_VOLUME_SHARE = 0.05;

/** Compares two versions of one bar, each in the words of its source; deterministic. */
export function compareBars(
  a: SourceBar,
  b: SourceBar,
  around: () => Surroundings,
  kind: BarKind,
  tolerances: Tolerances,
): Comparison {
  if (isEqual(a, b)) return { class: 'equal', fields: [], scale: 1, wrong: undefined, reason: 'they agree' };
  return new Pair(a, b, around(), kind, tolerances).comparison();
}

function isEqual(a: SourceBar, b: SourceBar): boolean {
  const sameVolume = a.volume === b.volume || Number.isNaN(a.volume) || Number.isNaN(b.volume);
  return sameVolume && PRICE_FIELDS.every((field) => a[field] === b[field]);
}

/** One comparison while it is made; prices of b are on the level of a wherever they are compared. */
class Pair {
  readonly #a: SourceBar;
  readonly #b: SourceBar;
  readonly #around: Surroundings;
  readonly #kind: BarKind;
  readonly #tolerances: Tolerances;
  readonly #precision: Precision;
  readonly #scale: number;
  readonly #scaleReason: string;

  constructor(a: SourceBar, b: SourceBar, around: Surroundings, kind: BarKind, tolerances: Tolerances) {
    this.#a = a;
    this.#b = b;
    this.#around = around;
    this.#kind = kind;
    this.#tolerances = tolerances;
    this.#precision = precisionOf(a, b, around);
    const scale = scaleOf(a, b, around, this.#precision);
    this.#scale = scale?.ratio ?? 1;
    this.#scaleReason = scale?.reason ?? '';
  }

  comparison(): Comparison {
    const prices = this.#prices();
    const open = prices.filter((each) => each.class === 'unexplained').map(({ field }) => field);
    const bad = this.#badPrints(open);
    const rest = open.filter((field) => !bad.has(field));
    const shape = this.#shape(rest);
    const named = prices.map((each): FieldDifference => {
      if (each.class !== 'unexplained') return each;
      return { ...each, class: bad.has(each.field) ? 'bad-print' : shape.class };
    });
    const fields = [...named, ...this.#volume(named, shape)];
    const of = heaviest(fields.map((each) => each.class));
    const sides = new Set(bad.values());
    const wrong = sides.size === 1 ? [...sides][0] : undefined;
    return { class: of, fields, scale: this.#scale, wrong, reason: this.#reason(of, fields, bad, shape) };
  }

  /** Fields that differ; "unexplained" is what is still to be explained. */
  #prices(): readonly (FieldDifference & { readonly field: PriceField })[] {
    return PRICE_FIELDS.flatMap((field) => {
      const [a, b] = [this.#a[field], this.#b[field]];
      if (a === b) return [];
      const isSame = isRoundedPrice(a, b * this.#scale, this.#scaledPrecision(), this.#tolerances);
      const of = !isSame ? 'unexplained' : this.#scale === 1 ? 'rounding' : 'adjustment';
      return [{ field, class: of, a, b }];
    });
  }

  /** Whose price stands alone, by field. */
  #badPrints(fields: readonly PriceField[]): ReadonlyMap<ComparedField, Side> {
    const found = new Map<ComparedField, Side>();
    if (fields.length === 0) return found;
    const usual = usualOf(this.#around, this.#scale);
    if (usual === undefined) return found;
    for (const field of fields) {
      const side = standsAlone(this.#a[field], this.#b[field] * this.#scale, usual);
      if (side !== undefined) found.set(field, side);
    }
    return found;
  }

  /** What the differences of prices that are no bad prints look like. */
  #shape(fields: readonly PriceField[]): Shape {
    if (fields.length === 0) return { class: 'equal', wider: this.#more(), reason: '' };
    const wider = this.#wider();
    const more = this.#more();
    const endsDiffer = fields.filter((field) => field === 'open' || field === 'close');
    const isOutside = this.#kind.isDaily || this.#kind.inSession === false;
    if (this.#kind.isDaily && endsDiffer.length === fields.length && this.#endsInside())
      return {
        class: 'session',
        wider: undefined,
        reason: 'official prices of the auctions against first and last trades',
      };
    if (endsDiffer.length === fields.length && !fields.includes('open')) return this.#lastTrade(more);
    const holdsMore = wider !== undefined && (more === undefined || more === wider);
    if (!holdsMore) return UNEXPLAINED;
    if (isOutside && (endsDiffer.length < 2 || more === wider))
      return { class: 'session', wider, reason: 'trades outside the session count there' };
    const isLater = more === wider || this.#of(wider).revised;
    if (fields.includes('open') || !isLater || this.#kind.isDaily) return UNEXPLAINED;
    return { class: 'late-trade', wider, reason: 'later trades of the bar count there' };
  }

  /** Open and close of each lie within the prices of the other. */
  #endsInside(): boolean {
    const [a, b] = [this.#a, this.#b];
    const [low, high] = [b.low * this.#scale, b.high * this.#scale];
    const isInside = (price: number, from: number, to: number): boolean =>
      this.#reaches(price, from) && this.#reaches(-price, -to);
    return (
      [a.open, a.close].every((price) => isInside(price, low, high)) &&
      [b.open, b.close].every((price) => isInside(price * this.#scale, a.low, a.high))
    );
  }

  /** Only the close differs, of a bar within a day. */
  #lastTrade(more: Side | undefined): Shape {
    const [a, b] = [this.#a, this.#b];
    const later = more ?? (a.revised === b.revised ? undefined : a.revised ? 'a' : 'b');
    if (later === undefined || this.#kind.isDaily) return UNEXPLAINED;
    return { class: 'late-trade', wider: later, reason: 'the last trade of the bar came later there' };
  }

  /** Whose prices hold those of the other. */
  #wider(): Side | undefined {
    const { high, low } = this.#b;
    const holdsA =
      this.#reaches(high * this.#scale, this.#a.high) && this.#reaches(-low * this.#scale, -this.#a.low);
    const holdsB =
      this.#reaches(this.#a.high, high * this.#scale) && this.#reaches(-this.#a.low, -low * this.#scale);
    return holdsA === holdsB ? undefined : holdsB ? 'a' : 'b';
  }

  #reaches(one: number, other: number): boolean {
    return one >= other || isRoundedPrice(one, other, this.#scaledPrecision(), this.#tolerances);
  }

  /** Who has more volume, else more trades, than rounding explains. */
  #more(): Side | undefined {
    const [a, b] = [this.#a, this.#b];
    if (!Number.isNaN(a.volume) && !Number.isNaN(b.volume))
      return this.#isSameVolume() ? undefined : a.volume > this.#volumeB() ? 'a' : 'b';
    if (Number.isNaN(a.tradeCount) || Number.isNaN(b.tradeCount) || a.tradeCount === b.tradeCount)
      return undefined;
    return a.tradeCount > b.tradeCount ? 'a' : 'b';
  }

  #volume(prices: readonly FieldDifference[], shape: Shape): readonly FieldDifference[] {
    const [a, b] = [this.#a.volume, this.#b.volume];
    if (a === b || Number.isNaN(a) || Number.isNaN(b)) return [];
    const difference = (of: DifferenceClass): readonly FieldDifference[] => [
      { field: 'volume', class: of, a, b },
    ];
    if (this.#isSameVolume()) return difference(this.#volumeB() === b ? 'rounding' : 'adjustment');
    if (shape.class === 'session' || shape.class === 'late-trade') return difference(shape.class);
    if (prices.some((each) => each.class === 'unexplained')) return difference('unexplained');
    const times = Math.max(a, this.#volumeB()) / Math.min(a, this.#volumeB());
    const isOutside = this.#kind.isDaily || this.#kind.inSession === false;
    if (isOutside) return difference(times <= MAX_MORE_DAILY ? 'session' : 'unexplained');
    return difference(times <= MAX_MORE_INTRADAY ? 'late-trade' : 'unexplained');
  }

  #isSameVolume(): boolean {
    const precision = volumePrecisionOf(this.#a, this.#b, this.#around);
    return isRoundedVolume(this.#a.volume, this.#volumeB(), precision, this.#tolerances.volumeTolerance);
  }

  /** In shares of a where a split tells prices apart and volumes were adjusted for it. */
  #volumeB(): number {
    const { volume } = this.#b;
    return isSplitVolume(this.#a.volume, volume, this.#scale) ? volume / this.#scale : volume;
  }

  #scaledPrecision(): Precision {
    return { unitA: this.#precision.unitA, unitB: this.#precision.unitB * this.#scale };
  }

  #of(side: Side): SourceBar {
    return side === 'a' ? this.#a : this.#b;
  }

  #name(side: Side): string {
    return this.#of(side).source;
  }

  #reason(
    of: DifferenceClass,
    fields: readonly FieldDifference[],
    bad: ReadonlyMap<ComparedField, Side>,
    shape: Shape,
  ): string {
    const own = fields.filter((each) => each.class === of);
    const [first] = own;
    if (first === undefined) return 'they agree';
    const names = own.map(({ field }) => field).join(', ');
    const [a, b] = [this.#a.source, this.#b.source];
    switch (of) {
      case 'rounding':
        return `${names} of ${a} and ${b} differ by rounding (${first.field} ${first.a} and ${first.b})`;
      case 'adjustment':
        return this.#scaleReason;
      case 'bad-print':
        return this.#badPrintReason(own, bad);
      case 'session':
      case 'late-trade':
        return this.#widerReason(names, shape, of);
      case 'equal':
      case 'missing':
      case 'unexplained':
        return `${names} of ${a} and ${b} differ by more than rounding (${first.field} ${first.a} and ${first.b}, ${percent(first.a, first.b * (first.field === 'volume' ? 1 : this.#scale))}), and nothing around tells why`;
    }
  }

  #badPrintReason(own: readonly FieldDifference[], bad: ReadonlyMap<ComparedField, Side>): string {
    const usual = usualOf(this.#around, this.#scale);
    return own
      .map(({ field, a, b }) => {
        const side = bad.get(field) ?? 'a';
        const [value, other] = side === 'a' ? [a, b] : [b, a];
        const scaled = side === 'a' ? value : value * this.#scale;
        const times = usual === undefined ? '' : timesText(Math.abs(scaled / usual.level - 1) / usual.spread);
        return `${field} ${value} of ${this.#name(side)} is ${times} the usual move away from the bars around, ${other} of ${this.#name(side === 'a' ? 'b' : 'a')} is not`;
      })
      .join('; ');
  }

  #widerReason(names: string, { wider, reason }: Shape, of: DifferenceClass): string {
    const [a, b] = [this.#a.source, this.#b.source];
    if (wider === undefined) return `${names} of ${a} and ${b} differ: ${reason}`;
    const [more, less] = wider === 'a' ? [a, b] : [b, a];
    const { volume } = this.#of(wider);
    const other = this.#of(wider === 'a' ? 'b' : 'a').volume;
    const amount =
      Number.isNaN(volume) || Number.isNaN(other) || this.#isSameVolume()
        ? ''
        : ` with ${percent(volume, other)} more volume`;
    const why =
      reason !== ''
        ? reason
        : of === 'session'
          ? 'trades outside the session count there'
          : 'later trades of the bar count there';
    return `${names} of ${more} hold more than those of ${less}${amount}: ${why}`;
  }
}

interface Shape {
  readonly class: DifferenceClass;
  /** Who has what the other lacks. */
  readonly wider: Side | undefined;
  readonly reason: string;
}

const UNEXPLAINED: Shape = { class: 'unexplained', wider: undefined, reason: '' };

/** Which of two prices is far from the bars around while the other is not. */
function standsAlone(a: number, b: number, { level, spread }: Usual): Side | undefined {
  const [farA, farB] = [Math.abs(a / level - 1) / spread, Math.abs(b / level - 1) / spread];
  const apart = Math.abs(a - b) / Math.abs(level) / spread;
  if (apart <= APART_SPREADS || Math.max(farA, farB) <= OUTLIER_SPREADS) return undefined;
  if (farB < farA / 2) return 'a';
  return farA < farB / 2 ? 'b' : undefined;
}

/** The scale between two sources; undefined: they are on one level, as far as can be said. */
function scaleOf(
  a: SourceBar,
  b: SourceBar,
  around: Surroundings,
  precision: Precision,
): { readonly ratio: number; readonly reason: string } | undefined {
  const own = ownRatio(a, b, precision);
  const neighbours = ratioAround(around, precision);
  const names = { a: a.source, b: b.source };
  if (neighbours.bars > 0) {
    const { ratio, bars } = neighbours;
    const steps = own !== undefined && own.isTelling && Math.abs(own.ratio / ratio - 1) <= MAX_STEP;
    const chosen = steps ? own.ratio : ratio;
    return { ratio: chosen, reason: `${ratioText(names, chosen)}, as over ${bars} bars around` };
  }
  if (own === undefined) return undefined;
  const basesDiffer =
    a.priceBasis !== b.priceBasis && a.priceBasis !== 'unspecified' && b.priceBasis !== 'unspecified';
  const isDeclared = basesDiffer && (own.isTelling || around.shared.length === 0);
  if (isDeclared)
    return {
      ratio: own.ratio,
      reason: `${ratioText(names, own.ratio)}, as ${a.source} is ${a.priceBasis} and ${b.source} ${b.priceBasis}`,
    };
  if (!isSplitVolume(a.volume, b.volume, own.ratio)) return undefined;
  return { ratio: own.ratio, reason: `${ratioText(names, own.ratio)}, and volumes the other way round` };
}

/** Whether a split of this ratio of prices (a to b) explains the volumes. */
function isSplitVolume(volumeA: number, volumeB: number, ratio: number): boolean {
  if (!(volumeA > 0 && volumeB > 0) || Math.abs(Math.log(ratio)) < Math.log(1.1)) return false;
  return Math.abs((volumeA * ratio) / volumeB - 1) <= SPLIT_VOLUME_SHARE;
}

import { numberAt, slot, type IndicatorDefinition, type ParameterValue } from '../definition.ts';
import { at } from '../rows.ts';
import { highest, lowest, type Span } from '../window-math.ts';
import { Window } from '../window.ts';

/** Of all volume: smaller differences are rounding. */
const ROUNDING = 1e-9;

const DATE = 0;
/** Bars of the running session, up to `period`; with the anchor `none`, of all. */
const COUNT = 1;

/** Part `index` … `index + 1` of the profile's range that a bar covers, as a share of the bar. */
function covered(bottom: number, top: number, low: number, width: number, index: number): number {
  const from = Math.max(bottom, low + index * width);
  const to = Math.min(top, low + (index + 1) * width);
  return to > from ? (to - from) / (top - bottom) : 0;
}

/** Volume by price: `bins` equal parts of the range of some bars. */
class Profile {
  readonly #volumes: Float64Array;
  #low = NaN;
  #width = NaN;
  #total = 0;

  constructor(bins: number) {
    this.#volumes = new Float64Array(bins);
  }

  /** The volume of each bar is spread evenly over its own range; oldest bar first, so that the bits are the window's alone. */
  fill(highs: Span, lows: Span, volumes: Span): void {
    const bins = this.#volumes;
    this.#low = lowest(lows);
    this.#width = (highest(highs) - this.#low) / bins.length;
    this.#total = 0;
    bins.fill(0);
    for (let age = highs.size; age > 0; age -= 1) {
      const volume = at(volumes.data, volumes.end - age);
      this.#total += volume;
      this.#add(at(lows.data, lows.end - age), at(highs.data, highs.end - age), volume);
    }
  }

  get isEmpty(): boolean {
    return this.#total === 0;
  }

  /** Index of the part with the most volume; of equal ones the lowest. */
  get peak(): number {
    let peak = 0;
    for (let index = 1; index < this.#volumes.length; index += 1) {
      if (at(this.#volumes, index) > at(this.#volumes, peak) + this.#rounding) peak = index;
    }
    return peak;
  }

  /** Parts that the same bars cover are equal but for the rounding of their shares. */
  get #rounding(): number {
    return ROUNDING * this.#total;
  }

  /** First and last part of the value area: from the peak on, the larger neighbour next, the upper of equal ones, until the share is there. */
  valueArea(share: number): readonly [first: number, last: number] {
    let first = this.peak;
    let last = first;
    let sum = at(this.#volumes, first);
    while (sum < share * this.#total - this.#rounding && (first > 0 || last < this.#volumes.length - 1)) {
      const below = first > 0 ? at(this.#volumes, first - 1) : -Infinity;
      const above = last < this.#volumes.length - 1 ? at(this.#volumes, last + 1) : -Infinity;
      const isAbove = above >= below - this.#rounding;
      if (isAbove) last += 1;
      else first -= 1;
      sum += isAbove ? above : below;
    }
    return [first, last];
  }

  /** The price at the lower end of a part, or within it. */
  price(part: number): number {
    return this.#low + part * this.#width;
  }

  #add(bottom: number, top: number, volume: number): void {
    const bins = this.#volumes;
    const partOf = (price: number): number =>
      this.#width === 0
        ? 0
        : Math.min(bins.length - 1, Math.max(0, Math.floor((price - this.#low) / this.#width)));
    const first = partOf(bottom);
    if (top === bottom) {
      bins[first] = at(bins, first) + volume;
      return;
    }
    for (let index = first; index <= partOf(top); index += 1) {
      bins[index] = at(bins, index) + volume * covered(bottom, top, this.#low, this.#width, index);
    }
  }
}

function isBySession(parameters: readonly ParameterValue[]): boolean {
  return parameters[3] === 'session';
}

export const volumeprofile: IndicatorDefinition = {
  name: 'volumeprofile',
  title: 'Volume profile',
  formula:
    'Volume by price of the last `period` bars, with the anchor `session` of those of the running session alone: their range from the lowest low to the highest high in `bins` equal parts, the volume of each bar spread evenly ' +
    'over its own range, that of a bar without range in the part that holds its price, the upper at a border. poc (point of control) is the middle of the part with the most volume, of equal ones the lowest; the value area, from val to vah, grows from it by the ' +
    'neighbouring part with more volume, of equal ones the upper, until it has `value-area` percent of the volume (J. P. Steidlmayer, 1984, one part at a time). Where prices stand still all three are that price; not defined while no volume has come.',
  revision: 1,
  parameters: [
    { kind: 'integer', name: 'period', min: 1, max: 2_000 },
    { kind: 'integer', name: 'bins', min: 2, max: 500 },
    { kind: 'number', name: 'value-area', min: 1, max: 100 },
    { kind: 'choice', name: 'anchor', choices: ['none', 'session'] },
  ],
  defaultSource: null,
  reads: ['high', 'low', 'volume'],
  outputs: ['poc', 'vah', 'val'],
  memory: (parameters) => (isBySession(parameters) ? 'session' : 'window'),
  examples: [
    'volumeprofile(390,24,70,session)',
    'volumeprofile(10,5,70,none)',
    'volumeprofile(3,2,100,session)',
  ],
  lookback: (parameters) => (isBySession(parameters) ? 0 : numberAt(parameters, 0) - 1),
  create: (parameters) => {
    const period = numberAt(parameters, 0);
    const share = numberAt(parameters, 2) / 100;
    const bySession = isBySession(parameters);
    const windows = [new Window(period), new Window(period), new Window(period)] as const;
    const [highs, lows, volumes] = windows;
    const profile = new Profile(numberAt(parameters, 1));
    return {
      slots: COUNT + 1,
      windows,
      run(state, { high, low, volume, day, count }, out, from, to) {
        for (let row = from; row < to; row += 1) {
          const isNew = bySession && slot(state, DATE) !== at(day, row);
          const size = isNew ? 1 : Math.min(slot(state, COUNT) + 1, period);
          if (bySession) state[DATE] = at(day, row);
          state[COUNT] = size;
          highs.push(at(high, row));
          lows.push(at(low, row));
          volumes.push(at(volume, row));
          if (!bySession && size < period) continue;
          const last = ({ data, end }: Window): Span => ({ data, end, size });
          profile.fill(last(highs), last(lows), last(volumes));
          if (profile.isEmpty) continue;
          const [first, top] = profile.valueArea(share);
          out[row] = profile.price(profile.peak + 0.5);
          out[row + count] = profile.price(top + 1);
          out[row + 2 * count] = profile.price(first);
        }
      },
    };
  },
};

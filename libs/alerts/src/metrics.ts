/** What a rule can watch. */
export interface Metric {
  /** What a threshold is in; "" where states are named instead. */
  readonly unit: string;
  /** Which way is bad. */
  readonly comparison: 'above' | 'below';
  /** The values there can be. */
  readonly min: number;
  readonly max: number;
  /** `each`: the worst of a group counts; `sum`: its sum. */
  readonly aggregate: 'each' | 'sum';
  /** What measurements are told apart by: what `where` and `groupBy` may name. */
  readonly labels: readonly string[];
  /** Unless the rule groups otherwise. */
  readonly groupBy: readonly string[];
  /** Whether it is taken over a span of time that ends now. */
  readonly hasWindow: boolean;
  /** The label that names a member of a group; the others are in the group. */
  readonly member: string;
}

const ANY = Number.MAX_SAFE_INTEGER;

const COUNT = { unit: '', comparison: 'above', min: 0, max: ANY, aggregate: 'sum', hasWindow: true } as const;
const SHARE = { unit: '%', min: 0, max: 100, aggregate: 'each', hasWindow: true } as const;

export const METRICS = {
  freshness: {
    ...{ unit: 's', comparison: 'above', min: 0, max: ANY, aggregate: 'each', hasWindow: false },
    labels: ['source', 'symbol', 'kind', 'interval'],
    groupBy: ['source'],
    member: 'symbol',
  },
  'source-state': {
    ...{ unit: '', comparison: 'above', min: 0, max: 1, aggregate: 'each', hasWindow: false },
    labels: ['source'],
    groupBy: ['source'],
    member: 'source',
  },
  availability: {
    ...{ ...SHARE, comparison: 'below' },
    labels: ['source'],
    groupBy: ['source'],
    member: 'source',
  },
  'error-rate': {
    ...{ ...SHARE, comparison: 'above' },
    labels: ['source'],
    groupBy: ['source'],
    member: 'source',
  },
  completeness: {
    ...{ ...SHARE, comparison: 'below' },
    labels: ['source', 'symbol'],
    groupBy: ['source'],
    member: 'symbol',
  },
  findings: {
    ...{ ...COUNT, unit: 'findings' },
    labels: ['source', 'kind', 'rule', 'severity'],
    groupBy: ['source'],
    member: 'rule',
  },
  'dead-letters': {
    ...{ ...COUNT, unit: 'dead letters' },
    labels: ['source', 'rule'],
    groupBy: ['source'],
    member: 'rule',
  },
  'holes-given-up': {
    ...{ ...COUNT, unit: 'holes' },
    labels: ['source', 'symbol', 'kind', 'interval'],
    groupBy: ['source'],
    member: 'symbol',
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

import { ok, parseInterval, type Interval, type Result } from '@tickwell/domain';
import { parseSpecList, type IndicatorSpec } from '@tickwell/indicators';
import {
  field,
  QUERY_FIELDS,
  readConfig,
  RUNTIME_FIELDS,
  type Env,
  type Field,
  type QueryConfig,
  type RuntimeConfig,
} from '@tickwell/runtime';

export interface IndicatorsConfig extends RuntimeConfig, QueryConfig {
  readonly kafkaBrokers: readonly string[];
  /** Copies with the same group share the work. */
  readonly groupId: string;
  /** Of the bars built from trades. */
  readonly barIntervals: readonly Interval[];
  readonly indicators: readonly IndicatorSpec[];
  /** Names of users' own indicators that were loaded. */
  readonly ownIndicators: readonly string[];
  /** How many closed bars of each series late trades and corrected bars can still change. */
  readonly correctableBars: number;
  /** How many bars of each series of trades may wait for the watermark. */
  readonly formingBars: number;
  readonly checkpointIntervalMs: number;
}

const DEFAULT_INTERVALS = '1m,5m,1h,1d';
const DEFAULT_INDICATORS = 'sma(20),ema(20),rsi(14),macd(12,26,9),atr(14),bbands(20,2),vwap(utc-day)';
const MAX_INTERVALS = 16;

/**
 * `modules`: what came of the files that TICKWELL_INDICATOR_MODULES names, which are loaded before.
 * @throws ConfigError with every problem at once.
 */
export function readIndicatorsConfig(
  env: Env,
  modules: Result<readonly string[], string> = ok([]),
): IndicatorsConfig {
  return readConfig<IndicatorsConfig>(env, {
    ...RUNTIME_FIELDS,
    ...QUERY_FIELDS,
    kafkaBrokers: field.list('TICKWELL_KAFKA_BROKERS'),
    groupId: field.text('TICKWELL_INDICATORS_GROUP', 'tickwell-indicators'),
    barIntervals: intervals('TICKWELL_BAR_INTERVALS'),
    indicators: specifications('TICKWELL_INDICATORS'),
    ownIndicators: {
      name: 'TICKWELL_INDICATOR_MODULES',
      parse: () => (modules.ok ? modules : { ok: false, problem: modules.error }),
    },
    correctableBars: field.integer('TICKWELL_CORRECTABLE_BARS', { min: 1, max: 1_000, fallback: 64 }),
    formingBars: field.integer('TICKWELL_FORMING_BARS', { min: 1, max: 10_000, fallback: 256 }),
    checkpointIntervalMs: field.integer('TICKWELL_CHECKPOINT_INTERVAL_MS', {
      min: 50,
      max: 600_000,
      fallback: 2_000,
    }),
  });
}

function intervals(name: string): Field<readonly Interval[]> {
  return {
    name,
    parse: (setting = DEFAULT_INTERVALS) => {
      const texts = setting.split(',').map((text) => text.trim());
      const parsed = texts.map(parseInterval);
      const problems = parsed.flatMap((result) => (result.ok ? [] : [result.error]));
      if (new Set(texts).size < texts.length) problems.push('an interval is named twice');
      if (texts.length > MAX_INTERVALS) problems.push(`at most ${MAX_INTERVALS} intervals are built`);
      if (problems.length > 0) return { ok: false, problem: problems.join('; ') };
      return { ok: true, value: parsed.flatMap((result) => (result.ok ? [result.value] : [])) };
    },
  };
}

function specifications(name: string): Field<readonly IndicatorSpec[]> {
  return {
    name,
    parse: (setting = DEFAULT_INDICATORS) => {
      const parsed = parseSpecList(setting);
      return parsed.ok
        ? { ok: true, value: parsed.specs }
        : { ok: false, problem: parsed.errors.map((error) => error.message).join('; ') };
    },
  };
}

import { err, ok, parseIsoTime, type Result } from '@tickwell/domain';

export const TIME_UNITS = ['iso', 's', 'ms', 'us', 'ns'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

const DECIMALS: Readonly<Record<Exclude<TimeUnit, 'iso'>, number>> = { s: 9, ms: 6, us: 3, ns: 0 };
const MAX_SHOWN = 40;

/** A value as a person may recognise it in a problem. */
export function show(value: unknown): string {
  if (value === undefined) return 'is missing';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** A JSON number, or a text that is wholly one. Missing and null: undefined. */
export function readNumber(value: unknown): Result<number | undefined, string> {
  if (value === undefined || value === null) return ok(undefined);
  const isText = typeof value === 'string' && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value);
  const number = typeof value === 'number' ? value : isText ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? ok(number) : err(`${show(value)} is not a number`);
}

/** A time in ns since the epoch; fractions of the unit are exact. */
export function readTime(value: unknown, unit: TimeUnit): Result<bigint, string> {
  if (unit === 'iso')
    return typeof value === 'string' ? parseIsoTime(value) : err(`${show(value)} is not a time as ISO 8601`);
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  const match = /^(-?\d{1,20})(?:\.(\d{1,30}))?$/.exec(text);
  if (match === null) return err(`${show(value)} is not a time in ${unit} since the epoch`);
  const decimals = DECIMALS[unit];
  const fraction = (match[2] ?? '').slice(0, decimals).padEnd(decimals, '0');
  return ok(BigInt(`${match[1] ?? '0'}${fraction}`));
}

/** A whole number of 0 or more, of any length that fits 64 bits with a sign. */
export function readWhole(value: unknown): Result<bigint, string> {
  const isWhole =
    typeof value === 'number' ? Number.isSafeInteger(value) && value >= 0 : /^\d{1,19}$/.test(String(value));
  if ((typeof value !== 'number' && typeof value !== 'string') || !isWhole)
    return err(`${show(value)} is not a whole number`);
  const whole = BigInt(value);
  return whole < 1n << 63n ? ok(whole) : err(`${show(value)} is too large a number`);
}

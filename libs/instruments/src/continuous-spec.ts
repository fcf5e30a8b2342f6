import { checkSymbol, JsonFields } from '@tickwell/domain';
import { addSessions, dayOfMonthBefore, type SessionDate, type TradingDays } from '@tickwell/calendar';

/** How earlier contracts are brought to the level of the newest one. */
export type Adjustment = 'none' | 'difference' | 'ratio';
export const ADJUSTMENTS: readonly Adjustment[] = ['none', 'difference', 'ratio'];

export type RollRule =
  | {
      readonly rule: 'days-before-expiry';
      /** The next contract takes over so many sessions before the expiry; 0: on it, -1: on the session after it. */
      readonly days: number;
    }
  | {
      readonly rule: 'fixed-date';
      /** Day of the month; the last one of a shorter month. */
      readonly day: number;
      /** Of the month so many before that of the expiry. */
      readonly monthsBefore: number;
    }
  | {
      readonly rule: 'volume';
      /** The next contract takes over after it had the greater volume so many sessions in a row. */
      readonly sessions: number;
    };

/** Which futures a continuous one is made of, and how. */
export interface ContinuousSpec {
  /** All futures of this root, where `members` does not say which. */
  readonly root: string | undefined;
  readonly members: readonly string[] | undefined;
  readonly roll: RollRule;
  /** Where whoever reads does not say another. */
  readonly adjustment: Adjustment;
}

const MAX_MEMBERS = 2_000;

export function readContinuous(fields: JsonFields): ContinuousSpec {
  const root = fields.text('root');
  const members = fields.list('members')?.flatMap((value, index) => {
    const checked = checkSymbol(String(value));
    if (typeof value === 'string' && checked.ok) return [value];
    fields.problem(`members[${index}]`, checked.ok ? 'must be a text' : checked.error);
    return [];
  });
  if ((root === undefined) === (members === undefined))
    fields.problem('root', 'or members is required, and not both: the futures it is made of');
  if (members !== undefined && (members.length === 0 || members.length > MAX_MEMBERS))
    fields.problem('members', `must be 1 to ${MAX_MEMBERS} ids of futures`);
  if (new Set(members).size !== (members?.length ?? 0)) fields.problem('members', 'name one future twice');
  const adjustment = fields.choice('adjustment', ADJUSTMENTS) ?? 'none';
  return { root, members, roll: readRoll(fields), adjustment };
}

function readRoll(parent: JsonFields): RollRule {
  const fields = new JsonFields(parent.take('roll'), 'continuous.roll');
  const rule = fields.choice('rule', ['days-before-expiry', 'fixed-date', 'volume']);
  if (fields.take('rule') === undefined)
    fields.problem('rule', 'is required: days-before-expiry, fixed-date or volume');
  const roll = readRule(fields, rule ?? 'days-before-expiry');
  const read = fields.finish(roll);
  if (!read.ok) parent.problems.push(...read.error);
  return roll;
}

function readRule(fields: JsonFields, rule: RollRule['rule']): RollRule {
  switch (rule) {
    case 'days-before-expiry':
      return { rule, days: whole(fields, 'days', { min: -1, max: 250, fallback: undefined }) };
    case 'fixed-date':
      return {
        rule,
        day: whole(fields, 'day', { min: 1, max: 31, fallback: undefined }),
        monthsBefore: whole(fields, 'monthsBefore', { min: 0, max: 24, fallback: 0 }),
      };
    case 'volume':
      return { rule, sessions: whole(fields, 'sessions', { min: 1, max: 20, fallback: 1 }) };
  }
}

function whole(
  fields: JsonFields,
  name: string,
  {
    min,
    max,
    fallback,
  }: { readonly min: number; readonly max: number; readonly fallback: number | undefined },
): number {
  const value = fields.number(name) ?? fallback;
  if (value !== undefined && Number.isInteger(value) && value >= min && value <= max) return value;
  fields.problem(
    name,
    value === undefined ? `is required: ${min} to ${max}` : `must be a whole number, ${min} to ${max}`,
  );
  return min;
}

/** The first session that is the next contract's, by a rule that the expiry alone decides. */
export function rollDate(
  roll: Exclude<RollRule, { readonly rule: 'volume' }>,
  expiry: SessionDate,
  isTradingDay: TradingDays,
): SessionDate {
  if (roll.rule === 'days-before-expiry') return addSessions(expiry, -roll.days, isTradingDay);
  const fixed = dayOfMonthBefore(expiry, roll.day, roll.monthsBefore);
  // On the session after it where it is none, and never after the expiry.
  const session = isTradingDay(fixed) ? fixed : addSessions(fixed, 1, isTradingDay);
  return session < expiry ? session : expiry;
}

import { emptyBars, err, ok, type BarColumns, type Result } from '@tickwell/domain';
import { WEEKDAYS, type SessionDate, type TradingDays } from '@tickwell/calendar';
import { rollDate, type Adjustment, type RollRule } from './continuous-spec.ts';
import {
  adjuster,
  inPiece,
  rollAmount,
  SessionCloses,
  SessionVolumes,
  type Roll,
  type RollPiece,
} from './roll.ts';

/** A contract with its bars, oldest first; intraday bars without session dates count to their day in UTC. */
export interface ContractBars {
  readonly id: string;
  readonly expiry: SessionDate;
  readonly bars: BarColumns;
}

export interface ContinuousBars {
  readonly bars: BarColumns;
  /** Which contract each bar is of. */
  readonly contract: readonly string[];
  /** What was done at each roll, oldest first: `amount` was added to (difference) or multiplied with (ratio) what is earlier. */
  readonly rolls: readonly (Roll & { readonly amount: number })[];
}

/** A contract with what it traded in each session. */
export interface ContractVolumes {
  readonly id: string;
  readonly expiry: SessionDate;
  readonly volumes: SessionVolumes;
}

export function volumesOf({ id, expiry, bars }: ContractBars): ContractVolumes {
  const volumes = new SessionVolumes();
  volumes.add(bars);
  return { id, expiry, volumes };
}

/** A rule that looks at the expiries only. */
export type CalendarRule = Exclude<RollRule, { readonly rule: 'volume' }>;

/** When each contract is used, by expiries alone. Contracts that the rule leaves no session are left out. */
export function rollSchedule(
  contracts: readonly { readonly id: string; readonly expiry: SessionDate }[],
  roll: CalendarRule,
  isTradingDay: TradingDays = WEEKDAYS,
): readonly RollPiece[] {
  const rolls = contracts
    .toSorted((a, b) => a.expiry - b.expiry)
    .map(({ id, expiry }) => ({ id, to: rollDate(roll, expiry, isTradingDay) }));
  return chained(rolls);
}

/** Each contract ends where the next begins; the last one does not end. */
function chained(rolls: readonly { readonly id: string; readonly to: SessionDate }[]): readonly RollPiece[] {
  const pieces: RollPiece[] = [];
  let from: SessionDate | undefined;
  for (const [index, { id, to }] of rolls.entries()) {
    const isLast = index === rolls.length - 1;
    if (!isLast && from !== undefined && to <= from) continue;
    pieces.push({ id, from, to: isLast ? undefined : to });
    from = to;
  }
  return pieces;
}

/**
 * When each contract is used, by volume: the next one takes over on the session after it had the greater volume `sessions` times in a row, at
 * the latest on the session after the last bar of the one before. Refused where a session has no volume to compare.
 */
export function volumeSchedule(
  contracts: readonly ContractVolumes[],
  sessions: number,
): Result<readonly RollPiece[], string> {
  const sorted = contracts.toSorted((a, b) => a.expiry - b.expiry);
  const without = sorted.find((contract) => !contract.volumes.isComplete);
  if (without !== undefined)
    return err(
      `the bars of ${without.id} have no volume, which a roll by volume compares: use days-before-expiry or fixed-date, or a source with volume`,
    );
  const volumes = sorted.map((contract) => ({ id: contract.id, daily: contract.volumes.daily }));
  const rolls: { id: string; to: SessionDate }[] = [];
  let from = 0;
  for (const [index, { id, daily }] of volumes.entries()) {
    const next = volumes[index + 1];
    const to = next === undefined ? undefined : takeOver(daily, next.daily, { from, sessions });
    if (next !== undefined && to === undefined)
      return err(
        `${next.id} has no bar after ${id} ends, so there is no session on which it could take over`,
      );
    rolls.push({ id, to: to ?? from });
    from = to ?? from;
  }
  return ok(chained(rolls));
}

/** The first session of the next contract. */
function takeOver(
  current: ReadonlyMap<SessionDate, number>,
  next: ReadonlyMap<SessionDate, number>,
  { from, sessions }: { readonly from: SessionDate; readonly sessions: number },
): SessionDate | undefined {
  const dates = [...new Set([...current.keys(), ...next.keys()])]
    .sort((a, b) => a - b)
    .filter((date) => date >= from);
  const last = Math.max(...current.keys());
  let ahead = 0;
  for (const date of dates) {
    if (next.has(date) && (ahead >= sessions || date > last)) return date;
    // A session of only one of them (a Sunday evening) compares nothing.
    const [before, after] = [current.get(date), next.get(date)];
    if (before !== undefined && after !== undefined) ahead = after > before ? ahead + 1 : 0;
  }
  return undefined;
}

/**
 * One series of the contracts' bars. `difference` adds to everything before a roll what the new contract cost more, `ratio` multiplies it, both at
 * the close of the last session before the roll that has bars of both; so the newest prices are real ones, and volumes always are.
 * Refused, with the roll named, where no session has bars of both, or a ratio of prices that are not above 0.
 */
export function stitch(
  contracts: readonly ContractBars[],
  schedule: readonly RollPiece[],
  adjustment: Adjustment,
): Result<ContinuousBars, string> {
  const barsOf = new Map(contracts.map(({ id, bars }) => [id, bars]));
  // A contract without a bar of its own, above all one that is yet to come, moves no price.
  const pieces = schedule
    .map((piece) => ({ ...piece, bars: barsOf.get(piece.id) ?? emptyBars() }))
    .filter((piece) => selected(piece).length > 0);
  const rolls: ContinuousBars['rolls'][number][] = [];
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1];
    if (next?.from === undefined) continue;
    const roll = { from: piece.id, to: next.id, on: next.from };
    const [before, after] = [piece, next].map(({ bars }) => {
      const closes = new SessionCloses(roll.on);
      closes.add(bars);
      return closes;
    });
    if (before === undefined || after === undefined) continue;
    const amount = rollAmount(roll, { before, after }, adjustment);
    if (!amount.ok) return amount;
    rolls.push({ ...roll, amount: amount.value });
  }
  return ok({ ...joined(pieces, rolls, adjustment), rolls });
}

interface BarPiece extends RollPiece {
  readonly bars: BarColumns;
}

/** Indices of the bars that a piece uses. */
function selected(piece: BarPiece): readonly number[] {
  return [...piece.bars.startNs.keys()].filter((index) => inPiece(piece, piece.bars, index));
}

const PRICES = ['open', 'high', 'low', 'close', 'vwap'] as const;
const COUNTS = ['volume', 'tradeCount', 'sessionDate'] as const;

function joined(
  pieces: readonly BarPiece[],
  rolls: ContinuousBars['rolls'],
  adjustment: Adjustment,
): { readonly bars: BarColumns; readonly contract: readonly string[] } {
  const bars = emptyBars();
  const contract: string[] = [];
  const has = (name: (typeof COUNTS)[number] | 'vwap'): boolean =>
    pieces.some((piece) => piece.bars[name].length > 0);
  const prices = PRICES.filter((name) => name !== 'vwap' || has(name));
  const counts = COUNTS.filter(has);
  for (const [index, piece] of pieces.entries()) {
    const later = rolls.slice(index).map(({ amount }) => amount);
    const adjusted = adjuster(later, adjustment);
    for (const at of selected(piece)) {
      bars.startNs.push(piece.bars.startNs[at] ?? 0n);
      for (const name of prices) bars[name].push(adjusted(piece.bars[name][at] ?? Number.NaN));
      for (const name of counts) bars[name].push(piece.bars[name][at] ?? Number.NaN);
      contract.push(piece.id);
    }
  }
  return { bars, contract };
}

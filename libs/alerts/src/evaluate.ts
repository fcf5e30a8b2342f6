import { NS_PER_DAY } from '@tickwell/domain';
import type { VersionedRule } from './book.ts';
import type { Observation } from './group.ts';
import { nextEventId, type OpenAlert } from './ledger.ts';
import { NO_EVENT, type AlertEvent } from './model.ts';
import { firingText, recoveredText } from './text.ts';

export interface Step {
  readonly rule: VersionedRule;
  readonly observation: Observation;
  /** What the ledger says of this alert. */
  readonly open: OpenAlert | undefined;
  /** Since when the condition has been over, as the last step said. */
  readonly overSinceNs: bigint | undefined;
  readonly nowNs: bigint;
  /** Why messages are held back now; undefined: they are not. */
  readonly hold: string | undefined;
}

export interface Outcome {
  /** What happened, for the log; its owner is still to be named. At most one thing a step. */
  readonly event: AlertEvent | undefined;
  /** For the next step. After a restart it is not known, and the time to recover begins anew. */
  readonly overSinceNs: bigint | undefined;
}

type Told = Pick<AlertEvent, 'kind'> & Partial<AlertEvent>;

const NOTHING: Outcome = { event: undefined, overSinceNs: undefined };

/** One look at one alert: pure, time is an argument. */
export function evaluate(step: Step): Outcome {
  const { open, observation, nowNs, rule } = step;
  switch (open?.phase) {
    case undefined:
      if (!observation.isMet) return NOTHING;
      return outcome(step, nowNs, rule.forNs === 0n ? fired(step) : { kind: 'pending' });
    case 'pending':
      return pending(step, open);
    case 'firing':
      return firing(step, open);
    case 'recovered':
      return owed(step, open);
  }
}

/** The rule is gone, or off: what is open ends, and whoever was told of it is told so. */
export function close(open: OpenAlert, why: string, nowNs: bigint): AlertEvent {
  const { rule, group, sinceNs, last, toldNs } = open;
  const kind = open.phase === 'pending' ? 'cleared' : open.phase === 'recovered' ? 'released' : 'recovered';
  return {
    ...{
      ...NO_EVENT,
      rule,
      group,
      sinceNs,
      severity: last.severity,
      ruleVersion: last.ruleVersion,
      kind,
      owner: '',
    },
    eventId: nextEventId(open, kind, sinceNs, open),
    timeNs: nowNs,
    summary: `${why}; it is not watched any more`,
    channels: toldNs === undefined ? [] : open.channels,
    reason: why,
  };
}

function pending(step: Step, open: OpenAlert): Outcome {
  const { observation, nowNs, rule } = step;
  if (!observation.isMet) return outcome(step, open.sinceNs, { kind: 'cleared' });
  if (nowNs - open.sinceNs >= rule.forNs) return outcome(step, open.sinceNs, fired(step));
  return goesOn(step, open, undefined);
}

function fired({ rule, hold }: Step): Told {
  return hold === undefined ? { kind: 'fired', channels: rule.channels } : { kind: 'fired', reason: hold };
}

function firing(step: Step, open: OpenAlert): Outcome {
  const { observation, nowNs, rule, hold } = step;
  if (observation.isOver) {
    const overSinceNs = step.overSinceNs ?? nowNs;
    if (nowNs - overSinceNs < rule.recoverForNs) return goesOn(step, open, overSinceNs);
    // Nobody was told of it: nobody is told that it is over.
    if (open.toldNs === undefined)
      return outcome(step, open.sinceNs, { kind: 'recovered', reason: open.held });
    const told = hold === undefined ? { channels: rule.channels } : { reason: hold };
    return outcome(step, open.sinceNs, { kind: 'recovered', ...told });
  }
  if (hold === undefined) {
    const { channels } = rule;
    if (open.toldNs === undefined) return outcome(step, open.sinceNs, { kind: 'released', channels });
    const isDue = rule.repeatNs !== undefined && nowNs - open.toldNs >= rule.repeatNs;
    if (isDue) return outcome(step, open.sinceNs, { kind: 'repeated', channels });
  }
  return goesOn(step, open, undefined);
}

function owed(step: Step, open: OpenAlert): Outcome {
  const { observation, rule, hold } = step;
  // Whoever was told that it fires has been right all along.
  if (observation.isMet) {
    const reason = 'again, before anybody was told that it was over';
    return outcome(step, open.sinceNs, { kind: 'fired', reason });
  }
  if (hold === undefined) return outcome(step, open.sinceNs, { kind: 'released', channels: rule.channels });
  return goesOn(step, open, undefined);
}

/** Nothing happens, but once a day the log is told what it may soon have forgotten. */
function goesOn(step: Step, open: OpenAlert, overSinceNs: bigint | undefined): Outcome {
  if (step.nowNs - open.last.timeNs < NS_PER_DAY) return { event: undefined, overSinceNs };
  return { ...outcome(step, open.sinceNs, { kind: 'continues' }), overSinceNs };
}

function outcome(step: Step, sinceNs: bigint, told: Told): Outcome {
  const { rule, observation, open, nowNs } = step;
  const { group, value, members, memberCount } = observation;
  const isOver = told.kind === 'cleared' || told.kind === 'recovered' || open?.phase === 'recovered';
  const event: AlertEvent = {
    ...NO_EVENT,
    eventId: nextEventId({ rule: rule.id, group }, told.kind, sinceNs, open),
    rule: rule.id,
    group,
    timeNs: nowNs,
    sinceNs,
    severity: rule.severity,
    summary: isOver ? recoveredText(step, sinceNs) : firingText(step),
    value,
    members,
    memberCount,
    ruleVersion: rule.version,
    owner: '',
    ...told,
  };
  return { event, overSinceNs: undefined };
}

import { create } from '@bufbuild/protobuf';
import { priceTypeToProto, queryV1 } from '@tickwell/contracts';
import type { StoredHole, StoredHoleState } from '@tickwell/ports';
import type { Gap } from './coverage-count.ts';

const STATES: Readonly<Record<StoredHoleState, queryV1.HoleState>> = {
  missing: queryV1.HoleState.MISSING,
  repaired: queryV1.HoleState.REPAIRED,
  'given-up': queryV1.HoleState.GIVEN_UP,
};
const STATES_BACK = new Map<queryV1.HoleState, StoredHoleState>([
  [STATES.missing, 'missing'],
  [STATES.repaired, 'repaired'],
  [STATES['given-up'], 'given-up'],
]);

/** Undefined for a number that is none. */
export function holeState(state: queryV1.HoleState): StoredHoleState | undefined {
  return STATES_BACK.get(state);
}

export function holeMessage({ state, priceType, isAnswerFinal, ...hole }: StoredHole): queryV1.LedgerHole {
  return create(queryV1.LedgerHoleSchema, {
    ...hole,
    state: STATES[state],
    answerIsFinal: isAnswerFinal,
    ...(priceType === undefined ? {} : { priceType: priceTypeToProto(priceType) }),
  });
}

/** A gap as messages have it, with what the ledger says of it. */
export function gapFields(
  { startNs, endNs, missing }: Gap,
  hole: StoredHole | undefined,
): { startNs: bigint; endNs: bigint; missing: bigint; hole?: queryV1.LedgerHole } {
  const span = { startNs, endNs, missing: BigInt(missing) };
  return hole === undefined ? span : { ...span, hole: holeMessage(hole) };
}

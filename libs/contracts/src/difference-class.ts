import { DIFFERENCE_CLASSES, type DifferenceClass } from '@tickwell/domain';
import * as pb from './gen/tickwell/events/v1/reconciliation_pb.js';

const CLASSES: Readonly<Record<DifferenceClass, pb.DifferenceClass>> = {
  equal: pb.DifferenceClass.EQUAL,
  rounding: pb.DifferenceClass.ROUNDING,
  missing: pb.DifferenceClass.MISSING,
  'late-trade': pb.DifferenceClass.LATE_TRADE,
  session: pb.DifferenceClass.SESSION,
  adjustment: pb.DifferenceClass.ADJUSTMENT,
  'bad-print': pb.DifferenceClass.BAD_PRINT,
  unexplained: pb.DifferenceClass.UNEXPLAINED,
};
const BACK = new Map<number, DifferenceClass>(DIFFERENCE_CLASSES.map((name) => [CLASSES[name], name]));

export function differenceClassToProto(of: DifferenceClass): pb.DifferenceClass {
  return CLASSES[of];
}

/** Undefined: unspecified, or a number this build does not know. */
export function differenceClassFromProto(of: pb.DifferenceClass): DifferenceClass | undefined {
  return BACK.get(of);
}

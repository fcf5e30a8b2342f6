import type { FrameRule } from './frame-rule.ts';
import {
  ADJUSTMENT_ODD,
  ADJUSTMENT_WRONG,
  DIVIDEND_MISSING,
  DIVIDEND_PHANTOM,
  DIVIDEND_WRONG,
} from './rules/adjustment.ts';
import { BAR_PRICE, BAR_RANGE, BAR_VOLUME } from './rules/bar-shape.ts';
import { MISSING_VALUE } from './rules/missing.ts';
import { DUPLICATE, DUPLICATE_CONFLICT, TIME_IN_FUTURE, TIME_ORDER } from './rules/order.ts';
import { BAD_TICK } from './rules/spike.ts';
import { SPLIT_MISSING, SPLIT_UNADJUSTED } from './rules/split.ts';
import {
  PRICE_POSITIVE,
  QUOTE_CROSSED,
  QUOTE_PRICE,
  QUOTE_SPREAD,
  SIZE_NEGATIVE,
} from './rules/tick-shape.ts';
import { UNIT_ERROR } from './rules/unit.ts';

/** Every rule about frames, in the order they are asked. */
export const FRAME_RULES: readonly FrameRule[] = [
  TIME_ORDER,
  DUPLICATE,
  DUPLICATE_CONFLICT,
  TIME_IN_FUTURE,
  MISSING_VALUE,
  BAR_PRICE,
  BAR_VOLUME,
  BAR_RANGE,
  PRICE_POSITIVE,
  SIZE_NEGATIVE,
  QUOTE_PRICE,
  QUOTE_CROSSED,
  QUOTE_SPREAD,
  UNIT_ERROR,
  SPLIT_UNADJUSTED,
  SPLIT_MISSING,
  BAD_TICK,
  DIVIDEND_WRONG,
  DIVIDEND_PHANTOM,
  DIVIDEND_MISSING,
  ADJUSTMENT_WRONG,
  ADJUSTMENT_ODD,
];

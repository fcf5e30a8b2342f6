import type { IndicatorDefinition } from './definition.ts';
import { atr } from './indicators/atr.ts';
import { bbands } from './indicators/bbands.ts';
import { ema } from './indicators/ema.ts';
import { macd } from './indicators/macd.ts';
import { rsi } from './indicators/rsi.ts';
import { sma } from './indicators/sma.ts';
import { vwap } from './indicators/vwap.ts';

/** Indicators by name. */
export type Registry = ReadonlyMap<string, IndicatorDefinition>;

/** Every indicator of the library. A new one is its file and its line here; the contract suite then runs over it. */
export const BUILT_IN: Registry = new Map(
  [atr, bbands, ema, macd, rsi, sma, vwap].map((definition) => [definition.name, definition]),
);

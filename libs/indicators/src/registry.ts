import type { IndicatorDefinition } from './definition.ts';
import * as definitions from './indicators/all.ts';

/** Indicators by name. */
export type Registry = ReadonlyMap<string, IndicatorDefinition>;

/** Every indicator of the library; the contract suite runs over them. */
export const BUILT_IN: Registry = new Map(
  Object.values(definitions).map((definition: IndicatorDefinition) => [definition.name, definition]),
);

let all: Registry = BUILT_IN;

/** The built-in indicators and those of the user's modules ({@link addIndicators}): what a specification may name in this process. */
export function allIndicators(): Registry {
  return all;
}

/**
 * Adds indicators to those that a specification may name, for good: once, before the first specification is read. Returns the names that there are
 * already, of which none is replaced; then nothing is added.
 */
export function addIndicators(definitions: readonly IndicatorDefinition[]): readonly string[] {
  const more = new Map(all);
  const taken = definitions.flatMap((definition) => {
    if (more.has(definition.name)) return definition.name;
    more.set(definition.name, definition);
    return [];
  });
  if (taken.length === 0) all = more;
  return taken;
}

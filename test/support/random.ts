/** Seeded generator of numbers in [0, 1); mulberry32 (public domain, Tommy Ettinger). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function wholeBelow(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

/** Some of the values, at least one, in their order. */
export function someOf<T>(random: () => number, values: readonly T[], most: number): T[] {
  const count = 1 + wholeBelow(random, Math.min(most, values.length));
  const chosen = new Set<T>();
  while (chosen.size < count) {
    const value = values[wholeBelow(random, values.length)];
    if (value !== undefined) chosen.add(value);
  }
  return values.filter((value) => chosen.has(value));
}

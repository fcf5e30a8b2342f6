/** Changes of a letter by which two names may differ and one be meant for the other. */
const MAX_DISTANCE = 2;
const MAX_CHARS = 64;

/** The known name that a mistyped one is closest to; undefined: none is close. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_CHARS) return undefined;
  const near = known
    .map((each) => ({ each, far: distance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, far }) => far <= Math.min(MAX_DISTANCE, Math.floor(each.length / 3)));
  return near.toSorted((a, b) => a.far - b.far)[0]?.each;
}

/** Letters to insert, take out or replace (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

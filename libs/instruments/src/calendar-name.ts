import { calendar, CALENDAR_IDS } from '@tickwell/calendar';

const SHOWN = 3;

/** What is wrong with the name of a session calendar; undefined: nothing, or there is none. */
export function calendarProblem(name: string): string | undefined {
  if (name === '' || calendar(name).ok) return undefined;
  const upper = name.slice(0, 40).toUpperCase();
  const nearest = CALENDAR_IDS.toSorted((a, b) => distance(upper, a) - distance(upper, b));
  return `instrument.calendar "${name.slice(0, 40)}" is no calendar: nearest are ${nearest.slice(0, SHOWN).join(', ')}; "tickwell calendar list" shows all`;
}

/** How many letters have to be changed, added or taken away (Levenshtein). */
function distance(from: string, to: string): number {
  let before = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, letter] of Array.from(from).entries()) {
    const current = [row + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const changed = (before[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(changed, (before[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    before = current;
  }
  return before[to.length] ?? 0;
}

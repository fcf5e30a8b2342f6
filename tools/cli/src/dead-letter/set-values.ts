import { TickwellError, parseIsoTime } from '@tickwell/domain';

/** Properties of a fix beside its event. */
const ENVELOPE = ['symbol', 'source', 'priceBasis'];

type JsonObject = Record<string, unknown>;

/**
 * The fix with values of its one event changed: "close=12.5", "timeNs=2024-01-02T14:30:00Z", "symbol=AAPL". Columns are called as in
 * the fix; those that end in Ns take ISO 8601 too.
 */
export function setValues(fixJson: string, assignments: readonly string[]): string {
  const fix: unknown = JSON.parse(fixJson);
  if (!isObject(fix) || !isObject(fix['event'])) throw new Error('the server sent a fix without an event');
  for (const assignment of assignments) {
    const mark = assignment.indexOf('=');
    const name = assignment.slice(0, mark);
    if (mark < 1) throw refused(`--set ${assignment}: write NAME=VALUE, for example close=12.5`);
    const text = assignment.slice(mark + 1);
    if (ENVELOPE.includes(name)) fix[name] = text;
    else setColumn(fix['event'], name, text);
  }
  return JSON.stringify(fix);
}

function setColumn(event: JsonObject, name: string, text: string): void {
  const places = placesOf(event);
  const place = places.find((each) => name in each);
  if (place === undefined) {
    const known = [
      ...ENVELOPE,
      ...new Set(places.flatMap((each) => Object.keys(each).filter((key) => !isNested(each[key])))),
    ];
    throw refused(`--set ${name}: there is no such value; there are ${known.join(', ')}`);
  }
  const before = place[name];
  if (Array.isArray(before) && before.length !== 1)
    throw refused(
      `--set ${name}: the letter holds ${before.length} events: edit what "show --fix" prints and give it with --with`,
    );
  const value = valueOf(name, text);
  place[name] = Array.isArray(before) ? [value] : value;
}

/** Objects that may hold a value of the one event: the message, its columns, its only item. */
function placesOf(event: JsonObject): readonly JsonObject[] {
  const nested = Object.values(event).flatMap((value) => {
    if (isObject(value)) return [value];
    return Array.isArray(value) && value.length === 1 ? value.filter(isObject) : [];
  });
  return [event, ...nested];
}

function isNested(value: unknown): boolean {
  return isObject(value) || (Array.isArray(value) && value.some(isObject));
}

function valueOf(name: string, text: string): string | number {
  if (name.endsWith('Ns')) {
    if (/^\d+$/.test(text)) return text;
    const time = parseIsoTime(text);
    if (!time.ok) throw refused(`--set ${name}: ${time.error}`);
    return time.value.toString();
  }
  // Protobuf's JSON takes a number as text too, and texts as they are.
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(message: string): TickwellError {
  return new TickwellError('invalid-argument', message);
}

import { err, NS_PER_SECOND, ok, parseTimeZone, type Result } from '@tickwell/domain';

const two = (value: number): string => String(value).padStart(2, '0');

/** "yyyyMMdd-HH:mm:ss": the one form that IB takes for UTC. */
export function formatIbUtc(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = `${date.getUTCFullYear()}${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}`;
  return `${day}-${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

const TIME = /^(\d{4})(\d{2})(\d{2})(?:(?:[- ]+)(\d{2}):(\d{2})(?::(\d{2}))?)?(?:\s+(.+))?$/;

/**
 * Seconds since the epoch of a time as IB writes them: "yyyyMMdd", epoch seconds, "yyyyMMdd-HH:mm:ss" (UTC), "yyyyMMdd HH:mm:ss"
 * with one space or two, with a zone behind it or in `zone`.
 */
export function parseIbTime(text: string, zone = 'UTC'): Result<number, string> {
  if (/^\d{9,11}$/.test(text)) return ok(Number(text));
  const match = TIME.exec(text.trim());
  if (match === null) return err(`"${text.slice(0, 60)}" is not a time as IB writes it`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? '0'));
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (new Date(wallMs).getUTCDate() !== day) return err(`"${text.slice(0, 60)}" is not a date that exists`);
  // Without a clock it is a date, which has no zone; with a hyphen it is UTC.
  const named = match[4] === undefined || text[8] === '-' ? 'UTC' : (match[7] ?? zone);
  const parsed = parseTimeZone(named);
  if (!parsed.ok) return err(`"${text.slice(0, 60)}": ${parsed.error}`);
  return ok(Number(parsed.value.toInstantNs(BigInt(wallMs) * 1_000_000n) / NS_PER_SECOND));
}

/** The end is not part of it. Seconds since the epoch. */
export interface TradingSession {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

const HOURS = /^(\d{8}):(?:CLOSED|(\d{2})(\d{2})-(?:(\d{8}):)?(\d{2})(\d{2}))$/;

/**
 * The trading or liquid hours of contract details, in either form: "20240108:0930-20240108:1600;20240109:CLOSED" and the older
 * "20240108:0930-1600,1615-1700;20240109:CLOSED". Sessions that end before they start end on the next day.
 */
export function parseTradingHours(text: string, zoneName: string): Result<readonly TradingSession[], string> {
  const zone = parseTimeZone(zoneName);
  if (!zone.ok) return err(`trading hours: ${zone.error}`);
  const sessions: TradingSession[] = [];
  for (const part of daySessions(text)) {
    const match = HOURS.exec(part);
    if (match === null)
      return err(`trading hours "${part.slice(0, 60)}" are in no form that IB is known to use`);
    const [, from = '', fromHour, fromMinute = '', to, toHour = '', toMinute = ''] = match;
    if (fromHour === undefined) continue;
    const at = (day: string, hour: string, minute: string): number => {
      const date = [Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6))] as const;
      const wallNs = BigInt(Date.UTC(...date, Number(hour), Number(minute))) * 1_000_000n;
      return Number(zone.value.toInstantNs(wallNs) / NS_PER_SECOND);
    };
    const fromSeconds = at(from, fromHour, fromMinute);
    const endSeconds = at(to ?? from, toHour, toMinute);
    sessions.push({ fromSeconds, toSeconds: endSeconds > fromSeconds ? endSeconds : endSeconds + 86_400 });
  }
  return ok(sessions.toSorted((a, b) => a.fromSeconds - b.fromSeconds));
}

/** One text per session, each with its date. */
function daySessions(text: string): string[] {
  return text
    .split(';')
    .filter((day) => day !== '')
    .flatMap((day) =>
      day.split(',').map((session) => (/^\d{8}:/.test(session) ? session : `${day.slice(0, 8)}:${session}`)),
    );
}

/** The session that runs at a time, or the next one. */
export function sessionAt(sessions: readonly TradingSession[], seconds: number): TradingSession | undefined {
  return sessions.find(({ toSeconds }) => seconds < toSeconds);
}

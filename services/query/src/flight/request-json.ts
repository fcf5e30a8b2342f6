import { fromJsonString, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { err, errorMessage, ok, parseIsoTime, type Result } from '@tickwell/domain';

/** What requests know whose answers are no rows. */
const NOT_IN_FLIGHT = [
  'symbols',
  'fingerprint',
  'atFingerprint',
  'at_fingerprint',
  'withCoverage',
  'with_coverage',
];

/**
 * A request in protobuf's JSON form, of what a command says beside library and symbol; `start` and `end` stand for the range, as ISO 8601. What the
 * request does not know is refused by name.
 */
export function requestOf<D extends DescMessage>(
  schema: D,
  fixed: Readonly<Record<string, string>>,
  rest: Readonly<Record<string, unknown>>,
): Result<MessageShape<D>, string> {
  const no = NOT_IN_FLIGHT.find((name) => name in rest);
  if (no !== undefined) return err(`${no} is not of Flight, whose answer is a table: use the call of gRPC`);
  const { start, end, ...others } = rest;
  const startNs = timeOf('start', start);
  if (!startNs.ok) return startNs;
  const endNs = timeOf('end', end);
  if (!endNs.ok) return endNs;
  const range = {
    ...(startNs.value === undefined ? {} : { startNs: startNs.value }),
    ...(endNs.value === undefined ? {} : { endNs: endNs.value }),
  };
  const given = Object.keys(range).length === 0 ? others : { ...others, range };
  const twice = Object.keys(fixed).find((name) => name in others);
  if (twice !== undefined) return err(`${twice} is said by library and symbol: leave it out`);
  try {
    return ok(fromJsonString(schema, JSON.stringify({ ...given, ...fixed })));
  } catch (error) {
    return err(`the command is not understood: ${errorMessage(error)}`);
  }
}

/** ns since the epoch as text: an ISO time, or that number. */
function timeOf(name: string, value: unknown): Result<string | undefined, string> {
  if (value === undefined) return ok(undefined);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return ok(String(value));
  if (typeof value !== 'string') return err(`${name} is not a text such as "2026-01-05T14:30:00Z"`);
  if (/^\d{1,19}$/.test(value)) return ok(value);
  const time = parseIsoTime(value);
  return time.ok ? ok(String(time.value)) : err(`${name}: ${time.error}`);
}

import { formatNs, NS_PER_MS, NS_PER_SECOND, TickwellError } from '@tickwell/domain';

/** Writes a time, ns since the epoch, as ISO 8601 with as many fractional digits as it needs, up to nine. */
export type TimeFormat = (ns: bigint) => string;

/** Offsets change only on such boundaries, so that consecutive times share one look-up. */
const BUCKET_NS = 900n * NS_PER_SECOND;

/** UTC (`Z`), or local time of a zone with its offset. */
export function timeFormat(zone: string | undefined): TimeFormat {
  if (zone === undefined || zone.toUpperCase() === 'UTC') return formatNs;
  const offsets = offsetFormat(zone);
  let bucket: bigint | undefined;
  let offset = { text: '+00:00', ns: 0n };
  return (ns) => {
    const at = ns - mod(ns, BUCKET_NS);
    if (at !== bucket) {
      bucket = at;
      offset = offsetAt(offsets, at);
    }
    return formatNs(ns + offset.ns).replace(/Z$/, offset.text);
  };
}

function offsetFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (cause) {
    throw new TickwellError(
      'invalid-argument',
      `"${zone}" is no time zone: use for example America/New_York`,
      { cause },
    );
  }
}

/** The formatter names an offset as GMT, GMT-05:00 or, long ago, GMT-04:56:02. */
function offsetAt(format: Intl.DateTimeFormat, ns: bigint): { text: string; ns: bigint } {
  const parts = format.formatToParts(Number(ns / NS_PER_MS));
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const match = /^GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(name);
  if (match === null) return { text: '+00:00', ns: 0n };
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const size = BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * NS_PER_SECOND;
  return { text: name.slice('GMT'.length), ns: sign === '-' ? -size : size };
}

function mod(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return rest < 0n ? rest + step : rest;
}

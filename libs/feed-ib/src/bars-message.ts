import type { IbBar } from './ib-messages.ts';
import { parseIbTime } from './ib-time.ts';

const HISTORICAL_DATA = Buffer.from('17\0');
const PREFIX_BYTES = 4;
const HEAD_FIELDS = 5;
const BAR_FIELDS = 8;

/**
 * A message of historical bars, as server versions 124 to 195 lay it out: id, request, start, end, count, and per bar date, open,
 * high, low, close, volume, average, count. It is read here because the library takes each field off the front of an array and tells
 * every bar on its own: a long answer blocked the event loop ten times as long. Undefined: another message, or not of this layout.
 */
export function decodeBars(
  frame: Buffer,
): { readonly reqId: number; readonly bars: readonly IbBar[] } | undefined {
  const start = frame.subarray(PREFIX_BYTES, PREFIX_BYTES + HISTORICAL_DATA.length);
  if (!start.equals(HISTORICAL_DATA)) return undefined;
  const fields = frame.toString('latin1', PREFIX_BYTES).split('\0');
  const reqId = Number(fields[1]);
  const count = Number(fields[HEAD_FIELDS - 1]);
  // The last field ends with a NUL too.
  if (!Number.isInteger(reqId) || fields.length !== HEAD_FIELDS + count * BAR_FIELDS + 1) return undefined;
  const bars: IbBar[] = [];
  const number = (at: number): number => {
    const text = fields[at];
    return text === undefined || text === '' ? NaN : Number(text);
  };
  for (let at = HEAD_FIELDS; at < HEAD_FIELDS + count * BAR_FIELDS; at += BAR_FIELDS) {
    const time = parseIbTime(fields[at] ?? '');
    if (!time.ok) return undefined;
    bars.push({
      time: time.value,
      open: number(at + 1),
      high: number(at + 2),
      low: number(at + 3),
      close: number(at + 4),
      volume: number(at + 5),
      wap: number(at + 6),
      count: number(at + 7),
    });
  }
  return { reqId, bars };
}

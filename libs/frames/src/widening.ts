/** Types into which a value goes without loss in one step (docs/adr/0031-frames.md); where two ways lead on, the preferred one is first. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  int8: ['int16', 'float64'],
  int16: ['int32', 'float64'],
  int32: ['int64', 'float64'],
  uint8: ['uint16', 'int16', 'float64'],
  uint16: ['uint32', 'int32', 'float64'],
  uint32: ['uint64', 'int64', 'float64'],
  float16: ['float32'],
  float32: ['float64'],
  'time32[s]': ['time32[ms]'],
  'time32[ms]': ['time64[us]'],
  'time64[us]': ['time64[ns]'],
};
const FINER: Readonly<Record<string, string>> = { s: 'ms', ms: 'us', us: 'ns' };
const WITH_UNIT = /^(timestamp|duration)\[(s|ms|us|ns)(, *[^\]]+)?\]$/;
const DAY_STAMPS = ['s', 'ms', 'us', 'ns'];

/**
 * The narrowest type that holds the values of both, by the steps of docs/adr/0031-frames.md: one of the two, or one that both
 * widen into (int8 and uint8: int16); integers are preferred to float64. Undefined: there is none. Types are Arrow's names.
 */
export function commonType(a: string, b: string): string | undefined {
  if (a === b) return a;
  const ofB = new Set(reachable(b));
  return reachable(a).find((type) => ofB.has(type));
}

/** The type and all it widens into: nearest first, float64 behind every integer. */
function reachable(type: string): readonly string[] {
  const found = new Set([type]);
  for (const from of found) for (const to of stepsOf(from)) found.add(to);
  return found.delete('float64') ? [...found, 'float64'] : [...found];
}

function stepsOf(type: string): readonly string[] {
  // A day is a moment only where days begin at UTC's midnight: in no zone, or in UTC.
  if (type === 'date32')
    return DAY_STAMPS.flatMap((unit) => [`timestamp[${unit}]`, `timestamp[${unit}, UTC]`]);
  const [, name, unit = '', zone = ''] = WITH_UNIT.exec(type) ?? [];
  if (name === undefined) return STEPS[type] ?? [];
  const finer = FINER[unit];
  return finer === undefined ? [] : [`${name}[${finer}${zone}]`];
}

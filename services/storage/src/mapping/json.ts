/** JSON of a message's own fields. Integers a double cannot hold become strings; NaN and the infinities become null, as JSON has none. */
export function payloadJson(fields: object): string {
  return JSON.stringify(fields, (key, value: unknown) => {
    if (key === '$typeName' || key === '$unknown') return undefined;
    if (typeof value !== 'bigint') return value;
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : value.toString();
  });
}

import { DataType, DateUnit, TimeUnit, type Vector } from 'apache-arrow';
import { err, ok, type Result } from '@tickwell/domain';
import { typeName } from './type-names.ts';

const NS_PER_UNIT: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1_000_000_000n,
  [TimeUnit.MILLISECOND]: 1_000_000n,
  [TimeUnit.MICROSECOND]: 1_000n,
  [TimeUnit.NANOSECOND]: 1n,
};
const NS_PER_DAY = 86_400_000_000_000n;
const MIN_NS = -(2n ** 63n);
const MAX_NS = 2n ** 63n - 1n;

/** Nanoseconds of a value's unit; undefined: it is no time, and cannot be an index. */
export function nsPerUnit(type: DataType): bigint | undefined {
  if (DataType.isTimestamp(type)) return NS_PER_UNIT[type.unit];
  if (DataType.isDate(type))
    return type.unit === DateUnit.DAY ? NS_PER_DAY : NS_PER_UNIT[TimeUnit.MILLISECOND];
  return undefined;
}

/** The values of an index in ns since the epoch. The error names the first row that has none, or one beyond the years 1677 to 2262. */
export function indexValues(name: string, vector: Vector<DataType>): Result<BigInt64Array, string> {
  const unit = nsPerUnit(vector.type);
  if (unit === undefined)
    return err(
      `column ${JSON.stringify(name)} is of type ${typeName(vector.type) ?? 'another kind'}: an index is a timestamp or a date`,
    );
  const values = new BigInt64Array(vector.length);
  let at = 0;
  for (const data of vector.data) {
    const own: unknown = data.values;
    if (!(own instanceof BigInt64Array) && !(own instanceof Int32Array))
      throw new TypeError(`times of column ${name} are kept in another form`);
    for (let row = 0; row < data.length; row += 1, at += 1) {
      if (data.nullCount > 0 && !data.getValid(row))
        return err(
          `the index ${JSON.stringify(name)} is null in row ${at}: fill it, or write without an index`,
        );
      const ns = BigInt(own[row] ?? 0) * unit;
      if (ns < MIN_NS || ns > MAX_NS)
        return err(
          `the index ${JSON.stringify(name)} of row ${at} is outside of 1677 to 2262, which nanoseconds count`,
        );
      values[at] = ns;
    }
  }
  return ok(values);
}

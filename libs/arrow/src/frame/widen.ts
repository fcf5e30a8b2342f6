import {
  DataType,
  Precision,
  makeData,
  vectorFromArray,
  type Data,
  type Float,
  type Int,
  type Timestamp,
} from 'apache-arrow';
import { TickwellError } from '@tickwell/domain';
import { nsPerUnit } from './index-values.ts';
import { typeName } from './type-names.ts';

/** A column in a type that holds all its values (docs/adr/0031-frames.md); nulls stay where they are. */
export function widened(data: Data, type: DataType): Data {
  if (DataType.isNull(data.type)) return allNull(type, data.length);
  const wide = DataType.isInt(type)
    ? wideInts(data, type)
    : DataType.isFloat(type)
      ? wideFloats(data, type)
      : DataType.isTimestamp(type)
        ? wideTimes(data, type)
        : undefined;
  if (wide !== undefined) return wide;
  const [own, wanted] = [typeName(data.type) ?? '', typeName(type) ?? ''];
  throw new TickwellError('schema-conflict', `a column of ${own} cannot be read as ${wanted}`);
}

/** A column without a value. */
export function allNull(type: DataType, length: number): Data {
  const [data] = vectorFromArray(new Array<null>(length).fill(null), type).data;
  if (data === undefined) throw new Error('Arrow made no column of nulls');
  return data;
}

interface Kept {
  readonly length: number;
  readonly nullCount: number;
  readonly nullBitmap?: Uint8Array;
}

function kept({ length, nullCount, nullBitmap }: Data): Kept {
  return { length, nullCount, ...(nullCount > 0 ? { nullBitmap } : {}) };
}

function wideInts(data: Data, type: Int): Data | undefined {
  if (!DataType.isInt(data.type)) return undefined;
  const values = numbersOf(data);
  if (type.bitWidth === 64) {
    const wide = type.isSigned ? BigInt64Array.from(values, BigInt) : BigUint64Array.from(values, BigInt);
    return makeData({ ...kept(data), type, data: wide });
  }
  return makeData({ ...kept(data), type, data: Array.from(values, Number) });
}

function wideFloats(data: Data, type: Float): Data | undefined {
  const isHalf = DataType.isFloat(data.type) && data.type.precision === Precision.HALF;
  if (!DataType.isInt(data.type) && !DataType.isFloat(data.type)) return undefined;
  const values = Array.from(numbersOf(data), Number);
  const wide = isHalf ? values.map(ofHalf) : values;
  return makeData({
    ...kept(data),
    type,
    data: type.precision === Precision.SINGLE ? Float32Array.from(wide) : Float64Array.from(wide),
  });
}

function wideTimes(data: Data, type: Timestamp): Data | undefined {
  const [own, wanted] = [nsPerUnit(data.type), nsPerUnit(type)];
  if (own === undefined || wanted === undefined || own < wanted) return undefined;
  const factor = own / wanted;
  return makeData({
    ...kept(data),
    type,
    data: BigInt64Array.from(numbersOf(data), (value) => BigInt(value) * factor),
  });
}

function numbersOf({ values }: Data): Iterable<number | bigint> & ArrayLike<number | bigint> {
  const own: unknown = values;
  if (own instanceof BigInt64Array || own instanceof BigUint64Array) return own;
  if (ArrayBuffer.isView(own) && !(own instanceof DataView) && isNumbers(own)) return own;
  throw new TypeError('numbers are kept in another form');
}

type SmallNumbers =
  Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

function isNumbers(view: ArrayBufferView): view is SmallNumbers {
  return 'length' in view;
}

/** IEEE 754 binary16, as its bits are kept. */
function ofHalf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -14 * (fraction / 1024);
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

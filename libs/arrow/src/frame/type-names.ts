import { DataType, DateUnit, Precision, TimeUnit, type Schema } from 'apache-arrow';
import { err, ok, type Result } from '@tickwell/domain';

/** Columns of any types, where the library would have them be anything. */
export type Columns = Record<string, DataType>;

const UNITS: Readonly<Record<TimeUnit, string>> = {
  [TimeUnit.SECOND]: 's',
  [TimeUnit.MILLISECOND]: 'ms',
  [TimeUnit.MICROSECOND]: 'us',
  [TimeUnit.NANOSECOND]: 'ns',
};
const FLOATS: Readonly<Record<Precision, string>> = {
  [Precision.HALF]: 'float16',
  [Precision.SINGLE]: 'float32',
  [Precision.DOUBLE]: 'float64',
};

/** Arrow's name of a type; undefined: it cannot be kept in Parquet and come back as it was. */
export function typeName(type: DataType): string | undefined {
  if (DataType.isNull(type)) return 'null';
  if (DataType.isBool(type)) return 'bool';
  if (DataType.isInt(type)) return `${type.isSigned ? 'int' : 'uint'}${type.bitWidth}`;
  if (DataType.isFloat(type)) return FLOATS[type.precision];
  if (DataType.isUtf8(type)) return 'utf8';
  if (DataType.isLargeUtf8(type)) return 'large_utf8';
  if (DataType.isBinary(type)) return 'binary';
  if (DataType.isLargeBinary(type)) return 'large_binary';
  if (DataType.isFixedSizeBinary(type)) return `fixed_size_binary[${type.byteWidth}]`;
  if (DataType.isDate(type)) return type.unit === DateUnit.DAY ? 'date32' : 'date64';
  if (DataType.isTime(type)) return `time${type.bitWidth}[${UNITS[type.unit]}]`;
  if (DataType.isTimestamp(type)) {
    const zone = type.timezone ?? '';
    return `timestamp[${UNITS[type.unit]}${zone === '' ? '' : `, ${zone}`}]`;
  }
  if (DataType.isDuration(type)) return `duration[${UNITS[type.unit]}]`;
  if (DataType.isDecimal(type)) return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`;
  if (DataType.isDictionary(type)) {
    const [key, value] = [
      typeName(typeOf({ type: type.indices })),
      typeName(typeOf({ type: type.dictionary })),
    ];
    return value === undefined
      ? undefined
      : `dictionary<${key}, ${value}${type.isOrdered ? ', ordered' : ''}>`;
  }
  return nestedName(type);
}

function nestedName(type: DataType): string | undefined {
  if (DataType.isList(type)) return around('list<', type, '>');
  if (DataType.isLargeList(type)) return around('large_list<', type, '>');
  if (DataType.isFixedSizeList(type)) return around('fixed_size_list<', type, `>[${type.listSize}]`);
  if (DataType.isStruct(type)) return around('struct<', type, '>');
  if (DataType.isMap(type)) return around('map<', type, '>');
  return undefined;
}

interface Nested {
  readonly children: readonly { readonly name: string; readonly type: unknown }[];
}

function around(before: string, { children }: Nested, after: string): string | undefined {
  const names = children.map((child) => {
    const name = typeName(typeOf(child));
    return name === undefined ? undefined : `${child.name}: ${name}`;
  });
  return names.includes(undefined) ? undefined : `${before}${names.join(', ')}${after}`;
}

/** Why a schema cannot be kept; undefined: it can. */
export function unkeepable(schema: Schema<Columns>): Result<undefined, string> {
  const seen = new Set<string>();
  for (const { name, type } of schema.fields) {
    if (seen.has(name))
      return err(`column ${JSON.stringify(name)} is there twice: give each column a name of its own`);
    seen.add(name);
    if (typeName(type) === undefined)
      return err(
        `column ${JSON.stringify(name)} is of type ${String(type.typeId)}, which is not kept: cast it, for example string_view to string`,
      );
  }
  return schema.fields.length === 0 ? err('the frame has no column') : ok(undefined);
}

/** The type of a field, which the library types as anything. */
function typeOf({ type }: { readonly type: unknown }): DataType {
  if (isType(type)) return type;
  throw new TypeError('a field without a type');
}

function isType(value: unknown): value is DataType {
  return value instanceof DataType;
}

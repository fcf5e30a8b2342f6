import type { ArrowField, ArrowFieldType } from '@tickwell/ports';

const PANDAS_TYPES: Readonly<Record<ArrowFieldType, { readonly pandas: string; readonly numpy: string }>> = {
  time: { pandas: 'datetimetz', numpy: 'datetime64[ns]' },
  date: { pandas: 'date', numpy: 'object' },
  long: { pandas: 'int64', numpy: 'int64' },
  double: { pandas: 'float64', numpy: 'float64' },
  text: { pandas: 'unicode', numpy: 'object' },
  category: { pandas: 'categorical', numpy: 'int32' },
  boolean: { pandas: 'bool', numpy: 'bool' },
};

/** Which column is the index, as pyarrow's `to_pandas` reads it (https://pandas.pydata.org/docs/development/developer.html). */
export function pandasMetadata(fields: readonly ArrowField[], index: string): Map<string, string> {
  const columns = fields.map(({ name, type }) => ({
    name,
    field_name: name,
    pandas_type: PANDAS_TYPES[type].pandas,
    numpy_type: PANDAS_TYPES[type].numpy,
    metadata: type === 'time' ? { timezone: 'UTC' } : null,
  }));
  const metadata = { index_columns: [index], column_indexes: [], columns, creator: { library: 'tickwell' } };
  return new Map([['pandas', JSON.stringify(metadata)]]);
}

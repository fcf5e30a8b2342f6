import type { ColumnType, TableSpec } from '@tickwell/contracts';
import { quoteName } from './sql.ts';

const SQL_TYPE: Readonly<Record<ColumnType, string>> = {
  symbol: 'SYMBOL',
  varchar: 'VARCHAR',
  double: 'DOUBLE',
  long: 'LONG',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP_NS',
};

/** Distinct values expected; a symbol column grows beyond, slower. Others get QuestDB's 256. */
const SYMBOL_CAPACITY: Readonly<Record<string, number>> = {
  symbol: 8_192,
  stream: 4_096,
  item: 4_096,
  spec_id: 1_024,
  dataset: 1_024,
  epoch: 64,
  price_type: 16,
  price_basis: 16,
};

export function sqlType(type: ColumnType): string {
  return SQL_TYPE[type];
}

export function columnDefinition(name: string, type: ColumnType): string {
  const capacity = type === 'symbol' ? ` CAPACITY ${SYMBOL_CAPACITY[name] ?? 256}` : '';
  return `${quoteName(name)} ${sqlType(type)}${capacity}`;
}

/** The statement that creates a table of the catalogue, if it is not there. */
export function createTableSql(spec: TableSpec, name = spec.name): string {
  const columns = [
    columnDefinition(spec.timestamp, 'timestamp'),
    ...Object.entries(spec.columns).map(([column, type]) => columnDefinition(column, type)),
  ];
  const keys = [spec.timestamp, ...spec.dedupKeys].map(quoteName).join(', ');
  return (
    `CREATE TABLE IF NOT EXISTS ${quoteName(name)} (${columns.join(', ')}) ` +
    `TIMESTAMP(${quoteName(spec.timestamp)}) PARTITION BY ${spec.partitionBy} WAL DEDUP UPSERT KEYS(${keys})`
  );
}

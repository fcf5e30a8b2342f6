import { TABLES, decodeActionBatch, decodeFundamentalBatch } from '@tickwell/contracts';
import { ok } from '@tickwell/domain';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

/** md.fundamentals → fundamentals, one row per version; the time is the end of the period. */
export const mapFundamentals: RecordMapper = (record, epoch) => {
  const decoded = decodeFundamentalBatch(record.value);
  if (!decoded.ok) return decoded;
  const { header, items } = decoded.value;
  const columns = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol' as const, name: 'item', values: items.map(({ item }) => item) },
    { type: 'symbol' as const, name: 'period_type', values: items.map(({ periodType }) => periodType) },
    { type: 'double' as const, name: 'value', values: items.map(({ value }) => value) },
    { type: 'symbol' as const, name: 'currency', values: items.map(({ currency }) => currency) },
  ];
  const timestampNs = items.map(({ periodEndNs }) => periodEndNs);
  return ok({ cause: header.cause, rows: [{ table: TABLES.fundamentals.name, timestampNs, columns }] });
};

/** md.actions → corporate_actions, one row per version; the time is the ex date. */
export const mapActions: RecordMapper = (record, epoch) => {
  const decoded = decodeActionBatch(record.value);
  if (!decoded.ok) return decoded;
  const { header, actions } = decoded.value;
  const columns = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol' as const, name: 'kind', values: actions.map(({ kind }) => kind) },
    { type: 'double' as const, name: 'amount', values: actions.map(({ amount }) => amount) },
    { type: 'symbol' as const, name: 'currency', values: actions.map(({ currency }) => currency) },
    {
      type: 'double' as const,
      name: 'split_numerator',
      values: actions.map(({ splitNumerator }) => splitNumerator),
    },
    {
      type: 'double' as const,
      name: 'split_denominator',
      values: actions.map(({ splitDenominator }) => splitDenominator),
    },
    { type: 'symbol' as const, name: 'price_basis', values: header.priceBasis },
  ];
  const timestampNs = actions.map(({ exDateNs }) => exDateNs);
  return ok({ cause: header.cause, rows: [{ table: TABLES.corporateActions.name, timestampNs, columns }] });
};

import {
  TABLES,
  differenceClassFromProto,
  events,
  headerFromProto,
  messageToJson,
  parseMessage,
  priceTypeFromProto,
} from '@tickwell/contracts';
import { err, ok } from '@tickwell/domain';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

/** md.reconciliations → reconciliations, one row per decision, known when the decision says. */
export const mapReconciliations: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.ReconciliationBatchSchema, record.value);
  if (!parsed.ok) return parsed;
  const { interval, policy, decisions } = parsed.value;
  const header = headerFromProto(parsed.value.header);
  if (header === undefined)
    return err({ rule: 'missing-header', reason: 'a ReconciliationBatch without header or cause' });
  const priceType = priceTypeFromProto(parsed.value.priceType);
  if (priceType === undefined)
    return err({ rule: 'unknown-value', reason: `price_type ${parsed.value.priceType} is not known` });
  const columns = [
    ...flowColumns(record, epoch, header).filter(({ name }) => name !== 'known_at'),
    { type: 'timestamp' as const, name: 'known_at', values: decisions.map(({ knownAtNs }) => knownAtNs) },
    { type: 'symbol' as const, name: 'interval', values: interval },
    { type: 'symbol' as const, name: 'price_type', values: priceType },
    { type: 'symbol' as const, name: 'policy', values: policy },
    {
      type: 'symbol' as const,
      name: 'class',
      values: decisions.map(({ differenceClass }) => differenceClassFromProto(differenceClass) ?? ''),
    },
    { type: 'symbol' as const, name: 'winner', values: decisions.map(({ winner }) => winner) },
    { type: 'varchar' as const, name: 'reason', values: decisions.map(({ reason }) => reason) },
    { type: 'boolean' as const, name: 'published', values: decisions.map(({ published }) => published) },
    { type: 'varchar' as const, name: 'sources', values: decisions.map(sourcesText) },
    {
      type: 'varchar' as const,
      name: 'detail',
      values: decisions.map((decision) => messageToJson(events.ReconciliationSchema, decision)),
    },
  ];
  return ok({
    cause: header.cause,
    rows: [
      {
        table: TABLES.reconciliations.name,
        timestampNs: decisions.map(({ startNs }) => startNs),
        columns,
      },
    ],
  });
};

/** "|ib|yahoo|": a source is found between its bars. */
function sourcesText({ bars, missing }: events.Reconciliation): string {
  return `|${[...bars.map(({ source }) => source), ...missing].join('|')}|`;
}

import { TABLES, events, headerFromProto, parseMessage } from '@tickwell/contracts';
import { err, ok } from '@tickwell/domain';
import { payloadJson } from './json.ts';
import { flowColumns, type RecordMapper } from './mapped-record.ts';

/** portfolio.events → portfolio_events; `item` is what a newer event of the same kind replaces. */
export const mapPortfolio: RecordMapper = (record, epoch) => {
  const parsed = parseMessage(events.PortfolioEventSchema, record.value);
  if (!parsed.ok) return parsed;
  const { event, account, timeNs } = parsed.value;
  const header = headerFromProto(parsed.value.header);
  if (header === undefined)
    return err({ rule: 'missing-header', reason: 'a PortfolioEvent without header or cause' });
  if (event.case === undefined)
    return err({ rule: 'unknown-value', reason: 'a PortfolioEvent without an event' });
  const columns = [
    ...flowColumns(record, epoch, header),
    { type: 'symbol' as const, name: 'account', values: account },
    { type: 'symbol' as const, name: 'kind', values: event.case },
    { type: 'symbol' as const, name: 'item', values: itemOf(event) },
    { type: 'varchar' as const, name: 'payload', values: payloadJson(event.value) },
  ];
  return ok({
    cause: header.cause,
    rows: [{ table: TABLES.portfolioEvents.name, timestampNs: [timeNs], columns }],
  });
};

function itemOf(event: Exclude<events.PortfolioEvent['event'], { case: undefined }>): string {
  switch (event.case) {
    case 'position':
      return event.value.symbol;
    case 'accountValue':
      return event.value.tag;
    case 'execution':
      return event.value.executionId;
    case 'profitAndLoss':
      return '';
  }
}

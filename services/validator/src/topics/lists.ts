import {
  decodeActionBatch,
  decodeFundamentalBatch,
  encodeActionBatch,
  encodeFundamentalBatch,
  encodeMessage,
  events,
  headerFromProto,
  headerToProto,
  parseMessage,
  TOPICS,
  type DecodeError,
} from '@tickwell/contracts';
import { err, ok, type Result } from '@tickwell/domain';
import {
  ACTIONS as ACTION_RULES,
  datasetRows,
  FUNDAMENTALS as FUNDAMENTAL_RULES,
  PORTFOLIO as PORTFOLIO_RULES,
  type DatasetRowCheck,
  type PortfolioCheck,
} from '@tickwell/validation';
import { rawBatch, type RawBatch } from '../raw-batch.ts';
import type { RawTopic } from '../raw-topic.ts';

export const FUNDAMENTALS: RawTopic = {
  name: 'validate-fundamentals',
  input: TOPICS.rawFundamentals,
  output: TOPICS.fundamentals,
  recordKind: 'fundamentals',
  hasWatermarks: false,
  reportEvery: 1,
  decode(value) {
    const decoded = decodeFundamentalBatch(value);
    if (!decoded.ok) return decoded;
    const { header, items } = decoded.value;
    return ok(
      rawBatch({
        kind: FUNDAMENTAL_RULES,
        header,
        columns: items,
        positions: items.map((item) => item.position),
        encode: (newHeader, accepted, positions) =>
          encodeFundamentalBatch({ header: newHeader, items: positioned(accepted, positions) }),
      }),
    );
  },
};

export const ACTIONS: RawTopic = {
  name: 'validate-actions',
  input: TOPICS.rawActions,
  output: TOPICS.actions,
  recordKind: 'actions',
  hasWatermarks: false,
  reportEvery: 1,
  decode(value) {
    const decoded = decodeActionBatch(value);
    if (!decoded.ok) return decoded;
    const { header, actions } = decoded.value;
    return ok(
      rawBatch({
        kind: ACTION_RULES,
        header,
        columns: actions,
        positions: actions.map((action) => action.position),
        encode: (newHeader, accepted, positions) =>
          encodeActionBatch({ header: newHeader, actions: positioned(accepted, positions) }),
      }),
    );
  },
};

export const PORTFOLIO: RawTopic = {
  name: 'validate-portfolio',
  input: TOPICS.rawPortfolio,
  output: TOPICS.portfolio,
  recordKind: 'portfolio',
  hasWatermarks: false,
  reportEvery: 1,
  decode(value) {
    const parsed = parseMessage(events.PortfolioEventSchema, value);
    if (!parsed.ok) return parsed;
    const message = parsed.value;
    const header = headerFromProto(message.header);
    if (header === undefined) return missingHeader('PortfolioEvent');
    return ok(
      rawBatch({
        kind: PORTFOLIO_RULES,
        header,
        columns: [portfolioCheck(message)],
        positions: [message.positionInStream],
        encode: (newHeader, _accepted, [position = 0n]) =>
          encodeMessage(events.PortfolioEventSchema, {
            ...message,
            header: headerToProto(newHeader),
            positionInStream: position,
          }),
      }),
    );
  },
};

export const DATASETS: RawTopic = {
  name: 'validate-datasets',
  input: TOPICS.rawDatasets,
  output: TOPICS.datasets,
  recordKind: 'dataset-rows',
  hasWatermarks: false,
  reportEvery: 1,
  decode(value) {
    const parsed = parseMessage(events.DatasetRowsSchema, value);
    if (!parsed.ok) return parsed;
    const header = headerFromProto(parsed.value.header);
    return header === undefined ? missingHeader('DatasetRows') : ok(datasetBatch(header, parsed.value));
  },
};

/** Rows as they are checked, each with its message. */
type CheckedRow = DatasetRowCheck & { readonly row: events.DatasetRow };

const DATASET_RULES = datasetRows<CheckedRow>();

function datasetBatch(header: RawBatch['header'], { dataset, rows }: events.DatasetRows): RawBatch {
  return rawBatch({
    kind: DATASET_RULES,
    header,
    columns: rows.map((row) => ({ ...rowCheck(dataset, row), row })),
    positions: rows.map((row) => row.position),
    encode: (newHeader, accepted, positions) =>
      encodeMessage(events.DatasetRowsSchema, {
        header: headerToProto(newHeader),
        dataset,
        rows: positioned(
          accepted.map(({ row }) => row),
          positions,
        ),
      }),
  });
}

function rowCheck(dataset: string, row: events.DatasetRow): DatasetRowCheck {
  const names = Object.keys(row.values);
  const unset = names.filter((name) => row.values[name]?.value.case === undefined);
  return { dataset, timeNs: row.timeNs, names, unset };
}

function portfolioCheck({ account, timeNs, event }: events.PortfolioEvent): PortfolioCheck {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(event.value ?? {})) {
    if (typeof value === 'number') numbers[name] = value;
  }
  const symbol = event.case === 'position' || event.case === 'execution' ? event.value.symbol : undefined;
  return { account, timeNs, kind: event.case, symbol, numbers };
}

/** Validated topics carry no positions: an item keeps its own only in the original of a dead letter. */
function positioned<T extends object>(
  items: readonly T[],
  positions: readonly bigint[],
): (T & { position: bigint })[] {
  return items.map((item, index) => ({ ...item, position: positions[index] ?? 0n }));
}

function missingHeader(type: string): Result<never, DecodeError> {
  return err({ rule: 'missing-header', reason: `a ${type} without header or cause` });
}

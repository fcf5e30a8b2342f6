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
  FUNDAMENTALS as FUNDAMENTAL_RULES,
  PORTFOLIO as PORTFOLIO_RULES,
  type PortfolioCheck,
} from '@tickwell/validation';
import { rawBatch } from '../raw-batch.ts';
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

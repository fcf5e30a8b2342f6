import { create } from '@bufbuild/protobuf';
import { events, priceBasisFromProto, queryV1 } from '@tickwell/contracts';
import type { CorporateAction, PriceBasis } from '@tickwell/domain';
import type { CallOptions } from './call-options.ts';

/** A dividend or split as it is known now, or was at `asOfNs`. */
export interface SourcedAction extends Omit<CorporateAction, 'position'> {
  readonly source: string;
  /** Whether the amount of a dividend is as it was paid ("raw") or adjusted for later splits. */
  readonly priceBasis: PriceBasis;
  /** When this version became known, ns since the epoch. */
  readonly knownAtNs: bigint;
  /** Of a read with `asOfNs`: it was not known at that time; this is its first version. */
  readonly backfilled: boolean;
}

export interface ActionOptions extends CallOptions {
  readonly symbol: string;
  /** Left out: every source. */
  readonly source?: string;
  /** Span of ex dates, ns since the epoch, half-open. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /**
   * What was known at this time, ns since the epoch: of each the newest version of then, also of what was announced and still to come. What had its ex date
   * by then but became known later only is there in its first version, as `backfilled`.
   */
  readonly asOfNs?: bigint;
  /** With `asOfNs`: leave out what was not known then. */
  readonly strict?: boolean;
}

export function actionsRequest(options: ActionOptions): queryV1.GetCorporateActionsRequest {
  const { symbol, source = '', startNs = 0n, endNs = 0n, asOfNs = 0n, strict = false } = options;
  return create(queryV1.GetCorporateActionsRequestSchema, {
    symbol,
    source,
    range: { startNs, endNs },
    asOfNs,
    strict,
  });
}

/** Nothing for a kind that this client does not know. */
export function sourcedAction(message: queryV1.SourcedAction): readonly SourcedAction[] {
  const { source, priceBasis, knownAtNs, backfilled, action } = message;
  if (action === undefined) return [];
  const { kind, exDateNs, amount, currency, splitNumerator, splitDenominator } = action;
  const isSplit = kind === events.CorporateActionKind.SPLIT;
  if (!isSplit && kind !== events.CorporateActionKind.DIVIDEND) return [];
  return [
    {
      source,
      kind: isSplit ? 'split' : 'dividend',
      exDateNs,
      amount,
      currency,
      splitNumerator,
      splitDenominator,
      priceBasis: priceBasisFromProto(priceBasis),
      knownAtNs,
      backfilled,
    },
  ];
}

import { events, priceBasisFromProto, type queryV1 } from '@tickwell/contracts';
import type { CorporateAction, PriceBasis } from '@tickwell/domain';

/** A dividend or split as it is known now. */
export interface SourcedAction extends Omit<CorporateAction, 'position'> {
  readonly source: string;
  /** Whether the amount of a dividend is as it was paid ("raw") or adjusted for later splits. */
  readonly priceBasis: PriceBasis;
  /** When this version became known, ns since the epoch. */
  readonly knownAtNs: bigint;
}

/** Nothing for a kind that this client does not know. */
export function sourcedAction(message: queryV1.SourcedAction): readonly SourcedAction[] {
  const { source, priceBasis, knownAtNs, action } = message;
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
    },
  ];
}

import { create } from '@bufbuild/protobuf';
import { events, priceBasisToProto, queryV1 } from '@tickwell/contracts';
import type { HistoryReader, StoredAction } from '@tickwell/ports';
import { asOfArgument, orRefuse, rangeArgument, symbolArgument, textArgument } from './arguments.ts';
import type { CallSignal } from './history.ts';

/** Dividends and splits of one symbol, by ex date. */
export async function getCorporateActions(
  reader: Pick<HistoryReader, 'actions'>,
  request: queryV1.GetCorporateActionsRequest,
  { signal }: CallSignal,
): Promise<queryV1.GetCorporateActionsResponse> {
  const symbol = orRefuse(symbolArgument(request.symbol));
  const source = orRefuse(textArgument('source', request.source));
  const { startNs = 0n, endNs } = orRefuse(rangeArgument(request.range));
  const asOf = orRefuse(asOfArgument(request.asOfNs, request.strict));
  const found = await reader.actions({ symbol, signal, ...(asOf === undefined ? {} : { asOf }) });
  const actions = found
    .filter((action) => source === '' || action.source === source)
    .filter(({ exDateNs }) => exDateNs >= startNs && (endNs === undefined || exDateNs < endNs));
  return create(queryV1.GetCorporateActionsResponseSchema, { actions: actions.map(actionMessage) });
}

function actionMessage({
  source,
  priceBasis,
  knownAtNs,
  backfilled,
  kind,
  ...action
}: StoredAction): queryV1.SourcedAction {
  return create(queryV1.SourcedActionSchema, {
    source,
    action: {
      ...action,
      kind: kind === 'split' ? events.CorporateActionKind.SPLIT : events.CorporateActionKind.DIVIDEND,
    },
    priceBasis: priceBasisToProto(priceBasis),
    knownAtNs,
    backfilled: backfilled === true,
  });
}

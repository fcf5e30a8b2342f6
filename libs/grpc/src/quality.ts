import { queryV1 } from '@tickwell/contracts';
import { bindStream, bindUnary, type BoundMethod, type StreamHandler, type UnaryHandler } from './bind.ts';

type Of<K extends keyof typeof METHODS> = (typeof METHODS)[K];

const METHODS = queryV1.QualityService.method;

/** The methods of tickwell.query.v1.QualityService. */
export interface QualityHandlers {
  readonly getCoverage: UnaryHandler<Of<'getCoverage'>['input'], Of<'getCoverage'>['output']>;
  readonly listHoles: UnaryHandler<Of<'listHoles'>['input'], Of<'listHoles'>['output']>;
  readonly getFreshness: UnaryHandler<Of<'getFreshness'>['input'], Of<'getFreshness'>['output']>;
  readonly listFindings: UnaryHandler<Of<'listFindings'>['input'], Of<'listFindings'>['output']>;
  readonly getSourceStatus: UnaryHandler<Of<'getSourceStatus'>['input'], Of<'getSourceStatus'>['output']>;
  readonly watch: StreamHandler<Of<'watch'>['input'], Of<'watch'>['output']>;
  readonly listAlerts: UnaryHandler<Of<'listAlerts'>['input'], Of<'listAlerts'>['output']>;
  readonly listReconciliations: UnaryHandler<
    Of<'listReconciliations'>['input'],
    Of<'listReconciliations'>['output']
  >;
}

export function bindQuality(handlers: QualityHandlers): readonly BoundMethod[] {
  return [
    bindUnary(METHODS.getCoverage, handlers.getCoverage),
    bindUnary(METHODS.listHoles, handlers.listHoles),
    bindUnary(METHODS.getFreshness, handlers.getFreshness),
    bindUnary(METHODS.listFindings, handlers.listFindings),
    bindUnary(METHODS.getSourceStatus, handlers.getSourceStatus),
    bindStream(METHODS.watch, handlers.watch),
    bindUnary(METHODS.listAlerts, handlers.listAlerts),
    bindUnary(METHODS.listReconciliations, handlers.listReconciliations),
  ];
}

import { queryV1 } from '@tickwell/contracts';
import { bindUnary, type BoundMethod, type UnaryHandler } from './bind.ts';

const METHODS = queryV1.AdminService.method;

/** The methods of tickwell.query.v1.AdminService. */
export interface AdminHandlers {
  readonly getCacheStats: UnaryHandler<
    (typeof METHODS)['getCacheStats']['input'],
    (typeof METHODS)['getCacheStats']['output']
  >;
}

export function bindAdmin(handlers: AdminHandlers): readonly BoundMethod[] {
  return [bindUnary(METHODS.getCacheStats, handlers.getCacheStats)];
}

import { queryV1 } from '@tickwell/contracts';
import { bindUnary, type BoundMethod, type UnaryHandler } from './bind.ts';

type Of<K extends keyof typeof METHODS> = (typeof METHODS)[K];

const METHODS = queryV1.DeadLetterService.method;

/** The methods of tickwell.query.v1.DeadLetterService. */
export interface DeadLetterHandlers {
  readonly list: UnaryHandler<Of<'list'>['input'], Of<'list'>['output']>;
  readonly summarize: UnaryHandler<Of<'summarize'>['input'], Of<'summarize'>['output']>;
  readonly get: UnaryHandler<Of<'get'>['input'], Of<'get'>['output']>;
  readonly replay: UnaryHandler<Of<'replay'>['input'], Of<'replay'>['output']>;
  readonly purge: UnaryHandler<Of<'purge'>['input'], Of<'purge'>['output']>;
}

export function bindDeadLetters(handlers: DeadLetterHandlers): readonly BoundMethod[] {
  return [
    bindUnary(METHODS.list, handlers.list),
    bindUnary(METHODS.summarize, handlers.summarize),
    bindUnary(METHODS.get, handlers.get),
    bindUnary(METHODS.replay, handlers.replay),
    bindUnary(METHODS.purge, handlers.purge),
  ];
}

import { queryV1 } from '@tickwell/contracts';
import { bindStream, bindUnary, type BoundMethod, type StreamHandler, type UnaryHandler } from './bind.ts';

type Of<K extends keyof typeof METHODS> = (typeof METHODS)[K];

const METHODS = queryV1.ConfigService.method;

/** The methods of tickwell.query.v1.ConfigService. */
export interface ConfigHandlers {
  readonly put: UnaryHandler<Of<'put'>['input'], Of<'put'>['output']>;
  readonly get: UnaryHandler<Of<'get'>['input'], Of<'get'>['output']>;
  readonly list: UnaryHandler<Of<'list'>['input'], Of<'list'>['output']>;
  readonly getSchema: UnaryHandler<Of<'getSchema'>['input'], Of<'getSchema'>['output']>;
  readonly delete: UnaryHandler<Of<'delete'>['input'], Of<'delete'>['output']>;
  readonly history: UnaryHandler<Of<'history'>['input'], Of<'history'>['output']>;
  readonly watch: StreamHandler<Of<'watch'>['input'], Of<'watch'>['output']>;
}

export function bindConfig(handlers: ConfigHandlers): readonly BoundMethod[] {
  return [
    bindUnary(METHODS.put, handlers.put),
    bindUnary(METHODS.get, handlers.get),
    bindUnary(METHODS.list, handlers.list),
    bindUnary(METHODS.getSchema, handlers.getSchema),
    bindUnary(METHODS.delete, handlers.delete),
    bindUnary(METHODS.history, handlers.history),
    bindStream(METHODS.watch, handlers.watch),
  ];
}

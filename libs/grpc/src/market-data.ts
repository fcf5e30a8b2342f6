import { queryV1 } from '@tickwell/contracts';
import { bindStream, bindUnary, type BoundMethod, type StreamHandler, type UnaryHandler } from './bind.ts';

type Of<K extends keyof typeof METHODS> = (typeof METHODS)[K];

const METHODS = queryV1.MarketDataService.method;

/** The methods of tickwell.query.v1.MarketDataService. */
export interface MarketDataHandlers {
  readonly listInstruments: UnaryHandler<Of<'listInstruments'>['input'], Of<'listInstruments'>['output']>;
  readonly getCorporateActions: UnaryHandler<
    Of<'getCorporateActions'>['input'],
    Of<'getCorporateActions'>['output']
  >;
  readonly getFundamentals: UnaryHandler<Of<'getFundamentals'>['input'], Of<'getFundamentals'>['output']>;
  readonly getLatest: UnaryHandler<Of<'getLatest'>['input'], Of<'getLatest'>['output']>;
  readonly getBars: StreamHandler<Of<'getBars'>['input'], Of<'getBars'>['output']>;
  readonly getAligned: StreamHandler<Of<'getAligned'>['input'], Of<'getAligned'>['output']>;
  readonly joinAsOf: StreamHandler<Of<'joinAsOf'>['input'], Of<'joinAsOf'>['output']>;
  readonly getTicks: StreamHandler<Of<'getTicks'>['input'], Of<'getTicks'>['output']>;
  readonly getQuotes: StreamHandler<Of<'getQuotes'>['input'], Of<'getQuotes'>['output']>;
  readonly getIndicators: StreamHandler<Of<'getIndicators'>['input'], Of<'getIndicators'>['output']>;
  readonly subscribe: StreamHandler<Of<'subscribe'>['input'], Of<'subscribe'>['output']>;
}

export function bindMarketData(handlers: MarketDataHandlers): readonly BoundMethod[] {
  return [
    bindUnary(METHODS.listInstruments, handlers.listInstruments),
    bindUnary(METHODS.getCorporateActions, handlers.getCorporateActions),
    bindUnary(METHODS.getFundamentals, handlers.getFundamentals),
    bindUnary(METHODS.getLatest, handlers.getLatest),
    bindStream(METHODS.getBars, handlers.getBars),
    bindStream(METHODS.getAligned, handlers.getAligned),
    bindStream(METHODS.joinAsOf, handlers.joinAsOf),
    bindStream(METHODS.getTicks, handlers.getTicks),
    bindStream(METHODS.getQuotes, handlers.getQuotes),
    bindStream(METHODS.getIndicators, handlers.getIndicators),
    bindStream(METHODS.subscribe, handlers.subscribe),
  ];
}

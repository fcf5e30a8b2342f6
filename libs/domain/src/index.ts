export * from './cause.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './interval.ts';
export * from './result.ts';
export * from './state-codec.ts';
export * from './symbol.ts';
export * from './time.ts';

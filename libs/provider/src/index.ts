export type * from './context.ts';
export * from './errors.ts';
export type * from './provider.ts';
export * from './rows.ts';

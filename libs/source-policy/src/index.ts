export * from './job-template.ts';
export * from './machine.ts';
export * from './policy.ts';
export { PolicyBook } from './policy-book.ts';
export { MAX_INSTRUMENTS, ruleText, type InstrumentFacts } from './selection.ts';
export { isInSession } from './session.ts';

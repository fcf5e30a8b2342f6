export * from './job-template.ts';
export * from './machine.ts';
export * from './policy.ts';
export * from './policy-state.ts';
export * from './repair.ts';
export * from './repair-step.ts';
export { PolicyBook } from './policy-book.ts';
export { MAX_INSTRUMENTS, ruleText, type InstrumentFacts } from './selection.ts';
export { isInSession } from './session.ts';

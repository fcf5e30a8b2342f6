export * from './job-template.ts';
export * from './machine.ts';
export * from './policy.ts';
export { isInSession } from './session.ts';

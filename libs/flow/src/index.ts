export { ConfiguredFlowService, type FollowedSettings } from './configured-flow-service.ts';
export {
  deadLetter,
  MAX_ORIGINAL_BYTES,
  wholeOriginal,
  type DeadLetterParts,
  type Original,
} from './dead-letter.ts';
export { Flow, type FlowOptions } from './flow.ts';
export { FlowService } from './flow-service.ts';
export type { InputPlace, Preparation } from './preparation.ts';
export type { Output, Preparing, Processor } from './processor.ts';
export { NO_SETTINGS, type Settings, type SettingsSource } from './settings.ts';
export { qualityEvent, qualityFinding, type Finding } from './quality.ts';

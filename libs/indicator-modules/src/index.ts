export { addIndicatorModules, INDICATOR_MODULES } from './modules.ts';

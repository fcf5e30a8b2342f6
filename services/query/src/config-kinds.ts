import { checkBarsDocument } from '@tickwell/bars';
import type { ConfigKinds } from '@tickwell/config';
import { checkIndicatorDocument } from '@tickwell/indicators';
import { ALERT_KIND } from './alerts/alert-kind.ts';
import { INSTRUMENT_KIND } from '@tickwell/instruments';
import { VALIDATION_KIND } from '@tickwell/validation';
import { SOURCE_KIND } from './source-policies.ts';

/** What is checked of the documents of each kind before they are written; a kind that is not here takes any JSON object. */
export const CONFIG_KINDS: ConfigKinds = {
  instrument: INSTRUMENT_KIND,
  source: SOURCE_KIND,
  validation: VALIDATION_KIND,
  alert: ALERT_KIND,
  bars: { check: (_id, document) => checkBarsDocument(document) },
  indicator: { check: (_id, document) => checkIndicatorDocument(document) },
};

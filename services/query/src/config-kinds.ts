import { checkBarsDocument } from '@tickwell/bars';
import { withSchemas, type ConfigKinds } from '@tickwell/config';
import { checkIndicatorDocument } from '@tickwell/indicators';
import { ALERT_KIND } from './alerts/alert-kind.ts';
import { INSTRUMENT_KIND } from '@tickwell/instruments';
import type { CompileSchema } from '@tickwell/ports';
import { VALIDATION_KIND } from '@tickwell/validation';
import { SOURCE_KIND } from './source-policies.ts';

/** What code checks of the documents of each kind, beyond what a schema can say. */
const CHECKS: ConfigKinds = {
  instrument: INSTRUMENT_KIND,
  source: SOURCE_KIND,
  validation: VALIDATION_KIND,
  alert: ALERT_KIND,
  bars: { check: (_id, document) => checkBarsDocument(document) },
  indicator: { check: (_id, document) => checkIndicatorDocument(document) },
};

/** What is checked of the documents of each kind before they are written: the JSON Schema of those that have one, then {@link CHECKS}. */
export function configKinds(compile: CompileSchema): ConfigKinds {
  return withSchemas(CHECKS, compile);
}

import { RAW_EVENT_TYPES } from '@tickwell/contracts';
import {
  JsonFields,
  checkSymbol,
  err,
  errorMessage,
  ok,
  type PriceBasis,
  type Result,
} from '@tickwell/domain';

/** What to send instead of a refused event; what is left out is the letter's own. */
export interface Fix {
  readonly type?: string;
  readonly source?: string;
  readonly symbol?: string;
  readonly priceBasis?: PriceBasis;
  /** The message in protobuf's JSON form, as text. */
  readonly event?: string;
}

const BASES = ['unspecified', 'raw', 'split-adjusted', 'all'] as const satisfies readonly PriceBasis[];

/** Reads a fix; every problem of it at once. "": none. */
export function parseFix(text: string): Result<Fix, string> {
  if (text === '') return ok({});
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    return err(`fix_json is no JSON: ${errorMessage(cause)}`);
  }
  const fields = new JsonFields(document, 'fix');
  const type = fields.choice('type', RAW_EVENT_TYPES);
  const source = fields.text('source');
  const symbol = fields.text('symbol');
  const priceBasis = fields.choice('priceBasis', BASES);
  const event = fields.take('event');
  const checked = symbol === undefined ? ok('') : checkSymbol(symbol);
  if (!checked.ok) fields.problem('symbol', checked.error);
  const fix = fields.finish({
    ...(type === undefined ? {} : { type }),
    ...(source === undefined ? {} : { source }),
    ...(symbol === undefined ? {} : { symbol }),
    ...(priceBasis === undefined ? {} : { priceBasis }),
    ...(event === undefined ? {} : { event: JSON.stringify(event) }),
  });
  return fix.ok ? fix : err(fix.error.join('; '));
}

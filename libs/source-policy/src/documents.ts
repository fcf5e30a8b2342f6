import { parseInstrument } from '@tickwell/instruments';
import { isPolicy, parsePolicy, type SourcePolicy } from './policy.ts';
import type { InstrumentFacts } from './selection.ts';

/** The policy that a stored document of kind `source` is; undefined where it is none, or not as it must be. */
export function policyOfDocument(id: string, payloadJson: string): SourcePolicy | undefined {
  try {
    const document: unknown = JSON.parse(payloadJson);
    const parsed = isPolicy(document) ? parsePolicy(id, document) : undefined;
    return parsed?.ok === true ? parsed.value : undefined;
  } catch {
    // No JSON: not written through the configuration service.
    return undefined;
  }
}

/** What rules ask of the instrument that a stored document of kind `instrument` describes. */
export function factsOfDocument(id: string, payloadJson: string): InstrumentFacts | undefined {
  const read = parseInstrument(id, payloadJson);
  if (!read.ok) return undefined;
  const { type, exchange, currency } = read.value;
  return { type, exchange, currency };
}

import type { RuleInfo } from './rule.ts';

/**
 * Rules about a record as a whole, broken before there are events to judge. The whole record becomes one dead letter. The validator
 * finds them while it decodes; here is what they mean.
 */
const DESCRIPTIONS = {
  'content-type': 'The record has no content-type header that names a protobuf message.',
  'unknown-type':
    'The content-type header names another message, or another version of it, than the topic carries.',
  'empty-record': 'The record has no value.',
  'malformed-protobuf': 'The value is not the protobuf message it should be.',
  'missing-header': 'The message has no header, or the header no cause.',
  'cause-invalid':
    'The cause has no origin, too long a one, or position 0: repeats of it could not be told from news.',
  'known-at-missing':
    'The header does not say when the values became known: versions could not be told apart.',
  'column-length': 'A column has more or fewer entries than the others.',
  'unknown-value': 'An enumeration holds a number this version does not know.',
  'empty-batch': 'The batch has no columns.',
  'batch-too-large': 'The record holds more events than one may.',
  'hole-fields': 'A hole names no series, span or state that can be, or another symbol than its key.',
  'position-order': 'Positions of the events in their stream do not start above 0 and grow.',
} as const;

export type RecordRuleId = keyof typeof DESCRIPTIONS;

/** Longest origin of a cause, in characters: it is kept per stream and copied into every reason. */
export const MAX_ORIGIN_LENGTH = 512;

export const RECORD_RULES: readonly RuleInfo[] = Object.entries(DESCRIPTIONS).map(([id, description]) => ({
  id,
  severity: 'reject',
  description,
  parameters: id === 'cause-invalid' ? { maxOriginLength: MAX_ORIGIN_LENGTH } : {},
}));

import { checkSymbol } from '@tickwell/domain';
import type { BatchRule } from '../rule.ts';

const SOURCE = /^[A-Za-z0-9][A-Za-z0-9._:/=@+ -]{0,127}$/;

const symbolSyntax: BatchRule = {
  id: 'symbol-syntax',
  severity: 'reject',
  description: 'Symbol is not an instrument id. Unknown symbols are accepted when they are well formed.',
  parameters: {},
  check: ({ symbol }) => {
    const checked = checkSymbol(symbol);
    return checked.ok ? undefined : `symbol ${checked.error}`;
  },
};

const sourceSyntax: BatchRule = {
  id: 'source-syntax',
  severity: 'reject',
  description:
    'Source is not a name of 1 to 128 letters, digits, spaces and . _ : / = @ + - that starts with a letter or digit.',
  parameters: {},
  check: ({ source }) =>
    SOURCE.test(source)
      ? undefined
      : `source ${JSON.stringify(source.slice(0, 80))} is not 1 to 128 of A-Z a-z 0-9 space . _ : / = @ + -`,
};

const keyMismatch: BatchRule = {
  id: 'key-mismatch',
  severity: 'reject',
  description:
    'Key of the record is not the symbol of its header: it would be ordered and stored under another symbol.',
  parameters: {},
  check: ({ key, symbol }) =>
    key === symbol
      ? undefined
      : `symbol ${JSON.stringify(symbol.slice(0, 80))} in a record with key ${JSON.stringify(key.slice(0, 80))}`,
};

const barInterval: BatchRule = {
  id: 'bar-interval',
  severity: 'reject',
  description: 'Interval of the bars is not one that Tickwell knows.',
  parameters: {},
  check: ({ interval, intervalText }) =>
    interval === undefined
      ? `interval ${JSON.stringify(intervalText.slice(0, 40))} is not known: use for example 1s, 5m, 1h, 1d, 1w or 1mo`
      : undefined,
};

/** Of everything that is keyed by symbol. */
export const INSTRUMENT_RULES: readonly BatchRule[] = [keyMismatch, symbolSyntax, sourceSyntax];

export const BAR_BATCH_RULES: readonly BatchRule[] = [...INSTRUMENT_RULES, barInterval];

/** Of what is keyed by account or data set. */
export const SOURCE_RULES: readonly BatchRule[] = [sourceSyntax];

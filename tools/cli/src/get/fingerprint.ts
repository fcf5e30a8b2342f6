import type { BarOptions, BarsFingerprint } from '@tickwell/client';
import { formatNs, TickwellError } from '@tickwell/domain';
import { formatCount } from '../format/numbers.ts';
import type { Terminal } from '../terminal.ts';

interface Flags {
  readonly fingerprint?: true;
  readonly expectFingerprint?: string;
}

/** Says what the answer was, and fails where another is expected. */
export function fingerprintOf(
  terminal: Pick<Terminal, 'note'>,
  { fingerprint, expectFingerprint: expected }: Flags,
): Pick<BarOptions, 'onFingerprint' | 'atFingerprint'> {
  if (fingerprint === undefined && expected === undefined) return {};
  const onFingerprint = ({ value, asOfNs, rows }: BarsFingerprint): void => {
    if (expected !== undefined && value !== expected)
      throw new TickwellError(
        'failed-precondition',
        `the ${formatCount(rows)} bars are not those of the fingerprint that is expected, but of ${value}: other flags, another configuration, or what was stored has changed`,
      );
    terminal.note(`${formatCount(rows)} bars as of ${formatNs(asOfNs)}: fingerprint ${value}`);
  };
  return { onFingerprint, ...(expected === undefined ? {} : { atFingerprint: expected }) };
}

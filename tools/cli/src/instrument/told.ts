import type { ConfigDocument } from '@tickwell/client';
import { TickwellError, type Result } from '@tickwell/domain';
import type { CliContext } from '../context.ts';

/** The kind of documents that instruments are. */
export const INSTRUMENT = 'instrument';

/** Says that a version is in force: the text, or JSON. */
export function tell(
  { terminal }: CliContext,
  { json }: { readonly json?: true },
  written: ConfigDocument,
  text: string,
): void {
  const { id, version } = written;
  terminal.print(json === true ? JSON.stringify({ id, version: Number(version) }) : text);
}

/** @throws TickwellError `invalid-argument` */
export function orFail<T, E>(result: Result<T, E>, textOf: (error: E) => string): T {
  if (result.ok) return result.value;
  throw new TickwellError('invalid-argument', textOf(result.error));
}

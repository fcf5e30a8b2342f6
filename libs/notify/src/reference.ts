import { readFileSync } from 'node:fs';
import { TickwellError, errorMessage } from '@tickwell/domain';

export type Env = Readonly<Record<string, string | undefined>>;

const MAX_BYTES = 64 * 1024;

/**
 * What a reference stands for: `env:NAME`, `file:PATH`; any other text is itself.
 * @throws TickwellError `config-invalid`, retryable, for the variable or file may come; it names the reference, never what it stands for.
 */
export function resolveReference(text: string, env: Env, where: string): string {
  const value = text.startsWith('env:')
    ? env[text.slice('env:'.length)]
    : text.startsWith('file:')
      ? readSecretFile(text.slice('file:'.length), where)
      : text;
  const trimmed = value?.trim() ?? '';
  if (trimmed !== '') return trimmed;
  throw new TickwellError('config-invalid', `${where}: ${text} is empty or not set`, { retryable: true });
}

function readSecretFile(path: string, where: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} characters`);
    return text;
  } catch (cause) {
    throw new TickwellError(
      'config-invalid',
      `${where}: file:${path} cannot be read: ${errorMessage(cause)}`,
      {
        retryable: true,
      },
    );
  }
}

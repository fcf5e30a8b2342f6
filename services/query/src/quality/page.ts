import { err, ok, type Result } from '@tickwell/domain';

const MAX_TOKEN_CHARS = 2_000;

/** Where the next page begins, as text that clients hand back. */
export function pageToken(fields: readonly string[]): string {
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** The fields of a token; undefined for the first page. */
export function parsePageToken(token: string, count: number): Result<readonly string[] | undefined, string> {
  if (token === '') return ok(undefined);
  const fields = token.length > MAX_TOKEN_CHARS ? undefined : decode(token);
  return fields?.length === count
    ? ok(fields)
    : err('page_token is not one of this call: leave it empty for the first page');
}

function decode(token: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    return Array.isArray(value) && value.every((one): one is string => typeof one === 'string')
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

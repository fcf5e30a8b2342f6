const SECRET_NAME = /passw|secret|token|api[-_]?key|credential|authorization|private[-_]?key/i;
const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;
const SECRET_IN_URL =
  /:\/\/[^/\s:@]+:[^/\s@]+@|[?&](?:api[-_]?key|key|token|access_token|secret|password)=(?!env:|file:|\{)[^&\s]{8,}/i;
const HELP = 'write where it is instead: env:NAME or file:PATH';

/** Where a document holds what looks like a secret itself and no reference to one. What it is, is never part of the answer. */
export function secretProblems(value: unknown, where: string): string[] {
  if (typeof value === 'string')
    return SECRET_IN_URL.test(value) ? [`${where} is an address with a secret in it: ${HELP}`] : [];
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item, index) => secretProblems(item, `${where}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const at = `${where}.${name}`;
    if (
      SECRET_NAME.test(name) &&
      (typeof inner === 'string' || typeof inner === 'number') &&
      !REFERENCE.test(String(inner))
    )
      return [`${at} looks like a secret: ${HELP}`];
    return secretProblems(inner, at);
  });
}

const LONG_INTEGER = /\d{16}/;

/**
 * Parses JSON; integers too long for a double (ns since the epoch) become bigint.
 * @throws SyntaxError for text that is no JSON.
 */
export function parseExactJson(text: string): unknown {
  // Reviving costs several times the parsing, so only text with a long run of digits gets it.
  return JSON.parse(text, LONG_INTEGER.test(text) ? exactInteger : undefined);
}

function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && /^-?\d{16,}$/.test(source)
    ? BigInt(source)
    : value;
}

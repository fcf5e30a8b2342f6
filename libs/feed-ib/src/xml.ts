/** A start or end tag, or text, in the order of the document. */
export type XmlToken =
  | { readonly kind: 'open'; readonly name: string; readonly attributes: Readonly<Record<string, string>> }
  | { readonly kind: 'close'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string };

const TAG =
  /<(?:!\[CDATA\[([\s\S]*?)\]\]>|!--[\s\S]*?-->|[?!][^>]*>|(\/)?([A-Za-z_][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/)?>)/g;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Tokens of a document as IB's reports are: elements, attributes, text. No document type, no processing. */
export function* xmlTokens(xml: string): Generator<XmlToken> {
  let at = 0;
  for (const match of xml.matchAll(TAG)) {
    const text = xml.slice(at, match.index);
    if (text.trim() !== '') yield { kind: 'text', text: decodeEntities(text) };
    at = match.index + match[0].length;
    const [, cdata, slash, name, attributes = '', selfClosing] = match;
    if (cdata !== undefined) yield { kind: 'text', text: cdata };
    if (name === undefined) continue;
    if (slash !== undefined) yield { kind: 'close', name };
    else {
      yield { kind: 'open', name, attributes: attributesOf(attributes) };
      if (selfClosing !== undefined) yield { kind: 'close', name };
    }
  }
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE))
    attributes[name] = decodeEntities(double ?? single ?? '');
  return attributes;
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w+));/g, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return ENTITIES[name] ?? whole;
    const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}

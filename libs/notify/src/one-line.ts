/** A title becomes a header, and a message of an error one line. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ').trim();
}

import { err, ok, type Result } from '@tickwell/domain';
import type { LetterCursor, LetterPlace } from '@tickwell/ports';

const NAME = /^([a-z][a-z0-9.-]{0,100})\/(\d{1,6})\/(\d{1,18})(?:\/(\d{1,9}))?$/;
const CURSOR = /^(\d{1,19}) (.{1,200})$/;

/** The place a letter's id names; the error says what an id looks like. */
export function parseLetterId(id: string): Result<LetterPlace, string> {
  const match = NAME.exec(id);
  if (match === null) {
    return err(
      `"${id.slice(0, 120)}" is no id of a dead letter: they look like "md.raw.bars/2/1234/0", without the last number where a whole record was refused`,
    );
  }
  const [, topic = '', partition, offset = '', index] = match;
  return ok({
    topic,
    partition: Number(partition),
    offset: BigInt(offset),
    index: index === undefined ? undefined : Number(index),
  });
}

/** Where a page ended, as a text that a client hands back. */
export function cursorText({ knownAtNs, name }: LetterCursor): string {
  return `${knownAtNs} ${name}`;
}

export function parseCursor(text: string): Result<LetterCursor | undefined, string> {
  if (text === '') return ok(undefined);
  const match = CURSOR.exec(text);
  if (match === null)
    return err(
      `after ${JSON.stringify(text.slice(0, 120))} is not what a page ended with: leave it empty for the first page`,
    );
  const [, knownAt = '', name = ''] = match;
  return ok({ knownAtNs: BigInt(knownAt), name });
}

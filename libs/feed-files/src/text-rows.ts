import type { FeedRefusal } from '@tickwell/ports';
import type { FileInput } from './input.ts';
import { MAX_LINE_BYTES, splitLines, type LongLine } from './lines.ts';
import { refuse } from './refusal.ts';
import type { Row, RowBlock } from './rows.ts';

/** Collects what the lines of one block become. */
export interface BlockBuilder {
  readonly rows: Row[];
  readonly refused: FeedRefusal[];
}

/** A format made of lines. */
export interface LineParser {
  /** Lines come in order; carriage return removed, never empty. */
  push(line: string, lineNumber: number, out: BlockBuilder): void;
  /** The first line of a record that is not complete yet. */
  readonly openSince: number | undefined;
  /** No more lines. */
  end(out: BlockBuilder): void;
}

/** Number of lines of the content; a last one without line feed counts. */
export function countLines(input: FileInput): number {
  return input.newlines + (input.endsWithNewline || input.sizeBytes === 0 ? 0 : 1);
}

/** Reads a text file from its start as rows; `skipLines` leading lines are no rows. */
export async function* readTextRows(
  input: FileInput,
  parser: LineParser,
  options: { readonly skipLines: number; readonly signal: AbortSignal },
): AsyncGenerator<RowBlock> {
  const cutLine = input.truncated ? countLines(input) + (input.endsWithNewline ? 1 : 0) : undefined;
  let lastLine = 0;
  for await (const block of splitLines(input.bytes(options.signal))) {
    const out: BlockBuilder = { rows: [], refused: [] };
    for (const [index, item] of block.lines.entries()) {
      lastLine = block.firstLine + index;
      if (lastLine <= options.skipLines) continue;
      if (typeof item === 'string' && lastLine !== cutLine) {
        pushLine(parser, item, lastLine, out);
        continue;
      }
      // Nothing goes on beyond such a line, and refusals must grow in position.
      parser.end(out);
      if (lastLine === cutLine) out.refused.push(cutOff(input, lastLine, item));
      else if (typeof item !== 'string') out.refused.push(tooLong(input, lastLine, item));
    }
    yield { ...out, lastPosition: (parser.openSince ?? lastLine + 1) - 1 };
  }
  if (options.signal.aborted) return;
  const out: BlockBuilder = { rows: [], refused: [] };
  parser.end(out);
  if (cutLine !== undefined && cutLine > lastLine) {
    lastLine = cutLine;
    out.refused.push(cutOff(input, cutLine, ''));
  }
  yield { ...out, lastPosition: lastLine };
}

function pushLine(parser: LineParser, item: string, lineNumber: number, out: BlockBuilder): void {
  let line = item.endsWith('\r') ? item.slice(0, -1) : item;
  if (lineNumber === 1) line = stripBom(line);
  if (line !== '' || parser.openSince !== undefined) parser.push(line, lineNumber, out);
}

/** The byte order mark of UTF-8, as Latin-1. */
export function stripBom(line: string): string {
  return line.startsWith('\u00ef\u00bb\u00bf') ? line.slice(3) : line;
}

function tooLong(input: FileInput, line: number, long: LongLine): FeedRefusal {
  return {
    kind: 'refused',
    rule: 'line-too-long',
    reason: `${input.name}:${line}: the line has ${long.sizeBytes} bytes, at most ${MAX_LINE_BYTES} are read`,
    position: BigInt(line),
    symbol: '',
    original: long.prefix,
    originalSize: long.sizeBytes,
    originalSha256: long.sha256,
  };
}

function cutOff(input: FileInput, line: number, item: string | LongLine): FeedRefusal {
  const reason = `${input.name}:${line}: the compressed file is cut off in this line; everything before it was read: fetch it again`;
  if (typeof item !== 'string') return { ...tooLong(input, line, item), rule: 'file-truncated', reason };
  return refuse({ rule: 'file-truncated', reason, position: line }, Buffer.from(item, 'latin1'));
}

import { createHash, type Hash } from 'node:crypto';
import { MAX_ORIGINAL_BYTES } from './refusal.ts';

/** Longest line that is read, in bytes. Longer ones are refused by hash and prefix. */
export const MAX_LINE_BYTES = 1024 * 1024;

export interface LongLine {
  readonly prefix: Buffer;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Consecutive physical lines; entry i is line `firstLine` + i. One character stands for one byte. */
export interface LineBlock {
  readonly firstLine: number;
  readonly lines: readonly (string | LongLine)[];
}

/** Splits bytes into lines in bounded memory. A last line without a line feed counts; carriage returns stay. */
export async function* splitLines(
  bytes: AsyncIterable<Buffer>,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncGenerator<LineBlock> {
  const splitter = new LineSplitter(maxLineBytes);
  let firstLine = 1;
  for await (const chunk of bytes) {
    const lines = splitter.push(chunk);
    if (lines.length === 0) continue;
    yield { firstLine, lines };
    firstLine += lines.length;
  }
  const rest = splitter.end();
  if (rest !== undefined) yield { firstLine, lines: [rest] };
}

class LineSplitter {
  readonly #maxLineBytes: number;
  #carry = '';
  #long: LongLineBuilder | undefined;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  push(chunk: Buffer): (string | LongLine)[] {
    const lines: (string | LongLine)[] = [];
    const text = chunk.toString('latin1');
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      lines.push(this.#finish(text.slice(start, end)));
      start = end + 1;
    }
    this.#grow(text.slice(start));
    return lines;
  }

  end(): string | LongLine | undefined {
    if (this.#carry === '' && this.#long === undefined) return undefined;
    return this.#finish('');
  }

  #finish(tail: string): string | LongLine {
    if (this.#carry !== '' || this.#long !== undefined || tail.length > this.#maxLineBytes) {
      this.#grow(tail);
      const line = this.#long === undefined ? this.#carry : this.#long.finish();
      this.#carry = '';
      this.#long = undefined;
      return line;
    }
    return tail;
  }

  #grow(part: string): void {
    if (this.#long !== undefined) {
      this.#long.add(part);
    } else if (this.#carry.length + part.length > this.#maxLineBytes) {
      this.#long = new LongLineBuilder();
      this.#long.add(this.#carry);
      this.#long.add(part);
      this.#carry = '';
    } else {
      this.#carry += part;
    }
  }
}

class LongLineBuilder {
  readonly #hash: Hash = createHash('sha256');
  #prefix = '';
  #sizeBytes = 0;

  add(part: string): void {
    this.#hash.update(part, 'latin1');
    this.#sizeBytes += part.length;
    if (this.#prefix.length < MAX_ORIGINAL_BYTES) {
      this.#prefix += part.slice(0, MAX_ORIGINAL_BYTES - this.#prefix.length);
    }
  }

  finish(): LongLine {
    return {
      prefix: Buffer.from(this.#prefix, 'latin1'),
      sizeBytes: this.#sizeBytes,
      sha256: this.#hash.digest('hex'),
    };
  }
}

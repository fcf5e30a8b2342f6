import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines, type LongLine } from './lines.ts';

async function* chunked(content: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let index = 0; at < content.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    yield await Promise.resolve(content.subarray(at, at + size));
    at += size;
  }
}

async function lines(
  content: Buffer,
  sizes: readonly number[],
  limit: number,
): Promise<(string | LongLine)[]> {
  const all: (string | LongLine)[] = [];
  for await (const block of splitLines(chunked(content, sizes), limit)) {
    expect(block.firstLine).toBe(all.length + 1);
    all.push(...block.lines);
  }
  return all;
}

describe('splitLines', () => {
  it('gives the same lines however the bytes are cut, and refuses exactly those above the limit', async () => {
    const content = fc
      .array(fc.constantFrom('a', 'b', '\r', '\n', 'é'))
      .map((chars) => Buffer.from(chars.join('')));
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(content, sizes, fc.integer({ min: 1, max: 6 }), async (bytes, cuts, limit) => {
        const parts = bytes.toString('latin1').split('\n');
        if (parts.at(-1) === '') parts.pop();
        const expected = parts.map((line) => {
          if (line.length <= limit) return line;
          const original = Buffer.from(line, 'latin1');
          return {
            prefix: original,
            sizeBytes: original.length,
            sha256: createHash('sha256').update(original).digest('hex'),
          };
        });
        expect(await lines(bytes, cuts, limit)).toEqual(expected);
      }),
    );
  });

  it('keeps a 64 KiB prefix of a line of 50 MB', async () => {
    const long = Buffer.alloc(50 * 1024 * 1024, 'x');
    const [line, next] = await lines(
      Buffer.concat([long, Buffer.from('\nnext\n')]),
      [256 * 1024],
      1024 * 1024,
    );
    expect(line).toMatchObject({
      sizeBytes: long.length,
      sha256: createHash('sha256').update(long).digest('hex'),
    });
    expect((line as LongLine).prefix.length).toBe(64 * 1024);
    expect(next).toBe('next');
  });
});

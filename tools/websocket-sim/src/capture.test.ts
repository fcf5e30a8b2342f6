import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCapture, readCapture } from './capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'tickwell-capture-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const ASKED = `wss://feed.example <-> 1618677816.84

wss://feed.example <- 1618677817.02: {"type":"subscribe"}
1618677817.5: {"a":1}
1618677819.25: {"a":2}
`;

describe('a capture', () => {
  it('has the messages of the feed with their times, and tells whether it was asked', () => {
    expect(parseCapture(ASKED)).toEqual({
      messages: [
        { text: '{"a":1}', atMs: 0 },
        { text: '{"a":2}', atMs: 1750 },
      ],
      isAsked: true,
    });
    expect(parseCapture('wss://feed.example?streams=a <-> 1\n1.5: {"a":1}\n').isAsked).toBe(false);
  });

  it('may be messages alone', () => {
    expect(parseCapture('{"a":1}\n[2]\n').messages.map(({ text }) => text)).toEqual(['{"a":1}', '[2]']);
  });

  it('may be compressed; one that is not there, or empty, is told', () => {
    const path = join(folder, 'capture.gz');
    writeFileSync(path, gzipSync(ASKED));
    expect(readCapture(path)).toMatchObject({ ok: true, value: { isAsked: true } });
    const empty = join(folder, 'empty');
    writeFileSync(empty, 'nothing to see');
    expect(readCapture(empty)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/has no message/) as unknown,
    });
    expect(readCapture(join(folder, 'none'))).toMatchObject({
      ok: false,
      error: expect.stringMatching(/cannot be read/) as unknown,
    });
  });
});

import { open } from 'node:fs/promises';
import { systemErrorCode } from './errors.ts';

const TAIL_BYTES = 16 * 1024;
const MAX_LINES = 3;
const MAX_CHARS = 500;

/** The last telling lines of a log, as one line; empty when there is no log or nothing in it. */
export async function logTail(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, TAIL_BYTES);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return tellingLines(buffer.toString('utf8'));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** Drops blank lines and Java stack frames, which push the reason out of sight; keeps the last three. */
export function tellingLines(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(at |\.\.\. \d+ more)/.test(line));
  return lines.slice(-MAX_LINES).join(' | ').slice(-MAX_CHARS);
}

import { open, stat } from 'node:fs/promises';
import { systemErrorCode } from './errors.ts';

const TAIL_BYTES = 16 * 1024;
const MAX_LINES = 3;
const MAX_CHARS = 500;
const STACK_FRAME = /^(at |\.\.\. \d+ more)/;
const TELLING = /error|exception|fatal|critical|caused by|cannot|could not/i;

/** The lines of a log, from `fromByte` on, that say what went wrong, as one line; empty when none does. */
export async function logTail(path: string, fromByte = 0): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      // Shorter than before: it was rolled over meanwhile.
      const start = Math.max(size < fromByte ? 0 : fromByte, size - TAIL_BYTES);
      const { buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      return tellingLines(buffer.toString('utf8'));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** The length of a file in bytes, 0 when there is none. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** The last three lines that name a failure; stack frames would push the reason out of sight. */
export function tellingLines(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => TELLING.test(line) && !STACK_FRAME.test(line));
  return lines.slice(-MAX_LINES).join(' | ').slice(0, MAX_CHARS);
}

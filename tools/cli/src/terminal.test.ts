import { expect, it } from 'vitest';
import { harmless } from './terminal.ts';

it('shows control characters that a file brought instead of sending them to the terminal', () => {
  expect(harmless('a\u0000b\u001B[2Jc\u0007\u009B')).toBe('a\\x00b\\x1b[2Jc\\x07\\x9b');
});

it('leaves lines, tabs, colours and letters of any language alone', () => {
  const line = '\u001B[31mrot\u001B[0m\tä\n日';
  expect(harmless(line)).toBe(line);
});

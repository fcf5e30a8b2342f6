import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';

describe('arguments of ws-sim', () => {
  it('are a capture, and what is said of it', () => {
    expect(parseArguments(['--capture', 'a.gz'])).toMatchObject({
      ok: true,
      value: { capture: 'a.gz', port: 8790, speed: 1, cutEvery: 0, compress: false },
    });
    expect(
      parseArguments(['--capture', 'a', '--port', '0', '--speed', '2.5', '--cut-every', '10', '--compress']),
    ).toMatchObject({
      ok: true,
      value: { port: 0, speed: 2.5, cutEvery: 10, compress: true },
    });
    expect(parseArguments(['--help'])).toEqual({ ok: true, value: 'help' });
  });

  it('that are wrong are named all at once', () => {
    expect(parseArguments(['--port', '70000', '--speed', '', '--ack', '('])).toEqual({
      ok: false,
      error: expect.stringMatching(
        /^--capture FILE is required; --ack: .*; --port "70000": use a whole number from 0 to 65535; --speed "": use a number/,
      ) as unknown,
    });
    expect(parseArguments(['--what'])).toMatchObject({ ok: false });
  });
});

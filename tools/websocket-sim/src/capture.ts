import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { err, errorMessage, ok, type Result } from '@tickwell/domain';

/** A message of a recorded feed. */
export interface CapturedMessage {
  readonly text: string;
  /** After the first message of the capture. */
  readonly atMs: number;
}

export interface Capture {
  readonly messages: readonly CapturedMessage[];
  /** Whether the recorded client asked for something: a feed that is told by its URL alone is not asked. */
  readonly isAsked: boolean;
}

const MAX_BYTES = 1024 * 1024 * 1024;
/** "1618677817.061845: {…}", a message of the feed. */
const RECEIVED = /^(\d+(?:\.\d+)?): (.*)$/;
/** "wss://host <- 1618677817.02: {…}", a message of the client. */
const SENT = /^wss?:\/\/.* <- \d+(?:\.\d+)?: /;

/**
 * Reads a capture as cryptofeed writes it: the time in seconds, a colon, the message, a line each; gzip too. A file of messages alone, one a
 * line, has no times: they come at once.
 */
export function readCapture(path: string): Result<Capture, string> {
  let text: string;
  try {
    const bytes = readFileSync(path);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    text = (isGzip ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes).toString('utf8');
  } catch (cause) {
    return err(`${path} cannot be read (${errorMessage(cause)})`);
  }
  const capture = parseCapture(text);
  return capture.messages.length === 0
    ? err(`${path} has no message: lines are "<seconds since the epoch>: <message>", or messages alone`)
    : ok(capture);
}

export function parseCapture(text: string): Capture {
  let firstMs: number | undefined;
  let isAsked = false;
  const messages: CapturedMessage[] = [];
  for (const line of text.split('\n')) {
    const received = RECEIVED.exec(line);
    if (received !== null) {
      const ms = Number(received[1]) * 1000;
      firstMs ??= ms;
      messages.push({ text: received[2] ?? '', atMs: ms - firstMs });
    } else if (SENT.test(line)) isAsked = true;
    else if (/^\s*[[{]/.test(line)) messages.push({ text: line, atMs: 0 });
  }
  return { messages, isAsked };
}

import { err, ok, type Result } from '@tickwell/domain';

/** Names of the record headers. */
export const HEADER_CONTENT_TYPE = 'content-type';
export const HEADER_SOURCE = 'source';
export const HEADER_TRACEPARENT = 'traceparent';
/** Raw records: what a person calls the stream (a file's name), for messages. */
export const HEADER_STREAM_NAME = 'stream-name';

const PREFIX = 'application/protobuf; type=';

export function contentType(typeName: string): string {
  return PREFIX + typeName;
}

/** The protobuf type a content-type header names; the error says what was found instead. */
export function parseContentType(header: string | undefined): Result<string, string> {
  if (header === undefined) return err('the record has no content-type header');
  if (!header.startsWith(PREFIX))
    return err(`content-type "${header.slice(0, 120)}" is not "${PREFIX}<message>"`);
  return ok(header.slice(PREFIX.length));
}

/** The client's first bytes: "API\0", u32 length, "v<min>..<max>[ options]" (reference §2). */
import { err, ok, type Result } from '@tickwell/domain';

/** The newest layout that every client of reference §3 but IB's own understands as the simulator writes it. */
export const MAX_SERVER_VERSION = 178;
/** Older clients get layouts that the simulator does not write. */
const MIN_SERVER_VERSION = 157;

const MAGIC = Buffer.from('API\0', 'latin1');
const MAX_HELLO_BYTES = 1024;

export interface Hello {
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly options: string;
  /** What came after the hello: the beginning of ordinary frames. */
  readonly rest: Buffer;
}

/** `undefined`: more bytes are needed. */
export function parseHello(bytes: Buffer): Result<Hello | undefined, string> {
  const seen = Math.min(bytes.length, MAGIC.length);
  if (MAGIC.compare(bytes, 0, seen, 0, seen) !== 0)
    return err('the first bytes are not "API" and NUL: not a client of the v100+ protocol');
  if (bytes.length < 8) return ok(undefined);
  const length = bytes.readUInt32BE(4);
  if (length > MAX_HELLO_BYTES) return err(`a version text of ${length} bytes`);
  if (bytes.length < 8 + length) return ok(undefined);
  const text = bytes.toString('latin1', 8, 8 + length);
  const match = /^v(\d{1,6})(?:\.\.(\d{1,6}))?(?: (.*))?$/s.exec(text);
  if (match === null) return err(`"${text.slice(0, 40)}" is not a version range such as v100..178`);
  const minVersion = Number(match[1]);
  const maxVersion = Number(match[2] ?? match[1]);
  return ok({ minVersion, maxVersion, options: match[3] ?? '', rest: bytes.subarray(8 + length) });
}

/** min(client's max, `serverMax`), as TWS answers; an error when there is no version that both speak. */
export function negotiate(
  hello: Pick<Hello, 'minVersion' | 'maxVersion'>,
  serverMax: number,
): Result<number, string> {
  const version = Math.min(hello.maxVersion, serverMax);
  if (hello.minVersion > version || version < MIN_SERVER_VERSION)
    return err(
      `the client speaks v${hello.minVersion}..${hello.maxVersion}, the simulator v${MIN_SERVER_VERSION}..${serverMax}`,
    );
  return ok(version);
}

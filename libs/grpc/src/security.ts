import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { ServerCredentials, type Metadata } from '@grpc/grpc-js';
import { TickwellError, err, ok, type Result } from '@tickwell/domain';

/** PEM texts of the server's key pair. */
export interface ServerTls {
  readonly certPem: string;
  readonly keyPem: string;
}

/** Clients send one of these as `authorization: Bearer <token>`. */
export interface ServerAuth {
  readonly tokens: readonly string[];
}

export interface Exposure {
  readonly host: string;
  readonly tls?: ServerTls;
  readonly auth?: ServerAuth;
}

const MIN_TOKEN_CHARS = 16;

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host === '[::1]') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** Closed by default: loopback needs nothing, every other address needs TLS and authentication. */
export function checkExposure(exposure: Exposure): Result<null, string> {
  const weak = exposure.auth?.tokens.find((token) => token.length < MIN_TOKEN_CHARS);
  if (weak !== undefined)
    return err(`an access token has ${weak.length} characters: use at least ${MIN_TOKEN_CHARS}`);
  if (isLoopback(exposure.host)) return ok(null);
  const missing = [
    ...(exposure.tls === undefined ? ['TLS (certificate and key)'] : []),
    ...(exposure.auth === undefined || exposure.auth.tokens.length === 0
      ? ['authentication (access tokens)']
      : []),
  ];
  if (missing.length === 0) return ok(null);
  return err(
    `refusing to listen on ${exposure.host} without ${missing.join(' and ')}: configure it, or listen on 127.0.0.1`,
  );
}

export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { cert_chain: Buffer.from(tls.certPem), private_key: Buffer.from(tls.keyPem) };
  return ServerCredentials.createSsl(null, [pair], false);
}

/** Throws `unauthenticated` unless the call carries one of the tokens. */
export function authenticator(auth: ServerAuth | undefined): (metadata: Metadata) => void {
  if (auth === undefined) return () => undefined;
  const known = auth.tokens.map(digest);
  return (metadata) => {
    const header = metadata.get('authorization')[0];
    const token = typeof header === 'string' ? /^Bearer (.+)$/i.exec(header)?.[1] : undefined;
    const found = token === undefined ? undefined : digest(token);
    // Equal-length digests compared in constant time: the time of an answer says nothing about a token.
    if (found !== undefined && known.some((one) => timingSafeEqual(one, found))) return;
    throw new TickwellError(
      'unauthenticated',
      'this server wants an access token: send it as "authorization: Bearer <token>"',
    );
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

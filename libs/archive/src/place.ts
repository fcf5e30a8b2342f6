import { isAbsolute } from 'node:path';
import { err, ok, type Result } from '@tickwell/domain';
import type { SegmentStore } from '@tickwell/ports';
import { createBucketSegments } from './bucket.ts';
import { createDirectorySegments } from './directory.ts';

/** Where segments are. */
export type SegmentPlace =
  | { readonly kind: 'directory'; readonly folder: string }
  | { readonly kind: 'bucket'; readonly bucket: string; readonly prefix: string };

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PART = /^[A-Za-z0-9!_.*'()-]+$/;
const FORMS = 'the absolute path of a directory, or s3://bucket/prefix';

/** Reads `TICKWELL_SEGMENTS`. The error is one sentence. */
export function parseSegmentPlace(text: string): Result<SegmentPlace, string> {
  const bad = (why: string): Result<SegmentPlace, string> =>
    err(`TICKWELL_SEGMENTS is ${JSON.stringify(text)}: ${why}; it must be ${FORMS}`);
  if (text.includes('\0')) return bad('it has a character NUL');
  if (isAbsolute(text)) return ok({ kind: 'directory', folder: text });
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(text)?.[0];
  if (scheme === undefined) return bad(text === '' ? 'it is empty' : 'the path is relative');
  if (scheme !== 's3://') return bad(`nothing is kept at ${scheme}`);
  const [bucket = '', ...parts] = text.slice(scheme.length).replace(/\/$/, '').split('/');
  if (!BUCKET.test(bucket))
    return bad(`${JSON.stringify(bucket)} cannot be a bucket (3 to 63 of a-z, 0-9, "." and "-")`);
  const odd = parts.find((part) => !PART.test(part) || part === '.' || part === '..');
  if (odd !== undefined) return bad(`${JSON.stringify(odd)} cannot be a part of a prefix`);
  return ok({ kind: 'bucket', bucket, prefix: parts.join('/') });
}

/** `environment` has region, endpoint and credentials of a bucket. */
export function createSegmentStore(
  place: SegmentPlace,
  environment: Readonly<Record<string, string | undefined>>,
): SegmentStore {
  return place.kind === 'directory'
    ? createDirectorySegments({ folder: place.folder })
    : createBucketSegments({ bucket: place.bucket, prefix: place.prefix, environment });
}

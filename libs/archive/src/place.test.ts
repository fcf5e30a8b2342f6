import { describe, expect, it } from 'vitest';
import { parseSegmentPlace } from './index.ts';

describe('TICKWELL_SEGMENTS', () => {
  it.each([
    ['/var/lib/tickwell/segments', { kind: 'directory', folder: '/var/lib/tickwell/segments' }],
    ['s3://bucket', { kind: 'bucket', bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { kind: 'bucket', bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/a/b_c/', { kind: 'bucket', bucket: 'my.bucket-1', prefix: 'a/b_c' }],
  ])('%s', (text, value) => {
    expect(parseSegmentPlace(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['', 'it is empty'],
    ['segments', 'the path is relative'],
    ['/a\0b', 'NUL'],
    ['gs://bucket', 'nothing is kept at gs://'],
    ['s3://', '"" cannot be a bucket'],
    ['s3://Bucket/a', '"Bucket" cannot be a bucket'],
    ['s3://key:secret@bucket', 'cannot be a bucket'],
    ['s3://bucket//a', '"" cannot be a part of a prefix'],
    ['s3://bucket/../a', '".." cannot be a part'],
    ['s3://bucket/a?b', '"a?b" cannot be a part'],
  ])('refuses %j', (text, why) => {
    const parsed = parseSegmentPlace(text);
    expect(parsed.ok ? '' : parsed.error).toContain(why);
    expect(parsed.ok ? '' : parsed.error).toContain('s3://bucket/prefix');
  });
});

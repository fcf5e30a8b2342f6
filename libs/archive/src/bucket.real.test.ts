import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { segmentHash } from '@tickwell/ports';
import { segmentStoreContract } from '@tickwell/ports/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findMoto, MotoServer } from './fixtures/moto-server.ts';
import { createBucketSegments } from './index.ts';

const BUCKET = 'tickwell-test';
const BYTES = Uint8Array.of(1, 2, 3);
const SHA256 = segmentHash(BYTES);
const found = await findMoto();

describe.skipIf('missing' in found)(
  `segments in a bucket${'missing' in found ? ` (${found.missing})` : ''}`,
  () => {
    let server: MotoServer;
    let client: S3Client;
    const storeAt = (prefix: string, bucket = BUCKET, url = server.url) =>
      createBucketSegments({ bucket, prefix, environment: { AWS_ENDPOINT_URL_S3: url } });

    beforeAll(async () => {
      if ('missing' in found) return;
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
      server = await MotoServer.start(found);
      client = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    }, 300_000);
    afterAll(async () => {
      vi.unstubAllEnvs();
      client.destroy();
      await server.kill();
    });

    const overwrite = (key: string, bytes: Uint8Array) =>
      client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: bytes }));

    segmentStoreContract('bucket', () => {
      const prefix = `a/${randomUUID()}`;
      const store = storeAt(prefix);
      return Promise.resolve({
        store,
        again: () => storeAt(prefix),
        damage: async (sha256, bytes) => {
          await overwrite(`${prefix}/${sha256}.parquet`, bytes);
        },
        close: () => store.close(),
      });
    });

    it('lists over objects of others, and none of another prefix', async () => {
      const prefix = randomUUID();
      const store = storeAt(prefix);
      for (const name of ['0', '1.parquet', 'x/y', 'zz']) await overwrite(`${prefix}/${name}`, BYTES);
      await overwrite(`${prefix}-other/${SHA256}.parquet`, BYTES);
      await store.put(SHA256, BYTES);
      for (const limit of [1, 2, 100])
        expect((await store.list({ after: '', limit })).map(({ sha256 }) => sha256)).toEqual([SHA256]);
    });

    it('says that there is no bucket, on every call', async () => {
      const store = storeAt('', 'no-such-bucket');
      const calls = [
        () => store.put(SHA256, BYTES),
        () => store.get(SHA256),
        () => store.has(SHA256),
        () => store.delete(SHA256),
        () => store.list({ after: '', limit: 1 }),
      ];
      for (const call of calls) {
        const error = call();
        await expect(error).rejects.toMatchObject({ code: 'segments-unreachable', retryable: true });
        await expect(error).rejects.toThrow('there is no bucket "no-such-bucket"; make it, or correct');
      }
    });

    it('says that nobody answers', async () => {
      const error = storeAt('', BUCKET, 'http://127.0.0.1:1').get(SHA256);
      await expect(error).rejects.toMatchObject({ code: 'segments-unreachable', retryable: true });
      await expect(error).rejects.toThrow('AWS_ENDPOINT_URL_S3');
    });
  },
);

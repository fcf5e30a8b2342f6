import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type _Object as S3Object,
} from '@aws-sdk/client-s3';
import { errorMessage, TickwellError } from '@tickwell/domain';
import {
  MAX_SEGMENT_BYTES,
  requireSegment,
  requireSegmentName,
  requireSegmentPage,
  requireWhole,
  segmentCorrupt,
  segmentMissing,
  type SegmentInfo,
  type SegmentPage,
  type SegmentStore,
} from '@tickwell/ports';

export interface BucketSegmentsOptions {
  readonly bucket: string;
  /** What the keys begin with, without a slash at the ends; "": nothing. */
  readonly prefix: string;
  /** Region, endpoint and credentials, by the names that every tool of AWS knows: AWS_REGION, AWS_ENDPOINT_URL_S3 and so on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of a call with its retries. */
  readonly timeoutMs?: number;
}

const SUFFIX = '.parquet';
const TIMEOUT_MS = 60_000;
const CONNECT_MS = 5_000;
const ATTEMPTS = 4;
const NS_PER_MS = 1_000_000n;
/** What MinIO and Ceph say of a full disk and of a quota; AWS has neither. */
const FULL = new Set(['XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded', 'QuotaExceeded']);

/** Segments as objects `<prefix>/<SHA-256>.parquet` of a bucket of S3 or what speaks like it. Nothing connects before it is used. */
export function createBucketSegments(options: BucketSegmentsOptions): SegmentStore {
  return new BucketSegments({ timeoutMs: TIMEOUT_MS, ...options });
}

function clientOf(environment: BucketSegmentsOptions['environment']): S3Client {
  const endpoint = environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL'];
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'];
  return new S3Client({
    // What is not AWS rarely has a name in the DNS for each bucket, and often no regions.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: 'us-east-1' }),
    ...(region === undefined ? {} : { region }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS },
    // The SHA-256 is compared on both ways: nothing else is needed, and not every server knows others.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

class BucketSegments implements SegmentStore {
  readonly #options: BucketSegmentsOptions & { readonly timeoutMs: number };
  readonly #client: S3Client;
  readonly #prefix: string;

  constructor(options: BucketSegmentsOptions & { readonly timeoutMs: number }) {
    this.#options = options;
    this.#client = clientOf(options.environment);
    this.#prefix = options.prefix === '' ? '' : `${options.prefix}/`;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    requireSegment(sha256, bytes);
    await this.#guard(`segment ${sha256} cannot be kept`, (abortSignal) =>
      this.#client.send(
        new PutObjectCommand({
          ...this.#object(sha256),
          Body: bytes,
          // The server refuses bytes that were changed on the way.
          ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
        }),
        { abortSignal },
      ),
    );
  }

  async get(sha256: string): Promise<Uint8Array> {
    requireSegmentName(sha256);
    const place = this.#placeOf(sha256);
    const bytes = await this.#guard(
      `segment ${sha256} cannot be read`,
      async (abortSignal) => {
        const answer = await this.#client.send(new GetObjectCommand(this.#object(sha256)), { abortSignal });
        const length = answer.ContentLength ?? 0;
        if (length > MAX_SEGMENT_BYTES) {
          await answer.Body?.transformToWebStream().cancel();
          throw segmentCorrupt(
            `${place} (${length} bytes) is larger than any segment (${MAX_SEGMENT_BYTES})`,
          );
        }
        return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
      },
      () => segmentMissing(place),
    );
    requireWhole(sha256, bytes, place);
    return bytes;
  }

  /** By a list of one: HEAD does not tell a bucket that is missing from an object that is. */
  async has(sha256: string): Promise<boolean> {
    requireSegmentName(sha256);
    const { Bucket, Key } = this.#object(sha256);
    const { Contents = [] } = await this.#guard(`segment ${sha256} cannot be looked up`, (abortSignal) =>
      this.#client.send(new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }), { abortSignal }),
    );
    return Contents.some((found) => found.Key === Key);
  }

  async delete(sha256: string): Promise<void> {
    requireSegmentName(sha256);
    await this.#guard(`segment ${sha256} cannot be deleted`, (abortSignal) =>
      this.#client.send(new DeleteObjectCommand(this.#object(sha256)), { abortSignal }),
    );
  }

  async list(page: SegmentPage): Promise<readonly SegmentInfo[]> {
    requireSegmentPage(page);
    const listed: SegmentInfo[] = [];
    let after: string | undefined = this.#prefix + (page.after === '' ? '' : page.after + SUFFIX);
    while (listed.length < page.limit && after !== undefined) {
      const { objects, isLast } = await this.#page(after, page.limit - listed.length);
      listed.push(...objects.flatMap((object) => this.#infoOf(object) ?? []));
      after = isLast ? undefined : objects.at(-1)?.Key;
    }
    return listed;
  }

  close(): Promise<void> {
    this.#client.destroy();
    return Promise.resolve();
  }

  async #page(after: string, limit: number): Promise<{ objects: readonly S3Object[]; isLast: boolean }> {
    const { Contents = [], IsTruncated = false } = await this.#guard(
      'segments cannot be listed',
      (abortSignal) =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#options.bucket,
            Prefix: this.#prefix,
            MaxKeys: limit,
            ...(after === '' ? {} : { StartAfter: after }),
          }),
          { abortSignal },
        ),
    );
    return { objects: Contents, isLast: !IsTruncated };
  }

  /** Undefined: an object of somebody else. */
  #infoOf({ Key = '', Size = 0, LastModified }: S3Object): SegmentInfo | undefined {
    const name = Key.slice(this.#prefix.length);
    if (!/^[0-9a-f]{64}\.parquet$/.test(name)) return undefined;
    const storedAtNs = BigInt(LastModified?.getTime() ?? 0) * NS_PER_MS;
    return { sha256: name.slice(0, -SUFFIX.length), bytes: Size, storedAtNs };
  }

  #object(sha256: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#prefix + sha256 + SUFFIX };
  }

  #placeOf(sha256: string): string {
    return `s3://${this.#options.bucket}/${this.#prefix}${sha256}${SUFFIX}`;
  }

  async #guard<T>(
    what: string,
    work: (signal: AbortSignal) => Promise<T>,
    missing?: () => TickwellError,
  ): Promise<T> {
    try {
      return await work(AbortSignal.timeout(this.#options.timeoutMs));
    } catch (error) {
      if (error instanceof TickwellError) throw error;
      if (missing !== undefined && nameOf(error) === 'NoSuchKey') throw missing();
      throw this.#failure(what, error);
    }
  }

  #failure(what: string, error: unknown): TickwellError {
    const { bucket } = this.#options;
    const place = `s3://${bucket}/${this.#prefix}`;
    const isFull = FULL.has(nameOf(error));
    const [reason, fix] =
      nameOf(error) === 'NoSuchBucket'
        ? [`there is no bucket "${bucket}"`, 'make it, or correct TICKWELL_SEGMENTS']
        : [
            `${nameOf(error)}: ${errorMessage(error)}`,
            isFull
              ? 'free some space, or give it more'
              : 'check AWS_ENDPOINT_URL_S3, AWS_REGION and the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE)',
          ];
    return new TickwellError(
      isFull ? 'segments-full' : 'segments-unreachable',
      `${what} in ${place}: ${reason}; ${fix}`,
      { cause: error, retryable: true },
    );
  }
}

function nameOf(error: unknown): string {
  if (error instanceof S3ServiceException) return error.name;
  return error instanceof Error ? error.name : 'Error';
}

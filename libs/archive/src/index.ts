export { createDirectorySegments, type DirectorySegmentsOptions } from './directory.ts';
export { createBucketSegments, type BucketSegmentsOptions } from './bucket.ts';
export { createSegmentStore, parseSegmentPlace, type SegmentPlace } from './place.ts';

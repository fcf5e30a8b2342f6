export { createDirectorySegments, type DirectorySegmentsOptions } from './directory.ts';

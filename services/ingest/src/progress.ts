import type { IngestLine } from '@tickwell/ports';
export type Emit = (line: IngestLine) => void;

import type { LiveReport } from '@tickwell/ports';

/** What the streams of a source tell besides their events. */
export type OnReport = (source: string, report: LiveReport) => void;

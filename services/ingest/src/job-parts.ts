import { err } from '@tickwell/domain';
import type { FeedJob } from '@tickwell/ports';

/** What a job is by the instrument map as it is now; what the map cannot say fails alone, when its turn comes. */
export async function partsOf(job: FeedJob): Promise<readonly FeedJob[]> {
  const parts = await job.parts?.();
  if (parts === undefined) return [job];
  return parts.ok ? parts.value : [{ name: job.name, open: () => Promise.resolve(err(parts.error)) }];
}

import { missingInstruments, writtenList, type JobTemplate } from './job-template.ts';
import type { Selection } from './selection.ts';

/** What is wrong with the instruments that a job lists itself; undefined: nothing. */
export function listProblem(
  job: JobTemplate,
  instruments: Selection,
): { readonly field: string; readonly text: string } | undefined {
  const list = writtenList(job);
  if (list !== undefined && instruments.rule !== undefined)
    return {
      field: `job.${list}`,
      text: 'lists instruments, but those of this policy come by a rule: write "{instruments}", and what the source calls them into the instrument map',
    };
  const missing = missingInstruments(job, instruments.ids);
  if (missing.length === 0) return undefined;
  const some = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
  return {
    field: 'job',
    text: `does not name ${some}: list every instrument of the policy, or write "{instruments}"`,
  };
}

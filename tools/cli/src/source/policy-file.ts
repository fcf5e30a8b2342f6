import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { TickwellError } from '@tickwell/domain';
import { isPolicy, parsePolicy, ruleText, type SourcePolicy } from '@tickwell/source-policy';
import type { CliContext } from '../context.ts';

/**
 * Whether a file holds a source policy; it is then checked as it is before it becomes a document, with the jobs that it names.
 * @throws TickwellError `invalid-argument` with everything that is wrong with it.
 */
export async function checkPolicyFile(context: CliContext, path: string, asJson: boolean): Promise<boolean> {
  const document = documentIn(path);
  if (!isPolicy(document)) return false;
  const policy = await checkedPolicy(context, basename(path, '.json'), document);
  const { instruments, sources, best } = policy;
  context.terminal.print(
    asJson
      ? JSON.stringify({
          ok: true,
          instruments: instruments.ids.length,
          ...(instruments.rule === undefined ? {} : { rule: instruments.rule }),
          sources: sources.map(({ source }) => source),
          best,
        })
      : `${path} is a policy for ${selectionText(instruments)}: ${sources.map(({ source }) => source).join(', then ')}`,
  );
  return true;
}

/**
 * A policy before it is written under an id, its jobs as ingest reads them; other documents are none of this.
 * @throws TickwellError `invalid-argument`
 */
export async function checkPolicyText(context: CliContext, id: string, payloadJson: string): Promise<void> {
  const document = parsed(payloadJson);
  if (isPolicy(document)) await checkedPolicy(context, id, document);
}

async function checkedPolicy(context: CliContext, id: string, document: unknown): Promise<SourcePolicy> {
  const policy = parsePolicy(id, document);
  if (!policy.ok) throw new TickwellError('invalid-argument', `policy ${id}: ${policy.error.join('; ')}`);
  // The feeds are much to load, and most commands need none.
  const { policyJobProblems } = await import('./policy-jobs.ts');
  const problems = await policyJobProblems(context, policy.value);
  if (problems.length > 0) throw new TickwellError('invalid-argument', problems.join('; '));
  return policy.value;
}

/** "2 instruments and every one of the map of type etf" */
function selectionText({ ids, rule }: SourcePolicy['instruments']): string {
  const named = `${ids.length} ${ids.length === 1 ? 'instrument' : 'instruments'}`;
  if (rule === undefined) return named;
  return `${ids.length === 0 ? '' : `${named} and `}every one of the map of ${ruleText(rule)}`;
}

/** Undefined for what is no JSON file; whoever knows what else it may be says what is wrong. */
function documentIn(path: string): unknown {
  if (!path.endsWith('.json')) return undefined;
  try {
    return parsed(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    const document: unknown = JSON.parse(text);
    return document;
  } catch {
    return undefined;
  }
}

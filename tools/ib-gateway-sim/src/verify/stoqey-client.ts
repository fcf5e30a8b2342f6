import type { Answers, Plan } from './plan.ts';
import { contracts, history, others, session } from './stoqey-history.ts';
import { account, live } from './stoqey-live.ts';
import { StoqeyClient } from './stoqey-session.ts';

/** Asks the simulator for everything with @stoqey/ib; what comes back has the shapes of the Python scripts beside. */
export async function askWithStoqey(plan: Plan): Promise<Answers> {
  const client = new StoqeyClient(plan);
  await client.connect();
  try {
    for (const step of [session, contracts, history, others, live, account]) await step(client, plan);
  } catch (failure) {
    client.answers.set('failure', String(failure));
  } finally {
    client.api.disconnect();
  }
  return client.answers;
}

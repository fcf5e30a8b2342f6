/** What became of one check. */
export interface Finding {
  /** What was looked at: "history bars 1d: twice the same". */
  readonly check: string;
  readonly outcome: 'pass' | 'fail' | 'skip';
  /** One line: what was seen, and of what failed the remedy. */
  readonly message: string;
}

type Outcome = Omit<Finding, 'check'>;

export function pass(message: string): Outcome {
  return { outcome: 'pass', message };
}

/** `seen`: what is wrong; `remedy`: what its author does about it. */
export function fail(seen: string, remedy: string): Outcome {
  return { outcome: 'fail', message: `${seen}: ${remedy}` };
}

export function skip(message: string): Outcome {
  return { outcome: 'skip', message };
}

export type { Outcome };

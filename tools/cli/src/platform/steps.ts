/** Something that has been done on the way to a platform that is ready, or that a person should know. */
export interface StartStep {
  /** "kafka", "questdb", "schema", "storage-1", …; "log" for progress and warnings of a part. */
  readonly part: string;
  /** One line. */
  readonly text: string;
  /** Milliseconds since the start. */
  readonly afterMs: number;
}

export type OnStep = (step: StartStep) => void;

/** Stamps what is told with the time since it was created. */
export function stepTeller(onStep: OnStep | undefined): (part: string, text: string) => void {
  const startedMs = performance.now();
  return (part, text) => {
    onStep?.({ part, text, afterMs: Math.round(performance.now() - startedMs) });
  };
}

/** "   2.9 s  Kafka is ready" */
export function stepText({ text, afterMs }: StartStep): string {
  return `${`${(afterMs / 1000).toFixed(1)} s`.padStart(8)}  ${text}`;
}

/** For machines. */
export function stepJson({ part, text, afterMs }: StartStep): string {
  return JSON.stringify({ type: 'step', part, text, seconds: afterMs / 1000 });
}

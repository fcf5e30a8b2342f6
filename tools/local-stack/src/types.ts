/** Where QuestDB answers the PostgreSQL protocol. */
export interface PgEndpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** What a service needs to reach Kafka and QuestDB; wherever they run. */
export interface StackEndpoints {
  /** `host:port` each. */
  readonly kafkaBrokers: readonly string[];
  /** Without a trailing slash. */
  readonly questdbHttpUrl: string;
  readonly questdbPg: PgEndpoint;
  /** The user that may only read; the writing user where the environment names only one. */
  readonly questdbPgReadonly: PgEndpoint;
}

export type ProcessName = 'kafka' | 'questdb';

export interface ProcessExit {
  readonly name: ProcessName;
  readonly pid: number;
  /** Undefined where the process was not our child (attached): the system then tells nobody. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** True when `stop()` or `restart()` asked for it. */
  readonly expected: boolean;
  /** One line: what died, how, its last words, and where its log is. */
  readonly message: string;
}

/** Kafka or QuestDB as a process that a test may kill, pause and restart. */
export interface ManagedProcess {
  readonly name: ProcessName;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** Sends the signal and resolves once the process is gone; it counts as unexpected, like a crash. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<ProcessExit>;
  /** Stops it if it runs, starts it on the same ports and data, resolves once it answers. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing is answered. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Called on every exit; returns what unsubscribes. */
  onExit(listener: (exit: ProcessExit) => void): () => void;
}

/** A running Kafka and QuestDB that this process controls. */
export interface Stack extends StackEndpoints {
  readonly origin: 'jars' | 'docker';
  readonly dataDir: string;
  readonly kafka: ManagedProcess;
  readonly questdb: ManagedProcess;
  /** SIGTERM, then SIGKILL after a deadline; resolves once both are gone. Safe to call twice. */
  stop(): Promise<void>;
}

export interface StartStackOptions {
  /** Everything the stack keeps: data, configuration, logs, `stack.json`. */
  readonly dataDir: string;
  /** 0: any free port; default 9092, or any free port when ephemeral. */
  readonly kafkaPort?: number | undefined;
  /** 0: any free port; default 9000, or any free port when ephemeral. */
  readonly questdbHttpPort?: number | undefined;
  /** 0: any free port; default 8812, or any free port when ephemeral. */
  readonly questdbPgPort?: number | undefined;
  /** For tests: free ports, and `dataDir` is removed by `stop()` and when this process dies. */
  readonly ephemeral?: boolean | undefined;
  /** The processes outlive this one; `attachStack` finds them again and `stopStack` ends them. */
  readonly detached?: boolean | undefined;
  /** Restart a process that dies, with bounded backoff. */
  readonly supervise?: boolean | undefined;
  /** Progress and warnings, one line each. */
  readonly onLog?: ((line: string) => void) | undefined;
  /** Told as each server first answers. */
  readonly onReady?: ((name: ProcessName) => void) | undefined;
}

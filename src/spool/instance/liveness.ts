/** Port: whether the process that owns an instance's folder still lives. */
export interface Liveness {
  /**
   * Shows in `directory`, until disposed, that the thread `writer` (8 hex digits) lives. The folder may be
   * renamed meanwhile. Never throws: where the proof cannot be had, others wait for a lease instead.
   */
  hold(directory: string, writer: string): LivenessHold;
  /** Whether any thread that holds `directory` may be alive. False only if all of them are certainly gone. */
  isAlive(directory: string): Promise<boolean>;
  /** The same for one thread. */
  isWriterAlive(directory: string, writer: string): Promise<boolean>;
}

/** A proof of life, given until it is released. */
export interface LivenessHold {
  /** Ends it; `directory` is where the folder is now. */
  release(directory: string): void;
}

/** Name of the file in an instance's folder by which a thread is found. */
export function liveName(writer: string): string {
  return `live.${writer}.sock`;
}

/** True for names that {@link liveName} makes. */
export function isLiveName(name: string): boolean {
  return /^live\.[0-9a-f]{8}\.sock$/.test(name);
}

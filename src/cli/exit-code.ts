/** What the process ends with. */
export const exitCode = {
  ok: 0,
  /** A threshold that the user set was breached. */
  breach: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Something is wrong with the data: an unreadable file, an id that is not there. */
  data: 3,
  /** Storage could not be reached or read, or refused the credential. */
  storage: 4,
  /** A fault of this program itself. */
  internal: 5,
} as const;

/** See {@link exitCode}. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

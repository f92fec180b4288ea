/**
 * What a request was decided under, for the next service that collects frames of it: the header
 * `x-mdc-sampling`, `rate=0.1;version=2`.
 */
export interface PassedDecision {
  /** The deployment's sampling rate, 0 to 1. */
  readonly rate: number;
  /** The version of its configuration, in the process that decided: from 1. */
  readonly version: number;
}

/** The header's value. */
export function writeDecision({ rate, version }: PassedDecision): string {
  return `rate=${rate};version=${version}`;
}

/**
 * What a header says; undefined for one that is malformed, which counts as absent: it may be a stranger's.
 */
export function readDecision(value: string | undefined): PassedDecision | undefined {
  const match = /^rate=([0-9][0-9.e-]{0,24});version=([1-9][0-9]{0,9})$/.exec(value ?? "");
  if (match === null) return undefined;
  const [rate, version] = [Number(match[1]), Number(match[2])];
  return rate >= 0 && rate <= 1 ? { rate, version } : undefined;
}

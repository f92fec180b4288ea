/** How a request ended. */
export interface RequestOutcome {
  /** The function given to `runWithContext` threw or rejected; over HTTP: no answer, or a status from 500. */
  readonly failed: boolean;
  /** Milliseconds from its begin. */
  readonly durationMs: number;
  /** What was thrown, if anything was. Never stored, logged or told. */
  readonly error?: unknown;
}

/** What a predicate among the rules sees of a frame and its request. */
export interface KeepCandidate {
  /** The collection that the frame was given to. */
  readonly collection: string;
  /** The very frame that was given to `collect`, before any redaction. To be read only. */
  readonly frame: object;
  readonly context: {
    readonly id: string;
    readonly requestTime: Date;
    readonly requestId: string | null;
    readonly clientRequestId: string | null;
    readonly attributes: Readonly<Record<string, string>>;
  };
  /** How the request ended; undefined while it goes on. */
  readonly outcome: RequestOutcome | undefined;
}

/** True for a frame whose request is to be kept. */
export type KeepPredicate = (candidate: KeepCandidate) => boolean;

/** Frames with a value in a column that is above and below these bounds, or equal to this, in any row. */
export interface ColumnRule {
  readonly column: string;
  readonly above?: number;
  readonly below?: number;
  readonly equals?: string | number | boolean;
}

/** Requests that took longer. */
export interface SlowRule {
  readonly slowerThanMs: number;
}

/** Requests that failed. */
export interface FailedRule {
  readonly failed: true;
}

/** Requests with an attribute of this value. */
export interface AttributeRule {
  readonly attribute: string;
  readonly equals: string;
}

/** Which requests are kept, whatever the sampling rate. */
export type KeepRule = KeepPredicate | ColumnRule | SlowRule | FailedRule | AttributeRule;

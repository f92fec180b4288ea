import { systemClock } from "../../base/time/clock.ts";
import { type CallGroup, defaultDeadlineMs, type Extend, endCalls, withDeadline } from "../deadline.ts";
import { StoreError } from "../store-error.ts";
import { type OpenedS3, openS3, type S3Keys, type S3Location } from "./s3-client.ts";
import { type S3Failure, toS3Failure } from "./s3-error.ts";

/** Where, as whom, and how patient. */
export interface S3StoreOptions extends S3Location {
  /** Default: what AWS's own chain finds. */
  readonly keys?: S3Keys;
  /**
   * Milliseconds one attempt may take for that many bytes. Default 15 s, or what 64 KiB a second needs if
   * that is more.
   */
  readonly attemptDeadlineMs?: (size: number) => number;
  /** Names that one request of a listing asks for, from 1 to 1,000. Default: as many as the service gives. */
  readonly maxPageNames?: number;
}

/** The requests of one store: its client, their deadlines, and what their failures come to. */
export class S3Calls {
  /** Those that are under way. */
  readonly group: CallGroup = { controllers: new Set() };
  readonly #location: S3Location;
  readonly #keys: S3Keys | undefined;
  /** Milliseconds one attempt may take for that many bytes. */
  readonly deadlineMs: (size: number) => number;
  #opened: Promise<OpenedS3> | undefined;

  constructor({ keys, attemptDeadlineMs = defaultDeadlineMs, ...location }: S3StoreOptions) {
    this.#location = location;
    this.#keys = keys;
    this.deadlineMs = attemptDeadlineMs;
  }

  /** A small request, whose failure is thrown as ours, or as the caller's own reason to abort. */
  async make<T>(
    operation: string,
    subject: string,
    signal: AbortSignal | undefined,
    call: (signal: AbortSignal, extend: Extend) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline(call, { deadlineMs: this.deadlineMs(0), signal, group: this.group });
    } catch (thrown) {
      if (signal?.aborted) throw thrown;
      throw this.failure(thrown, operation, subject).error;
    }
  }

  /** What was thrown during a request: see {@link toS3Failure}. */
  failure(thrown: unknown, operation: string, subject: string): S3Failure {
    const failure = toS3Failure(thrown, operation, subject, systemClock.now());
    // What the chain found is kept until it ends, and may have been renewed or revoked before.
    const { error } = failure;
    const status = error instanceof StoreError ? error.statusCode : undefined;
    if (status === 400 || status === 401 || status === 403) this.#opened = undefined;
    return failure;
  }

  /** The client; rejects if there can be none yet, and then the next call tries again. */
  async open(): Promise<OpenedS3> {
    this.#opened ??= openS3(this.#location, this.#keys);
    try {
      return await this.#opened;
    } catch (thrown) {
      this.#opened = undefined;
      throw thrown;
    }
  }

  /** Ends what is under way; idle sockets keep nothing alive and time out by themselves. */
  close(): void {
    endCalls(this.group);
  }
}

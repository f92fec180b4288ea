import type { CollectorErrorCode } from "../../base/errors.ts";
import type { DeploymentConfig } from "../../config/deployment-config.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import type { AsideBody } from "../bodies/aside-body.ts";
import type { CollectedEvent } from "../keeping/call-facts.ts";
import type { CorrelationContext } from "../context/correlation-context.ts";

/** What whoever makes frames for a collector may do besides collecting them. */
export interface Inside {
  /** What its deployment is set to, right now. */
  config(): DeploymentConfig;
  /** Tells in its deployment's status of something that makes nothing worse, once. */
  hint(text: string): void;
  /** Texts of so many bytes are stored whole, even if `limits.maxStringBytes` is less. */
  takeTexts(maxBytes: number): void;
  /** Names what is to be called before all frames are handed over: it collects those that are being made. */
  expect(makeNow: () => void): void;
  /** As `collect`, of what has happened elsewhere. */
  collectEvent(frame: object, context: CorrelationContext, event: CollectedEvent): void;
  /**
   * A body of a request that is to become an object of its own; undefined if its frame is left out anyway.
   */
  openBody(context: CorrelationContext): AsideBody | undefined;
  /** Counts a frame of which nothing could be made as dropped. */
  refuse(context: CorrelationContext, reason: DropReason, why: string): void;
  /** Tells of something that is no drop. */
  trouble(code: CollectorErrorCode, reason: string, message: () => string): void;
}

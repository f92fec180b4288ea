import type { Deployment } from "../../collector/api.ts";
import type { Route } from "../../config/payload/route-patterns.ts";
import { BodyBudget } from "../../http/body/body-budget.ts";
import { BodyRecorder } from "../../http/body/body-recorder.ts";
import { decodeLater, isEncoded } from "../../http/body/decode-body.ts";
import { type StoredBody, storedBody } from "../../http/body/stored-body.ts";
import { parsePayloadOptions } from "../../http/payload-options.ts";
import { FollowedRules, type PayloadRules } from "../../http/payload-rules.ts";
import { type BodyFacts, bodyRow, headRow } from "../../http/payload-rows.ts";
import { type LoggedEvent, storedHeaders } from "./logged-event.ts";

/** The body of an event, as it is stored, and the columns of it and its headers. */
export interface EventBody {
  readonly body: StoredBody;
  readonly row: Readonly<Record<string, unknown>>;
}

/** The bodies of events, as their deployment's configuration has them stored: like those of exchanges. */
export class EventBodies {
  readonly #deployment: Deployment;
  readonly #followed = new FollowedRules(parsePayloadOptions(undefined, "mdc sidecar"));
  // The intake has one for what comes.
  readonly #budget = new BodyBudget(Number.MAX_SAFE_INTEGER);

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  get rules(): PayloadRules {
    return this.#followed.under(this.#deployment.config);
  }

  /** The decoded data of an event; undefined for what stays as it came. */
  async decoded(event: LoggedEvent): Promise<Buffer | undefined> {
    const { decode, maxBodyBytes } = this.rules;
    const encoding = encodingOf(event);
    if (!decode || !isEncoded(encoding) || event.data.length > maxBodyBytes) return undefined;
    return decodeLater({ bytes: event.data, encoding }, maxBodyBytes);
  }

  /** What is stored of an event's body; undefined if there is to be no row of it. */
  stored(event: LoggedEvent, route: Route, decoded: Buffer | undefined): EventBody | undefined {
    const { allowed, ignore, redact, maxBodyBytes, maxRowBytes } = this.rules;
    const policy = allowed(route);
    if (policy === "none" || ignore({ ...route, header: () => undefined }) === true) return undefined;
    const redaction = redact[event.side];
    const recorder = new BodyRecorder({
      policy,
      maxBytes: maxBodyBytes,
      budget: this.#budget,
      isRedacted: redaction !== undefined,
    });
    recorder.add(event.data);
    const recorded = recorder.finish();
    recorded.release();
    const facts: BodyFacts = {
      headers: storedHeaders(event),
      contentType: event.contentType,
      contentEncoding: encodingOf(event),
    };
    const isKept = recorded.kept.length > 0;
    const body = storedBody(
      recorded,
      facts,
      { redaction, maxBytes: maxRowBytes },
      isKept ? decoded : undefined,
    );
    return { body, row: { ...headRow(facts), ...bodyRow(body) } };
  }
}

/** Loggers send what a client had compressed, and do not say so. */
function encodingOf({ contentEncoding, data }: LoggedEvent): string | null {
  return contentEncoding ?? (data[0] === 0x1f && data[1] === 0x8b ? "gzip" : null);
}

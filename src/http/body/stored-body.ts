import { createHash } from "node:crypto";
import type { AsideBody, AsideFault } from "../../collector/bodies/aside-body.ts";
import { type BodyContent, bodyContent } from "./body-content.ts";
import type { RecordedBody } from "./body-recorder.ts";
import { isEncoded } from "./decode-body.ts";
import { type NotRedactedReason, redactText } from "./redaction/body-redaction.ts";
import type { JsonRedaction } from "./redaction/json-redaction.ts";

/** What its headers tell of a body. */
export interface BodyTypes {
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
}

/** What is stored of a body. */
export interface StoredBody {
  readonly content: BodyContent;
  /** The coding that the content still has. */
  readonly encoding: string | null;
  /** Bytes of the body as it came. */
  readonly size: number;
  readonly truncated: boolean;
  /** Path of the object that it is, relative to the destination; null if it is in its row. */
  readonly ref: string | null;
  /** Why it is cut, though it was to be stored aside. */
  readonly cut: AsideFault | undefined;
  /** Of the whole body as it came; of one that was redacted, of what is left of it. */
  readonly sha256: string | null;
  /** Why nothing of it is stored. */
  readonly dropped: NotRedactedReason | undefined;
}

/** How bodies of one side are stored. */
export interface BodyStorage {
  readonly redaction: JsonRedaction | undefined;
  /** Bytes that one row has room for: a text may be longer in UTF-8, and when it is redacted. */
  readonly maxBytes: number;
}

/**
 * What is stored of a body of which nothing more comes.
 *
 * @param decoded the body without its coding, if that was asked for and could be done.
 */
export function storedBody(
  recorded: RecordedBody,
  { contentType, contentEncoding }: BodyTypes,
  { redaction, maxBytes }: BodyStorage,
  decoded?: Buffer,
): StoredBody {
  const { policy, size, kept, truncated, sha256, aside } = recorded;
  if (aside !== undefined && aside.fault === undefined) return bodyAside(recorded, aside, contentEncoding);
  const encoding = decoded === undefined ? contentEncoding : null;
  const facts = { encoding, size, truncated, ref: null, cut: aside?.fault, dropped: undefined };
  const content = bodyContent(decoded ?? kept, contentType, encoding, truncated);
  const isAsked = policy === "full" || policy === "hash";
  if (redaction === undefined || size === 0 || !isAsked) {
    const fits = content.kind !== "text" || Buffer.byteLength(content.text) <= maxBytes;
    return { ...facts, content: fits ? content : { kind: "bytes", bytes: decoded ?? kept }, sha256 };
  }
  const redacted = redactContent(redaction, {
    content,
    // What came before anybody asked for redaction was not kept, perhaps.
    truncated: truncated || kept.length < size,
    contentType,
    isEncoded: isEncoded(encoding),
  });
  if ("reason" in redacted) return { ...facts, content: none, sha256: null, dropped: redacted.reason };
  const { text } = redacted;
  if (Buffer.byteLength(text) > maxBytes)
    return { ...facts, content: none, sha256: null, dropped: "too_large" };
  if (policy === "hash") {
    const digest = createHash("sha256").update(text).digest("hex");
    return { ...facts, content: none, sha256: digest };
  }
  return { ...facts, content: text === "" ? none : { kind: "text", text }, sha256: null };
}

/** Of a body that is an object of its own, its hash is that of what came. */
function bodyAside(
  { size, isWhole }: RecordedBody,
  { ref, sha256 }: AsideBody,
  encoding: string | null,
): StoredBody {
  const facts = { encoding, size, truncated: !isWhole, dropped: undefined, cut: undefined };
  return { ...facts, content: none, ref, sha256 };
}

const none: BodyContent = { kind: "none" };

interface Redactable {
  readonly content: BodyContent;
  readonly truncated: boolean;
  readonly contentType: string | null;
  readonly isEncoded: boolean;
}

function redactContent(
  redaction: JsonRedaction,
  { content, truncated, contentType, isEncoded: encoded }: Redactable,
): ReturnType<typeof redactText> {
  if (truncated) return { reason: "cut" };
  if (encoded) return { reason: "encoded" };
  if (content.kind === "none") return { text: "" };
  return content.kind === "text" ? redactText(redaction, content.text, contentType) : { reason: "not_json" };
}

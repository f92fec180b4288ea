import type { SchemaOptions } from "../frame/declared-schema.ts";
import type { BodyTypes, StoredBody } from "./body/stored-body.ts";

/** The columns that both sides have, with the types that they have in every file. */
const bodyColumns: SchemaOptions = {
  http_headers: "json",
  content_type: "string",
  content_encoding: "string",
  body: "string",
  body_bytes: "binary",
  body_size: "int64",
  body_truncated: "boolean",
  body_sha256: "string",
  body_ref: "string",
};

/** The collection `request`. */
export const requestSchema: SchemaOptions = {
  http_method: "string",
  http_path: "string",
  http_query: "string",
  http_route: "string",
  ...bodyColumns,
};

/** The collection `response`. Times count from the request's arrival, in milliseconds. */
export const responseSchema: SchemaOptions = {
  http_status: "int64",
  ...bodyColumns,
  first_byte_ms: "float64",
  duration_ms: "float64",
  bytes_sent: "int64",
  outcome: "string",
  event_count: "int64",
  first_event_ms: "float64",
  event_gap_p50_ms: "float64",
  event_gap_p99_ms: "float64",
  event_gap_max_ms: "float64",
};

/** How an exchange ended; who ended it. */
export type Outcome =
  /** The response was handed to the operating system whole. */
  | "complete"
  /** The client went away before that. */
  | "client_aborted"
  /** This side ended the connection before that. */
  | "server_aborted"
  /** A timeout of this side ended it. */
  | "timeout"
  /** The handler failed, and nothing made a response of that. */
  | "error";

/** What is told of one side's body besides its bytes. */
export interface BodyFacts extends BodyTypes {
  readonly headers: Readonly<Record<string, string>> | null;
}

/** The values of the columns that both sides have, of a body that is still to come. */
export function headRow({ headers, contentType, contentEncoding }: BodyFacts): Record<string, unknown> {
  return {
    http_headers: headers,
    content_type: contentType,
    content_encoding: contentEncoding,
    body: null,
    body_bytes: null,
    body_size: null,
    body_truncated: null,
    body_sha256: null,
    body_ref: null,
  };
}

/** The values of a body's own columns. */
export function bodyRow({ content, size, truncated, sha256, ref }: StoredBody): Record<string, unknown> {
  return {
    body: content.kind === "text" ? content.text : null,
    body_bytes: content.kind === "bytes" ? content.bytes : null,
    body_size: size,
    body_truncated: truncated,
    body_sha256: sha256,
    body_ref: ref,
  };
}

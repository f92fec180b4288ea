/**
 * How frames are posted to the local agent of an Azure ML endpoint's data collector, as the Python package
 * `azureml-ai-monitoring` 0.1.0 does it: what its client and its server here agree on.
 */

/** Where frames are posted to. */
export const agentPath = "/modeldata/log";

/** What stands before the collection in the header {@link agentHeaders.type}. */
export const agentTypePrefix = "azureml.inference.";

/** Headers of a post, in lower case. */
export const agentHeaders = {
  /** A new id for each frame; the same when it is posted again. */
  trace: "trace-id",
  /** The request's time, whole seconds since 1970. */
  time: "ce-time",
  type: "ce-type",
  dataType: "ce-collect-data-type",
  agent: "ce-agent",
  correlationId: "ce-x-request-id",
  modelVersion: "ce-model-version",
} as const;

/** What the name of every header begins with that becomes an attribute of the record. */
export const attributePrefix = "ce-";

/**
 * A text as the value of a header, which is Latin-1 and ends at a line break. As it is where that is
 * possible; else all of it percent-encoded from UTF-8 (CloudEvents 1.0, HTTP Protocol Binding, section
 * 3.1.3.2), so that `日本` arrives as `%E6%97%A5%E6%9C%AC`.
 */
export function headerValue(text: string): string {
  if (/^[\x21-\x7e\xa1-\xff](?:[\x20-\x7e\xa1-\xff]*[\x21-\x7e\xa1-\xff])?$/.test(text)) return text;
  let value = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x25;
    value += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return value;
}

/**
 * The text that {@link headerValue} made a value of. What looks encoded and need not have been stands for
 * itself: other senders encode nothing, and may have a percent sign in an id.
 */
export function headerText(value: string): string {
  if (!value.includes("%")) return value;
  try {
    const text = decodeURIComponent(value);
    return headerValue(text) === value ? text : value;
  } catch {
    return value;
  }
}

import { type JsonRedaction, NotRedactable } from "./json-redaction.ts";

/**
 * Why nothing of a body is stored whose values are to be redacted, by the word that stands in `mdc_tags`, in
 * `info.reason` and in the documents.
 */
export const notRedactedReasons = {
  cut: "is not there whole: it is longer than maxBodyBytes, was not read to its end, or found no memory",
  encoded: "is compressed and was not decoded",
  not_json: "is no text of JSON, nor of lines or events of it",
  too_deep: "has values in more than 512 levels of others",
  too_large: "is more than one row can hold when it is redacted",
  failed: "made its redaction fail",
} as const;

export type NotRedactedReason = keyof typeof notRedactedReasons;

/** A body without what is not to be stored, or why there is none. */
export type RedactedText = { readonly text: string } | { readonly reason: NotRedactedReason };

/** Redacts a text that is JSON, as a whole, in lines or in events, as its content type says. */
export function redactText(redaction: JsonRedaction, text: string, contentType: string | null): RedactedText {
  const [type = ""] = (contentType ?? "").toLowerCase().split(";", 1);
  try {
    if (/^\s*text\/event-stream\s*$/.test(type)) return { text: redactEvents(redaction, text) };
    if (/[/-](x-)?(ndjson|jsonl|jsonlines|json-lines)\s*$/.test(type))
      return { text: text.replaceAll(/[^\r\n]+/g, (line) => redactLine(redaction, line)) };
    return { text: redaction.redact(text) };
  } catch (error) {
    return { reason: error instanceof NotRedactable ? error.reason : "failed" };
  }
}

function redactLine(redaction: JsonRedaction, line: string): string {
  return line.trim() === "" ? line : redaction.redact(line);
}

/**
 * The data of each event are a JSON text of their own, in one line; `[DONE]` is how streams of completions
 * end. Names, ids and comments have no path, and stay.
 */
function redactEvents(redaction: JsonRedaction, text: string): string {
  const lines = text.split(/(\r\n|\n|\r)/);
  const parts: string[] = [];
  for (let i = 0; i < lines.length; i += 2)
    parts.push(redactEventLine(redaction, lines[i] ?? ""), lines[i + 1] ?? "");
  return parts.join("");
}

function redactEventLine(redaction: JsonRedaction, line: string): string {
  const [, field, data] = /^(\ufeff?data: ?)(.*)$/s.exec(line) ?? [];
  if (field !== undefined && data !== undefined) {
    const isText = data.trim() === "" || data.trim() === "[DONE]";
    return isText ? line : `${field}${redaction.redact(data)}`;
  }
  if (line !== "" && !/^\ufeff?((event|id|retry|data)$|(event|id|retry)?:)/.test(line))
    throw new NotRedactable("not_json");
  return line;
}

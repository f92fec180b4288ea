import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { attributePrefix } from "../../layout/agent-protocol.ts";
import { type CloudEvent, eventOf } from "./cloud-event.ts";

/**
 * An event in binary content mode (HTTP Protocol Binding, 3.1): attributes are headers, the body is the data.
 */
export function binaryEvent(headers: IncomingHttpHeaders, body: Buffer): CloudEvent {
  const attributes = new Map<string, string>();
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(attributePrefix) || value === undefined) continue;
    const text = attributeText(Array.isArray(value) ? value.join(", ") : value);
    if (text !== "") attributes.set(header.slice(attributePrefix.length), text);
  }
  const content = {
    attributes,
    contentType: headers["content-type"] ?? null,
    contentEncoding: headers["content-encoding"] ?? null,
    data: body,
  };
  return eventOf(content, "headers");
}

/**
 * What a header says. KServe writes values as they are, in UTF-8, with quotes and spaces; the binding has
 * these percent-encoded (3.1.3.2). So a value is decoded only if it has nothing that must have been encoded.
 */
function attributeText(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  const text = isUtf8(bytes) ? bytes.toString("utf8") : value;
  if (!text.includes("%") || !/^[!#-~]*$/.test(text)) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

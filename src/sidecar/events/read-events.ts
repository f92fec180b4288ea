import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "../intake/answer.ts";
import { binaryEvent } from "./binary-event.ts";
import type { CloudEvent } from "./cloud-event.ts";
import { structuredEvents } from "./structured-event.ts";

/** Content types of the structured modes (HTTP Protocol Binding, 3): of one event, and of several. */
const structured = "application/cloudevents";
const batched = "application/cloudevents-batch";

/** The events of a request, in whichever of the three modes they came. Throws a {@link Refusal}. */
export function readEvents(headers: IncomingHttpHeaders, body: Buffer): readonly CloudEvent[] {
  const type = (headers["content-type"] ?? "").trim().toLowerCase();
  if (!type.startsWith(structured)) return [binaryEvent(headers, body)];
  const [media = ""] = type.split(";", 1);
  const isBatch = type.startsWith(batched);
  const format = media.slice((isBatch ? batched : structured).length).trim();
  if (format !== "" && format !== "+json")
    throw new Refusal(415, "Content-Type: expected events in the JSON format");
  if (headers["content-encoding"] !== undefined)
    throw new Refusal(415, "Content-Encoding: expected events that are not compressed");
  return structuredEvents(body, isBatch);
}

import { createHash } from "node:crypto";
import { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { isId } from "../../collector/context/context-options.ts";
import type { Route } from "../../config/payload/route-patterns.ts";
import { capturedHeaders } from "../../http/headers/captured-headers.ts";
import { requestTarget } from "../../http/headers/request-target.ts";
import { isName } from "../../layout/collection-key.ts";
import { Refusal } from "../intake/answer.ts";
import type { CloudEvent } from "./cloud-event.ts";

/** One side of an exchange, as a model server's logger tells of it. */
export interface LoggedEvent extends CloudEvent {
  readonly side: "request" | "response";
  /** What both sides of an exchange have in common. */
  readonly pair: string;
  /** Names of what it is of; undefined if it does not tell, or nothing can have such a name. */
  readonly endpoint: string | undefined;
  readonly deployment: string | undefined;
}

/** Types of loggers' events: KServe's, Seldon's, and Azure ML's payload records. */
const types = /^(?:org\.kubeflow\.serving|io\.seldon\.serving|azureml)\.inference\.(request|response)$/;

/** What an event logs. Throws a {@link Refusal} if it is of another type: nothing would be stored of it. */
export function loggedEvent(event: CloudEvent): LoggedEvent {
  const side = types.exec(event.type)?.[1] as LoggedEvent["side"] | undefined;
  if (side === undefined)
    throw new Refusal(
      400,
      "type: expected org.kubeflow.serving.inference.request or .response, as loggers have",
    );
  const { attributes } = event;
  const name = (attribute: string): string | undefined => {
    const text = attributes.get(attribute);
    return text !== undefined && isName(text) ? text : undefined;
  };
  const pair = ["namespace", "inferenceservicename", "endpoint", "component"].map((key) =>
    attributes.get(key),
  );
  return {
    ...event,
    side,
    pair: [correlationId(event), ...pair].join("\n"),
    endpoint: name("inferenceservicename"),
    deployment: name("endpoint"),
  };
}

/** What policies by route go by: nothing of it if the event tells neither. */
export function routeOf({ attributes }: CloudEvent): Route {
  const target = attributes.get("path");
  return {
    method: attributes.get("method")?.toUpperCase() ?? "",
    path: target === undefined ? "" : requestTarget(target).path,
  };
}

/** Attributes that have columns of their own, or of whose meaning nothing is left once it is stored. */
const ownColumns: ReadonlySet<string> = new Set(
  ["id", "type", "specversion", "time", "recordedtime", "statuscode", "metadata"].concat([
    "path",
    "method",
    "correlationid",
    "requestid",
    "xrequestid",
  ]),
);

/** Longest value of a context's attribute, characters. */
const maxTag = 4_096;
const maxTags = 64;

/** The context of the request that an event is of; `at` is when it came. Throws a {@link Refusal}. */
export function contextOfEvent(event: LoggedEvent, at: number): CorrelationContext {
  const id = correlationId(event);
  if (!isId(id)) throw new Refusal(400, "id: expected 1 to 512 characters without control characters");
  const named = new Set([
    ...(event.endpoint === undefined ? [] : ["inferenceservicename"]),
    ...(event.deployment === undefined ? [] : ["endpoint"]),
  ]);
  const tags = [...event.attributes.keys()]
    .filter((name) => !ownColumns.has(name) && !named.has(name) && name.length <= 128)
    .slice(0, maxTags)
    .map((name) => [name, event.attributes.get(name)?.slice(0, maxTag) ?? ""]);
  return CorrelationContext.like({
    id,
    requestTime: new Date(Math.floor(at)),
    attributes: Object.fromEntries(tags) as Record<string, string>,
    requestId: headersOf(event).get("x-request-id") ?? event.attributes.get("xrequestid") ?? null,
    clientRequestId: headersOf(event).get("x-ms-client-request-id") ?? null,
  } as CorrelationContext);
}

/** Seldon and Azure have an id of the event, and one of the request; for KServe they are the same. */
function correlationId({ id, attributes }: CloudEvent): string {
  return attributes.get("correlationid") ?? attributes.get("requestid") ?? id;
}

/**
 * The headers that the logger was told to send along, those of the request on both sides:
 * `{"X-Request-Id":["a"]}`. Names in lower case.
 */
export function headersOf({ attributes }: CloudEvent): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  const text = attributes.get("metadata");
  if (text === undefined) return headers;
  try {
    const parsed = JSON.parse(text) as unknown;
    if (typeof parsed !== "object" || parsed === null) return headers;
    for (const [name, value] of Object.entries(parsed))
      headers.set(name.toLowerCase(), Array.isArray(value) ? value.join(", ") : String(value));
  } catch {
    // It is no JSON, so it is nothing that we know.
  }
  return headers;
}

/** The headers of an event that hold no secret; null if there are none. */
export function storedHeaders(event: CloudEvent): Readonly<Record<string, string>> | null {
  const headers = headersOf(event);
  return capturedHeaders([...headers.keys()], (name) => headers.get(name));
}

/**
 * An id for the stored event: the same whenever the same event comes. Of source, type and id, since request
 * and response share the last (CloudEvents 1.0, Required Attributes: source and id name an event; KServe has
 * two of them).
 */
export function eventIdOf({ source, type, id }: CloudEvent): string {
  const hex = createHash("sha256")
    .update(JSON.stringify([source, type, id]))
    .digest("hex");
  // A UUID of version 8 (RFC 9562, 5.8).
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`];
  return [...parts, hex.slice(20, 32)].join("-");
}

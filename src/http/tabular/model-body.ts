import type { ExchangeRows } from "../exchange.ts";
import type { Side } from "./table.ts";

/** One body of an exchange that is over. */
export interface ModelBody {
  readonly side: Side;
  /** As it is stored. */
  readonly content: string | Uint8Array;
  /** True if this is not all of it. */
  readonly truncated: boolean;
  readonly encoding: string | null;
  /** The header `Inference-Header-Content-Length`, of binary tensors. */
  readonly inferenceHeader: string | undefined;
}

/**
 * The bodies of an exchange that may be a model's. What answers an error is none: a model gave no outputs.
 */
export function modelBodies(rows: ExchangeRows): readonly ModelBody[] {
  const { status, request, response, requestHeader, responseHeader } = rows;
  const bodies = [modelBody("inputs", request, requestHeader("inference-header-content-length"))];
  const isAnswer = status !== null && status >= 200 && status < 300;
  if (isAnswer)
    bodies.push(modelBody("outputs", response, responseHeader("inference-header-content-length")));
  return bodies.filter(({ content }) => content.length > 0);
}

function modelBody(
  side: Side,
  row: Readonly<Record<string, unknown>>,
  inferenceHeader: string | undefined,
): ModelBody {
  return {
    side,
    content: (row["body"] ?? row["body_bytes"] ?? "") as string | Uint8Array,
    truncated: row["body_truncated"] === true,
    encoding: row["content_encoding"] as string | null,
    inferenceHeader,
  };
}

import type { HeaderLookup } from "../headers/captured-headers.ts";
import type { StoredBody } from "../body/stored-body.ts";
import type { Side } from "./table.ts";

/** One body of an exchange that is over. */
export interface ModelBody {
  readonly side: Side;
  /** As it is stored. */
  readonly content: string | Uint8Array;
  /** True if this is not all of it. */
  readonly truncated: boolean;
  /** True if it is stored elsewhere, and nothing of it is here. */
  readonly isAside: boolean;
  /** Its coding, if it is not decoded. */
  readonly encoding: string | null;
  /** The header `Inference-Header-Content-Length`, of binary tensors. */
  readonly inferenceHeader: string | undefined;
}

/** One side of an exchange: its body as it is stored, and its headers. */
export interface ModelSide {
  readonly body: StoredBody;
  readonly header: HeaderLookup;
}

/**
 * The bodies of an exchange that may be a model's. What answers an error is none: a model gave no outputs.
 */
export function modelBodies(
  request: ModelSide,
  response: ModelSide,
  status: number | null,
): readonly ModelBody[] {
  const isAnswer = status !== null && status >= 200 && status < 300;
  const bodies = [modelBody("inputs", request), ...(isAnswer ? [modelBody("outputs", response)] : [])];
  return bodies.filter(({ content, isAside }) => content.length > 0 || isAside);
}

/** One side as a model's body. */
export function modelBody(side: Side, { body, header }: ModelSide): ModelBody {
  const { content, truncated, ref, encoding } = body;
  return {
    side,
    content: content.kind === "none" ? "" : content.kind === "text" ? content.text : content.bytes,
    truncated,
    isAside: ref !== null,
    encoding,
    inferenceHeader: header("inference-header-content-length"),
  };
}

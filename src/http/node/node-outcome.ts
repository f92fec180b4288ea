import type { IncomingMessage } from "node:http";
import type { Http2Stream } from "node:http2";
import type { Outcome } from "../payload-rows.ts";

/** What an exchange showed before it closed. */
export interface Shown {
  /** The response emitted `finish`: it was handed to the operating system. */
  readonly finished: boolean;
  /** Whether all of its body has left this process; asked where that matters. */
  isSent(): boolean;
  readonly timedOut: boolean;
}

/**
 * Who ended an exchange that has closed. `aborted` of the request does not tell: Node does not emit it once
 * the request was read, and emits it for connections that the server destroys, too. The socket tells: an
 * error, or the client's end of the stream, comes from the other side.
 */
export function outcomeOf(request: IncomingMessage, shown: Shown): Outcome {
  const { stream } = request as { readonly stream?: Pick<Http2Stream, "aborted" | "rstCode"> };
  if (stream !== undefined) return outcomeOfStream(stream);
  const { socket } = request;
  const code = (socket.errored as NodeJS.ErrnoException | null | undefined)?.code;
  // What cannot be parsed came behind the request, and ended the connection after the response.
  const isBehind = (): boolean => code?.startsWith("HPE_") === true && shown.isSent();
  if (shown.finished && (code === undefined || isBehind())) return "complete";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "timeout";
  if (code === "ECONNRESET" || code === "EPIPE" || code === "HPE_INVALID_EOF_STATE") return "client_aborted";
  if (socket.readableEnded) return "client_aborted";
  return shown.timedOut ? "timeout" : "server_aborted";
}

/** CANCEL of HTTP/2 (RFC 9113, 7), which Node also says of a connection that is gone. */
const cancelled = 8;

/** Of HTTP/2 Node emits `finish` for what was broken off, too; a server that breaks off says another code. */
function outcomeOfStream({ aborted, rstCode }: Pick<Http2Stream, "aborted" | "rstCode">): Outcome {
  if (!aborted) return "complete";
  return rstCode === cancelled ? "client_aborted" : "server_aborted";
}

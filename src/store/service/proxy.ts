import { isLoopback } from "../../destination/loopback.ts";

/**
 * Host and port of the proxy that a request goes through, if any. The library asks one for everything that
 * `NO_PROXY` does not name, but none knows an emulator on this machine.
 */
export function proxyOf({
  url,
  agent,
}: {
  readonly url: string;
  readonly agent?: unknown;
}): string | undefined {
  const { proxy } = (agent ?? {}) as { readonly proxy?: { readonly host?: unknown } };
  const host = proxy?.host;
  return typeof host === "string" && !isLoopback(new URL(url).hostname) ? host : undefined;
}

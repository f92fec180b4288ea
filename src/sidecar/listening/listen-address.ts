import { wrongValue } from "../../base/errors.ts";

/** Where a server listens: at a port, 0 for any that is free, or at a Unix socket. */
export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

/**
 * `127.0.0.1:8081`, `localhost:8081`, `[::1]:8081`, or `unix:/run/mdc.sock`. Throws a `RangeError` that
 * begins with `where` for anything else: on which of a machine's addresses a server listens, somebody must
 * have said.
 */
export function parseListenAddress(text: string, where: string): ListenAddress {
  const path = socketPath(text);
  if (path !== undefined) return { socketPath: path };
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host === undefined || port > 65_535)
    throw wrongValue(where, "an address and a port, such as 127.0.0.1:8081 or [::1]:8081", text);
  return { host, port };
}

/** The path in `unix:/run/model.sock`; undefined for anything else. */
export function socketPath(text: string): string | undefined {
  return /^unix:(?:\/\/)?(\/[^\0]+)$/.exec(text)?.[1];
}

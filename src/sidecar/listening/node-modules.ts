import type * as Http from "node:http";
import type * as Http2 from "node:http2";
import type * as Https from "node:https";
import type * as Tls from "node:tls";

/*
 * Modules of Node that are loaded when they are first needed. To `import` one of them reads all its names,
 * and `WebSocket` of `node:http` is a whole client: 40 ms in which nobody listens.
 */

export const http = (): typeof Http => process.getBuiltinModule("node:http");

export const http2 = (): typeof Http2 => process.getBuiltinModule("node:http2");

export const https = (): typeof Https => process.getBuiltinModule("node:https");

export const tls = (): typeof Tls => process.getBuiltinModule("node:tls");

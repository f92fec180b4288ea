/**
 * Payload logging of a server that was never changed. What `nodePayloadLogging` does is done to every server
 * of `node:http` and `node:https`, as the environment and the file named by `MDC_CONFIG` say:
 * `node --import model-data-collector/register server.js`.
 *
 * @module model-data-collector/register
 */
import "./base/host/node-version.ts";
import { logServers } from "./http/node/logged-servers.ts";

logServers();

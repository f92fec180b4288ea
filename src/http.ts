/**
 * Payload logging: the requests and responses of a model's server, with no change to the model.
 *
 * @module model-data-collector/http
 */
import "./base/host/node-version.ts";

export { nodePayloadLogging } from "./http/node/node-payload-logging.ts";

export type { Outcome } from "./http/payload-rows.ts";
export type { PayloadOptions, PayloadPolicy, PayloadRequest } from "./http/payload-options.ts";

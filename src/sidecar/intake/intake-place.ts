import type { ListenAddress } from "../listening/listen-address.ts";
import type { TlsFiles } from "./tls-files.ts";

/** Where an intake is to be. */
export interface IntakePlace {
  readonly listen: ListenAddress;
  /** Undefined for HTTP alone. */
  readonly tls?: TlsFiles;
}

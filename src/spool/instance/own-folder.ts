import { join } from "node:path";
import type { Clock } from "../../base/time/clock.ts";
import type { FileSystem } from "../../base/files/file-system.ts";
import type { Ids } from "../../base/ids.ts";
import { claimAdopted, claimInstance, type InstanceClaim } from "./instance-claim.ts";
import type { Liveness } from "./liveness.ts";
import { temporaryName } from "../segment/segment-name.ts";
import { layoutPath } from "../spool-folder.ts";

/** What {@link OwnFolder} needs. */
export interface OwnFolderOptions {
  readonly directory: string;
  readonly instance: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly liveness: Liveness;
  /** See `ClaimOptions`. */
  readonly writer?: string | undefined;
  /** Told each new claim. */
  readonly onClaimed: (claim: InstanceClaim) => void;
  /** Told after the folder was lost and another claimed. */
  readonly onMoved: (claim: InstanceClaim) => void;
}

const lookMs = 1_000;
const beatMs = 60_000;

/** The folder this thread writes to: claimed when first needed, and replaced if it is lost. */
export class OwnFolder {
  /** Where the folder of this instance is or would be. */
  readonly home: string;
  readonly #options: OwnFolderOptions;
  #claim: InstanceClaim | undefined;
  #owner: string;
  #lookedAt = 0;
  #beatenAt = 0;

  constructor(options: OwnFolderOptions) {
    this.#options = options;
    this.#owner = options.instance;
    this.home = join(layoutPath(options.directory), options.instance);
  }

  /** The claim, if there is one. */
  get claim(): InstanceClaim | undefined {
    return this.#claim;
  }

  /** The claim, made now if there is none. Throws the system's error. */
  claimed(): InstanceClaim {
    if (this.#claim !== undefined) return this.#claim;
    return this.#take(claimInstance({ ...this.#options, owner: this.#owner }));
  }

  /** Takes a dead owner's folder as the own one, if there is none. Throws the system's error. */
  claimAdopted(path: string): InstanceClaim {
    return this.#take(claimAdopted({ ...this.#options, owner: this.#owner }, path));
  }

  /** The claim, or undefined if the disk does not allow one now. */
  tryClaim(): InstanceClaim | undefined {
    try {
      return this.claimed();
    } catch {
      return undefined;
    }
  }

  /** At most once a second: is the folder still ours? If not, another is claimed and `onMoved` told. */
  look(): void {
    const now = this.#options.clock.monotonic();
    const claim = this.claimed();
    if (now - this.#lookedAt < lookMs) return;
    this.#lookedAt = now;
    if (!claim.isOurs()) this.relocate();
    else if (now - this.#beatenAt >= beatMs) {
      this.#beatenAt = now;
      claim.beat();
    }
  }

  /** Claims another folder at once, under a new name. */
  relocate(): InstanceClaim {
    this.release();
    this.#owner = this.#options.ids.random128();
    const claim = this.claimed();
    this.#options.onMoved(claim);
    return claim;
  }

  /** A new path in `directory` for a half-made file of this thread. */
  temporary(directory: string): string {
    const { ids } = this.#options;
    return join(directory, temporaryName(ids.random128(), this.#claim?.writer ?? "00000000"));
  }

  /** Gives the claim back. */
  release(): void {
    this.#claim?.release();
    this.#claim = undefined;
  }

  #take(claim: InstanceClaim): InstanceClaim {
    this.#claim = claim;
    this.#lookedAt = this.#options.clock.monotonic();
    this.#beatenAt = this.#lookedAt;
    this.#options.onClaimed(claim);
    return claim;
  }
}

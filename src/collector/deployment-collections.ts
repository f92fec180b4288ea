import type { DeploymentStats } from "../config/callbacks.ts";
import type { DeploymentConfig } from "../config/deployment-config.ts";
import { collectionKey } from "../layout/collection-key.ts";
import type { DeploymentCollection } from "./deployment-collection.ts";
import type { RateLimitedListener } from "./report/rate-limited-listener.ts";

/** The collections of a deployment that somebody collected to, or has asked for. */
export class DeploymentCollections {
  readonly #create: (name: string) => DeploymentCollection;
  readonly #collections = new Map<string, DeploymentCollection>();

  constructor(create: (name: string) => DeploymentCollection) {
    this.#create = create;
  }

  /** The collection of a name; names that differ only in case are one, spelled as it was first. */
  of(name: string): DeploymentCollection {
    const key = collectionKey(name);
    let collection = this.#collections.get(key);
    if (collection === undefined) {
      collection = this.#create(name);
      this.#collections.set(key, collection);
    }
    return collection;
  }

  [Symbol.iterator](): Iterator<DeploymentCollection> {
    return this.#collections.values();
  }

  configure(changed: DeploymentConfig): void {
    for (const collection of this) collection.configure(changed);
  }

  /** Who is told of a collection, if anybody but the deployment's own listener is. */
  listenersOf(name: string): ReadonlySet<RateLimitedListener> {
    return new Set(this.#collections.get(collectionKey(name))?.listeners);
  }

  stats(): ReadonlyMap<string, DeploymentStats> {
    return new Map(Array.from(this, ({ name, ledger }) => [name, ledger.snapshot()]));
  }
}

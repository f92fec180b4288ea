import { isDeepStrictEqual } from "node:util";
import type { ConfigHandle, DeploymentConfig } from "./deployment-config.ts";
import type { DeploymentPatch } from "./deployment-options.ts";
import { applyPatch, mergePatches, type Patch, parsePatch } from "./patch.ts";
import { freezeConfig } from "./resolve.ts";

/** A config that can be changed. */
export interface MutableConfigHandle extends ConfigHandle {
  /**
   * Checks `patch`, swaps the config in one step, tells the subscribers, and returns what now holds: one
   * version up, or the same snapshot if the patch changes nothing. A bad patch throws a `TypeError` or
   * `RangeError` and changes nothing.
   */
  update(patch: DeploymentPatch): DeploymentConfig;
  /**
   * Puts `config` under everything that updates have changed: what they said holds on. The version goes on as
   * with an update.
   */
  rebase(config: DeploymentConfig): DeploymentConfig;
}

/**
 * Holds `initial` until it is updated. What a subscriber throws reaches neither the updater nor other
 * subscribers.
 */
export function createConfigHandle(
  initial: DeploymentConfig,
  callee = "deployment.update",
): MutableConfigHandle {
  let current = initial;
  /** What holds without updates, and all updates as one. */
  let base = initial;
  let patches: Patch = {};
  const listeners = new Set<Subscription>();

  function tell(): void {
    const told = current;
    for (const subscription of [...listeners]) {
      // A listener may have made a newer config, of which all were told already; or have ended another one.
      if (current !== told) return;
      if (!listeners.has(subscription)) continue;
      try {
        subscription.listener(told);
      } catch {
        // Its own business: the change holds all the same.
      }
    }
  }

  function swap(): DeploymentConfig {
    const { version } = current;
    const next = { ...applyPatch(base, patches), version };
    if (isDeepStrictEqual(next, current)) return current;
    const swapped = freezeConfig({ ...next, version: version + 1 });
    current = swapped;
    tell();
    return swapped;
  }

  return {
    get current() {
      return current;
    },
    subscribe(listener) {
      const subscription: Subscription = { listener };
      listeners.add(subscription);
      return { [Symbol.dispose]: () => void listeners.delete(subscription) };
    },
    update(patch) {
      patches = mergePatches(patches, parsePatch(patch, callee));
      return swap();
    },
    rebase(config) {
      base = config;
      return swap();
    },
  };
}

/** An object of its own for each subscription: the same function may subscribe twice. */
interface Subscription {
  readonly listener: (config: DeploymentConfig) => void;
}

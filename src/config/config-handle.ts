import type { ConfigHandle, DeploymentConfig } from "./deployment-config.ts";
import type { DeploymentPatch } from "./deployment-options.ts";
import { applyPatch } from "./patch.ts";

/** A config that can be changed. */
export interface MutableConfigHandle extends ConfigHandle {
  /**
   * Checks `patch`, swaps the config in one step, tells the subscribers, and returns what now holds: one version up, or
   * the same snapshot if the patch changes nothing. A bad patch throws a `TypeError` or `RangeError` and changes
   * nothing.
   */
  update(patch: DeploymentPatch): DeploymentConfig;
}

/** Holds `initial` until it is updated. What a subscriber throws reaches neither the updater nor other subscribers. */
export function createConfigHandle(
  initial: DeploymentConfig,
  callee = "deployment.update",
): MutableConfigHandle {
  let current = initial;
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
      const next = applyPatch(current, patch, callee);
      if (next !== current) {
        current = next;
        tell();
      }
      return next;
    },
  };
}

/** An object of its own for each subscription: the same function may subscribe twice. */
interface Subscription {
  readonly listener: (config: DeploymentConfig) => void;
}

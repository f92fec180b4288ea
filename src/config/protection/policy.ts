/** From the most that is stored to the least. */
export const policies: readonly CollectionPolicy[] = ["full", "hash", "metadata", "none"];

/**
 * What is stored of a collection's frames: `full` all, `metadata` a row of system columns for each row,
 * `hash` these and a digest of each row, `none` nothing.
 */
export type CollectionPolicy = "full" | "hash" | "metadata" | "none";

/** The one under which the least is stored. */
export function strictestPolicy(said: readonly CollectionPolicy[]): CollectionPolicy {
  return policies.findLast((policy) => said.includes(policy)) ?? "full";
}

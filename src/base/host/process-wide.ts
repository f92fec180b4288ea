/**
 * What all copies of this package in one process have in common: a project can get two of them, by two
 * versions in its tree, or one by `import` and one by `require`. Made by whichever asks first, and kept where
 * each finds it. A copy can be of another version, so what is shared has to be understood by later ones: if
 * its shape must change, its name does, too.
 */
export function processWide<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`model-data-collector.${name}`);
  const shared = globalThis as unknown as Record<symbol, T | undefined>;
  const there = shared[key];
  if (there !== undefined) return there;
  const made = make();
  Object.defineProperty(globalThis, key, { value: made });
  return made;
}

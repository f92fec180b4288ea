import { readFileSync, statSync } from "node:fs";
import { filesUnder, type World } from "./world.ts";

/**
 * Where a secret can be read: in what processes printed, in what they wrote down (`inspect` of the deployment
 * and every error included), in the spool, in what is stored. Looks for each secret as it is, percent-encoded
 * and in base64.
 */
export function findSecrets(world: World, secrets: readonly string[]): readonly string[] {
  const needles = secrets
    .filter((secret) => secret.length > 8)
    .flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")]);
  const found: string[] = [];
  const search = (place: string, bytes: Buffer): void => {
    if (needles.some((needle) => bytes.includes(needle))) found.push(`a secret can be read in ${place}`);
  };
  for (const { writer, output } of world.processes) search(`the output of ${writer}`, Buffer.from(output));
  for (const path of filesUnder(world.folder)) {
    try {
      search(path.slice(world.folder.length + 1), readFileSync(path));
    } catch {
      // Sockets cannot be read, and files come and go.
    }
  }
  return found;
}

/** Bytes that the files in a folder take. */
export function sizeOf(folder: string): number {
  let bytes = 0;
  for (const path of filesUnder(folder)) {
    try {
      bytes += statSync(path).size;
    } catch {
      // Gone meanwhile.
    }
  }
  return bytes;
}

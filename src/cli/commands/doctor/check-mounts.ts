import { type Mount, mountOf } from "../../../base/host/mounts.ts";
import type { ResolvedDeployment } from "../../../config/resolve.ts";
import { spoolFoldersOf } from "../../spool-folder.ts";
import { type Finding, findingsOf } from "./findings.ts";

const network = /^(nfs\d?|cifs|smb\d?|smbfs|9p|ceph|glusterfs|lustre|afs|fuse\.(?!overlay).+)$/;

/** Which file systems the spool and a folder as destination lie on, and what that means for them. */
export function checkMounts(resolved: ResolvedDeployment, of: typeof mountOf = mountOf): Finding[] {
  const { spool, destination } = resolved.config;
  const [folder] = spoolFoldersOf(resolved);
  return [
    ...(folder === undefined || spool.durability === "memory" ? [] : look("the spool", folder, of(folder))),
    ...(destination.kind === "folder" ? look("the destination", destination.path, of(destination.path)) : []),
  ];
}

function look(what: "the spool" | "the destination", path: string, mount: Mount | undefined): Finding[] {
  const { ok, hint } = findingsOf("mount");
  if (mount === undefined) return [];
  const { kind, point } = mount;
  const text = `${what}, ${path}, is on ${kind}, mounted at ${point}`;
  if (kind === "tmpfs" || kind === "ramfs") return [hint(`${text}: in memory, which a restart empties`)];
  if (kind === "overlay" || kind === "aufs" || kind === "fuse.fuse-overlayfs")
    return [hint(`${text}: the container's own layer, which goes with it; mount a volume there`)];
  if (network.test(kind) && what === "the spool")
    return [hint(`${text}: over a network, which each frame then waits for; choose a local disk`)];
  return [ok(text)];
}

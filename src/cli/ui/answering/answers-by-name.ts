import type { Asked } from "../asked.ts";
import { columns } from "./columns.ts";
import { found } from "./found.ts";
import { overview } from "./overview.ts";
import { profile } from "./profile.ts";
import { request, value } from "./request.ts";
import { storedBody } from "./stored-body.ts";
import { volume } from "./volume.ts";

/** What can be asked, by the name behind `/api/`. */
export const answers: Readonly<Record<string, (asked: Asked) => Promise<unknown>>> = {
  overview,
  volume,
  columns,
  profile,
  found,
  request,
  value,
  body: storedBody,
};

import type { Command } from "./command.ts";
import { commonOptions } from "./common-options.ts";
import { completionOf } from "./commands/completion/completion.ts";
import { completeness } from "./commands/completeness.ts";
import { delta } from "./commands/delta/delta.ts";
import { doctor } from "./commands/doctor/doctor.ts";
import { ddl } from "./commands/ddl.ts";
import { exportCommand } from "./commands/export/export.ts";
import { find } from "./commands/find.ts";
import { head } from "./commands/head.ts";
import { joinCommand } from "./commands/join.ts";
import { label } from "./commands/label/label.ts";
import { ls } from "./commands/ls.ts";
import { baseline } from "./commands/monitor/baseline.ts";
import { drift } from "./commands/monitor/drift.ts";
import { monitor } from "./commands/monitor/monitor.ts";
import { profile } from "./commands/monitor/profile.ts";
import { quality } from "./commands/monitor/quality.ts";
import { report } from "./commands/monitor/report.ts";
import { performance } from "./commands/performance.ts";
import { schema } from "./commands/schema.ts";
import { sidecar } from "./commands/sidecar/sidecar.ts";
import { spool } from "./commands/spool/spool.ts";
import { sql } from "./commands/sql.ts";
import { tail } from "./commands/tail.ts";
import { compactCommand } from "./commands/upkeep/compact.ts";
import { eraseCommand } from "./commands/upkeep/erase.ts";
import { purgeCommand } from "./commands/upkeep/purge.ts";
import { trace } from "./commands/trace.ts";
import { ui } from "./commands/ui.ts";
import { verifyCommand } from "./commands/verify.ts";

const others: readonly Command[] = [
  ls,
  schema,
  head,
  tail,
  sql,
  find,
  trace,
  ui,
  joinCommand,
  label,
  exportCommand,
  ddl,
  completeness,
  performance,
  verifyCommand,
  compactCommand,
  purgeCommand,
  eraseCommand,
  delta,
  baseline,
  profile,
  quality,
  drift,
  report,
  monitor,
  spool,
  sidecar,
  doctor,
];

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [...others, completionOf(others, commonOptions)];

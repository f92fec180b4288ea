import type { CommandGroup } from "../../command.ts";
import { createCommandGroup } from "../../command-group.ts";
import { labelAges } from "./ages.ts";
import { labelImport } from "./import.ts";

/** `mdc label`: ground truth. */
export const label: CommandGroup = createCommandGroup({
  name: "label",
  summary: "store ground truth from a file, and see how late it comes",
  subcommands: [labelImport, labelAges],
});

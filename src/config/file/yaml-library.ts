import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

type Used = "isAlias" | "isMap" | "isPair" | "isScalar" | "isSeq" | "LineCounter" | "parseDocument";

/**
 * What is used of the library `yaml`. The build puts the library itself into a file of ours
 * (`rolldown.config.ts`): it is loaded in a few milliseconds, and no bundler has to find it.
 */
export const yaml: Pick<typeof import("yaml"), Used> = {
  ...{ isAlias, isMap, isPair, isScalar, isSeq },
  ...{ LineCounter, parseDocument },
};

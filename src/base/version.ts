/** This package's version; a test holds it against package.json. */
export const version = "0.1.0";

/** Who wrote it, as stored in `mdc_agent`: `model-data-collector/0.1.0 node/24.9.0`. */
export const agent: string = `model-data-collector/${version} node/${process.versions.node}`;

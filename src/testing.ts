/**
 * For tests of code that collects: a deployment without thread, disk and network that shows what it was
 * given.
 *
 * @module model-data-collector/testing
 */
export { createTestDeployment } from "./collector/testing/test-deployment.ts";

export type { TestContext, TestFrame } from "./collector/testing/kept-frame.ts";
export type { FailingPart } from "./collector/testing/test-backend.ts";
export type { TestDeployment, TestDeploymentOptions } from "./collector/testing/test-deployment.ts";
export type { Row } from "./layout/row.ts";

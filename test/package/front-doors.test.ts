import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { root } from "../support/packed-project.ts";

/*
 * What users can import, values and types. A name that appears here is kept for a major version: add with
 * care, and never remove without a note in the changelog.
 */

test("the front door `model-data-collector`", () => {
  expect(exportsOf("index")).toMatchInlineSnapshot(`
    [
      "class CollectorError",
      "class CorrelationContext",
      "const+type Collector",
      "function closeOnSignals",
      "function currentContext",
      "function key",
      "function list",
      "function openDeployment",
      "function runWithContext",
      "type AgentConfig",
      "type AttributeRule",
      "type Attributes",
      "type BodyRedactConfig",
      "type CloseOnSignalsOptions",
      "type CloseOptions",
      "type CloseReport",
      "type ClosingSignal",
      "type CollectionConfig",
      "type CollectionGroups",
      "type CollectionOptions",
      "type CollectionPolicy",
      "type CollectorConstructor",
      "type CollectorErrorCode",
      "type CollectorOptions",
      "type ColumnCounting",
      "type ColumnKind",
      "type ColumnRule",
      "type ContextJson",
      "type ContextOptions",
      "type Counts",
      "type Deployment",
      "type DeploymentConfig",
      "type DeploymentOptions",
      "type DeploymentPatch",
      "type DeploymentStats",
      "type DeploymentStatus",
      "type Destination",
      "type DropReason",
      "type Durability",
      "type ErrorInfo",
      "type ErrorListener",
      "type FailedRule",
      "type FileFormat",
      "type FlightRecorderConfig",
      "type FlightRecorderOptions",
      "type FlushOptions",
      "type FlushResult",
      "type FlushTarget",
      "type Format",
      "type Frame",
      "type FrameOf",
      "type Fsync",
      "type GroupsDefinition",
      "type HeadersLike",
      "type KeepCandidate",
      "type KeepPredicate",
      "type KeepRule",
      "type KeyScalar",
      "type KeyType",
      "type LibraryFrame",
      "type LimitOptions",
      "type Limits",
      "type ListType",
      "type PayloadConfig",
      "type PolicyByRoute",
      "type ProfileOptions",
      "type ProfilesConfig",
      "type RedactOptions",
      "type RedactRule",
      "type RedactRules",
      "type RequestOutcome",
      "type RollingRate",
      "type Rotation",
      "type RotationOptions",
      "type RowOf",
      "type ScalarType",
      "type SchemaOptions",
      "type SlowRule",
      "type SpoolConfig",
      "type SpoolOptions",
      "type SpoolStatus",
      "type StatsEntry",
      "type StatsListener",
      "type TableKind",
      "type TabularColumns",
      "type TokenCredential",
      "type WaitUntil",
    ]
  `);
});

test("the front door `model-data-collector/http`", () => {
  expect(exportsOf("http")).toMatchInlineSnapshot(`
    [
      "const fastifyPayloadLogging",
      "function expressPayloadLogging",
      "function fetchPayloadLogging",
      "function honoPayloadLogging",
      "function koaPayloadLogging",
      "function nodePayloadLogging",
      "type BodyRedactionOptions",
      "type BodyRedactionRule",
      "type BodyRedactionRules",
      "type ExpressMiddleware",
      "type FastifyLike",
      "type FastifyPlugin",
      "type FastifyRequestLike",
      "type FetchHandler",
      "type FetchRequestLike",
      "type HonoLike",
      "type HonoMiddleware",
      "type KoaLike",
      "type KoaMiddleware",
      "type Outcome",
      "type PayloadOptions",
      "type PayloadPolicy",
      "type PayloadRequest",
      "type RoutePattern",
      "type TabularOptions",
    ]
  `);
});

test("the front door `model-data-collector/monitor`", () => {
  expect(exportsOf("monitor")).toMatchInlineSnapshot(`
    [
      "class Baseline",
      "class CollectionProfile",
      "class ColumnProfile",
      "class PerformanceWindows",
      "class ProbabilityCalibration",
      "function chebyshevDistance",
      "function classificationPerformance",
      "function completenessReference",
      "function completenessSignals",
      "function createBaseline",
      "function dataQuality",
      "function estimatedClassificationPerformance",
      "function hellingerDistance",
      "function jensenShannonDistance",
      "function monitorWindows",
      "function normalizedDiscountedCumulativeGain",
      "function normalizedWassersteinDistance",
      "function pearsonsChiSquaredTest",
      "function populationStabilityIndex",
      "function profileRows",
      "function profileTable",
      "function prometheusText",
      "function qualityConstraints",
      "function regressionPerformance",
      "function reportHtml",
      "function resultGauges",
      "function resultTables",
      "function runMonitor",
      "function totalVariationDistance",
      "function twoProportionZTest",
      "function twoSampleKolmogorovSmirnovTest",
      "type AttributedFeature",
      "type AttributionMonitor",
      "type AttributionResult",
      "type BaselineColumn",
      "type BaselineColumnJson",
      "type BaselineGroupsJson",
      "type BaselineJson",
      "type BaselineOptions",
      "type BaselineUsed",
      "type CategoryCounts",
      "type ChiSquaredResult",
      "type ClassPerformance",
      "type ClassificationOptions",
      "type ClassificationPerformance",
      "type CollectionMonitor",
      "type CollectionProfileJson",
      "type CollectionProfileOptions",
      "type CollectionResult",
      "type ColumnBatch",
      "type ColumnKind",
      "type ColumnMonitor",
      "type ColumnProfileJson",
      "type ColumnProfileOptions",
      "type ColumnType",
      "type CompletenessReference",
      "type CompletenessSignal",
      "type CompletenessSignalName",
      "type CompletenessSignalOptions",
      "type CompletenessThresholds",
      "type DataQuality",
      "type DistinctEstimateJson",
      "type DriftMethod",
      "type DriftMetricName",
      "type DriftMetricResult",
      "type DriftOptions",
      "type DriftProfile",
      "type DriftThresholds",
      "type EffectSize",
      "type EstimatedClassificationPerformance",
      "type EstimationOptions",
      "type FeatureImportances",
      "type FeatureResult",
      "type FeatureSummary",
      "type FrequentValuesJson",
      "type GroupsDefinition",
      "type HistogramPair",
      "type JoinAccount",
      "type LabelFacts",
      "type LedgerFacts",
      "type ListType",
      "type MetricColumn",
      "type MetricTable",
      "type MetricTableName",
      "type MomentsJson",
      "type MonitorOptions",
      "type MonitorResult",
      "type MonitorSource",
      "type MonitorVerdict",
      "type PerformanceMetric",
      "type PerformanceMetricName",
      "type PerformanceResult",
      "type PerformanceRow",
      "type PerformanceThresholds",
      "type PerformanceWindowsOptions",
      "type PositiveClass",
      "type PredictionRow",
      "type ProbabilityCalibrationJson",
      "type ProfileMetrics",
      "type ProfileRowsOptions",
      "type PrometheusMetric",
      "type PrometheusSample",
      "type QualityConstraints",
      "type QualityOptions",
      "type QualityRate",
      "type QualityResult",
      "type QualityThresholds",
      "type QualityType",
      "type QuantileSketchJson",
      "type RankCounts",
      "type RegressionPerformance",
      "type ReportOptions",
      "type ScalarType",
      "type Sides",
      "type SkipReason",
      "type SkippedColumn",
      "type Slice",
      "type SliceResult",
      "type SliceShare",
      "type SourceHour",
      "type StoredBaselineOptions",
      "type TestMethod",
      "type TestResult",
      "type ThresholdSource",
      "type TimeSpan",
      "type WindowCompleteness",
      "type WindowFacts",
      "type WindowResult",
      "type WindowRule",
    ]
  `);
});

test("the front door `model-data-collector/reader`", () => {
  expect(exportsOf("reader")).toMatchInlineSnapshot(`
    [
      "class CollectionProfile",
      "class StoreError",
      "function openDataset",
      "type CollectionJoin",
      "type CollectionSummary",
      "type ColumnBatch",
      "type ColumnSummary",
      "type CompletenessOptions",
      "type Dataset",
      "type DatasetCredential",
      "type DatasetOptions",
      "type ExportFormat",
      "type ExportOptions",
      "type FindOptions",
      "type FoundRow",
      "type HourCompleteness",
      "type HourJoin",
      "type Join",
      "type JoinAccount",
      "type JoinColumns",
      "type JoinCounts",
      "type JoinFormat",
      "type JoinOptions",
      "type JoinSide",
      "type JoinedOutputs",
      "type JoinedRow",
      "type Label",
      "type LabelAge",
      "type LabelAgesOptions",
      "type LabelFacts",
      "type LabelVersion",
      "type LabelsOptions",
      "type LedgerFacts",
      "type ProfilesOptions",
      "type Row",
      "type SilentProcess",
      "type SqlOptions",
      "type SqlRows",
      "type StoreFailure",
      "type Table",
      "type TableOptions",
      "type TimestampForm",
      "type Trace",
      "type TraceOptions",
      "type TraceRecord",
      "type UnreadableFile",
      "type Verdict",
      "type Where",
      "type WhereCondition",
      "type WhereValue",
      "type WindowFacts",
      "type WindowFactsOptions",
      "type WindowProfilesOptions",
    ]
  `);
});

test("the front door `model-data-collector/testing`", () => {
  expect(exportsOf("testing")).toMatchInlineSnapshot(`
    [
      "function createTestDeployment",
      "type FailingPart",
      "type Row",
      "type TestContext",
      "type TestDeployment",
      "type TestDeploymentOptions",
      "type TestFrame",
    ]
  `);
});

test("a front door's types promise exactly the values that are there", async () => {
  for (const [door, name] of [
    ["index", "model-data-collector"],
    ["http", "model-data-collector/http"],
    ["monitor", "model-data-collector/monitor"],
    ["reader", "model-data-collector/reader"],
    ["testing", "model-data-collector/testing"],
  ] as const) {
    const values = exportsOf(door).filter((entry) => !entry.startsWith("type "));
    const names = values.map((entry) => entry.replace(/^\S+ /, "")).sort();
    expect(Object.keys((await import(name)) as object).sort(), name).toEqual(names);
  }
});

const doorFile = (door: string): string => join(root, "dist", `${door}.d.ts`);
/** One for all front doors: each would read the same declarations of Node and of libraries again. */
const program: ts.Program = ts.createProgram(
  ["index", "http", "monitor", "reader", "testing"].map(doorFile),
  {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    skipLibCheck: true,
    types: ["node"],
  },
);

/** The exports of a front door's declaration file: `class Collector`, `type Schema`. */
function exportsOf(door: string): string[] {
  const file = doorFile(door);
  const source = program.getSourceFile(file);
  if (source === undefined) throw new Error(`${file} is not there: npm run build`);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} exports nothing`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? [symbol, checker.getAliasedSymbol(symbol)] : [symbol, symbol],
    )
    .map(([symbol, target]) => `${kindOf(target as ts.Symbol)} ${(symbol as ts.Symbol).name}`)
    .sort();
}

function kindOf(symbol: ts.Symbol): string {
  if (symbol.flags & ts.SymbolFlags.Class) return "class";
  if (symbol.flags & ts.SymbolFlags.Function) return "function";
  if (symbol.flags & ts.SymbolFlags.Variable)
    return symbol.flags & ts.SymbolFlags.Type ? "const+type" : "const";
  return "type";
}

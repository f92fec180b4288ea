import { expect, test } from "vitest";
import { maxTableBytes, readTable } from "../../../src/http/tabular/read-table.ts";
import type { Side } from "../../../src/http/tabular/table.ts";

type Read = Record<string, readonly unknown[]> | string;

/** The columns of a body by name, as plain arrays, or the reason why there are none. */
function read(body: string | Buffer, options: { side?: Side; names?: string[]; header?: number } = {}): Read {
  const { side = "inputs", names, header } = options;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const inferenceHeader = header === undefined ? undefined : String(header);
  const table = readTable({ bytes, inferenceHeader }, { side, names });
  if ("reason" in table) return table.reason;
  return Object.fromEntries(table.columns.map(({ name, values }) => [name, Array.from<unknown>(values)]));
}

function tensor(fields: object): string {
  return JSON.stringify({ inputs: [{ name: "x", shape: [2], datatype: "FP32", data: [1, 2], ...fields }] });
}

test("tensors of the Open Inference Protocol's own example have columns, but for one whose shape is wrong there", () => {
  // inference_rest.md, "Inference Request Examples".
  const tensors = [
    `{"name":"input0","shape":[2,2],"datatype":"UINT32","data":[1,2,3,4]}`,
    `{"name":"input1","shape":[3],"datatype":"BOOL","data":[true]}`,
  ];
  expect(read(`{"id":"42","inputs":[${tensors.join()}],"outputs":[{"name":"output0"}]}`)).toBe("lengths");
  expect(read(`{"id":"42","inputs":[${tensors[1]}],"outputs":[{"name":"output0"}]}`)).toBe("shape");
  expect(read(`{"inputs":[${tensors[0]}],"outputs":[{"name":"output0"}]}`)).toEqual({
    input0: [BigInt64Array.of(1n, 2n), BigInt64Array.of(3n, 4n)],
  });
  const answer = `{"id":"42","outputs":[{"name":"output0","shape":[3,2],"datatype":"FP32","data":[1.0,1.1,2.0,2.1,3.0,3.1]}]}`;
  expect(read(answer, { side: "outputs" })).toEqual({
    output0: [Float64Array.of(1, 1.1), Float64Array.of(2, 2.1), Float64Array.of(3, 3.1)],
  });
  expect(read(answer, { side: "outputs", names: ["no", "yes"] })).toEqual({
    no: [1, 2, 3],
    yes: [1.1, 2.1, 3.1],
  });
  expect(read(answer)).toBe("unknown");
});

test("a tensor's data is flat or follows its shape", () => {
  const nested = tensor({
    shape: [2, 2, 1],
    data: [
      [[1], [2]],
      [[3], [4]],
    ],
  });
  const rows = {
    x: [
      [Float64Array.of(1), Float64Array.of(2)],
      [Float64Array.of(3), Float64Array.of(4)],
    ],
  };
  expect(read(nested)).toEqual(rows);
  expect(read(tensor({ shape: [2, 2, 1], data: [1, 2, 3, 4] }))).toEqual(rows);
  expect(read(tensor({ shape: [2, 1], data: [[1], [2]] }))).toEqual({ x: [1, 2] });
  for (const data of [[[1, 2], [3]], [[1], [2], [3]], [1, [2]], [[[1]], [[2]]], 1, [1, 2, 3]])
    expect(read(tensor({ shape: [2, 1], data }))).toBe("shape");
  for (const shape of [[], [0], [-2], [1.5], ["2"], [2 ** 53, 2 ** 53], 2, [1_000_000_000, 0]])
    expect(read(tensor({ shape, data: [] }))).toBe("shape");
});

test("each datatype takes its own values from JSON, integers with all their digits", () => {
  const of = (datatype: string, data: string): Read =>
    read(`{"inputs":[{"name":"x","shape":[2],"datatype":"${datatype}","data":${data}}]}`);
  expect(of("INT64", "[9223372036854775807,-9007199254740993]")).toEqual({
    x: [9223372036854775807n, -9007199254740993n],
  });
  expect(of("UINT64", "[18446744073709551615,0]")).toEqual({ x: [18446744073709551615n, 0n] });
  expect(of("INT8", "[-128,127.0]")).toEqual({ x: [-128, 127] });
  expect(of("INT32", "[null,3]")).toEqual({ x: [null, 3n] });
  expect(of("FP64", "[1.0,9007199254740993]")).toEqual({ x: [1, 9007199254740992] });
  expect(of("FP32", "[0.1,null]")).toEqual({ x: [0.1, null] });
  expect(of("BOOL", "[true,false]")).toEqual({ x: [true, false] });
  expect(of("BYTES", '["JFK","\\ud83d\\ude00"]')).toEqual({ x: ["JFK", "😀"] });
  const wrong = { INT8: "[128,0]", UINT8: "[-1,0]", INT16: "[1.5,0]", UINT64: "[18446744073709551616,0]" };
  const others = { BOOL: "[1,0]", BYTES: "[1,2]", FP32: '["NaN","0"]', INT64: '["1","2"]' };
  for (const [datatype, data] of [...Object.entries(wrong), ...Object.entries(others)])
    expect(of(datatype, data), datatype).toBe("value");
  // Neither Triton nor KServe writes them as JSON.
  for (const datatype of ["FP16", "BF16", "INT4", "toString"]) expect(of(datatype, "[1,2]")).toBe("datatype");
  expect(
    read(tensor({ datatype: "BYTES", data: ["/+8=", "AA=="], parameters: { content_type: "base64" } })),
  ).toEqual({ x: [Buffer.of(255, 239), Buffer.of(0)] });
  expect(read(tensor({ data: undefined, parameters: { shared_memory_region: "r" } }))).toBe("shared_memory");
});

/** A body of Triton's binary extension: JSON, then the tensors' bytes. */
function binary(tensors: readonly { datatype: string; shape: number[]; bytes: Buffer }[]) {
  const inputs = tensors.map(({ datatype, shape, bytes }, i) => ({
    ...{ name: `t${i}`, datatype, shape },
    parameters: { binary_data_size: bytes.length },
  }));
  const head = Buffer.from(JSON.stringify({ model_name: "mymodel", inputs }));
  return { head: head.length, body: Buffer.concat([head, ...tensors.map(({ bytes }) => bytes)]) };
}

function oneBinary(datatype: string, shape: number[], bytes: Buffer): Read {
  const { head, body } = binary([{ datatype, shape, bytes }]);
  return read(body, { header: head });
}

test("binary tensors are read behind their JSON, in its order", () => {
  // extension_binary_data.md: "input0" of [2, 2] UINT32, and "input1" of [3] BOOL; here of as many rows.
  const head = `{"model_name":"mymodel","inputs":[{"name":"input0","shape":[2,2],"datatype":"UINT32","parameters":{"binary_data_size":16}},{"name":"input1","shape":[2],"datatype":"BOOL","parameters":{"binary_data_size":2}}],"outputs":[{"name":"output0","parameters":{"binary_data":true}}]}`;
  const bytes = Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0]);
  const body = Buffer.concat([Buffer.from(head), bytes]);
  expect(read(body, { header: head.length })).toEqual({
    input0: [BigInt64Array.of(1n, 2n), BigInt64Array.of(3n, 4n)],
    input1: [true, false],
  });
  expect(read(body)).toBe("not_json");
  expect(read(body.subarray(0, -1), { header: head.length })).toBe("shape");
  expect(read(Buffer.concat([body, Buffer.of(0)]), { header: head.length })).toBe("shape");
  expect(read(body, { header: body.length + 1 })).toBe("shape");
  expect(read(body, { header: 0 })).toBe("unknown");
});

test("each datatype is read from its bytes", () => {
  const half = Buffer.from([0x00, 0x3c, 0x01, 0x00, 0xff, 0x7b, 0x00, 0xfc]);
  expect(oneBinary("FP16", [4], half)).toEqual({ t0: [1, 2 ** -24, 65504, Number.NEGATIVE_INFINITY] });
  expect(oneBinary("FP16", [1], Buffer.from([1, 0x7e]))).toEqual({ t0: [Number.NaN] });
  expect(oneBinary("BF16", [2], Buffer.from([0x80, 0x3f, 0x49, 0xc0]))).toEqual({ t0: [1, -3.140625] });
  expect(oneBinary("FP64", [1], Buffer.from(Float64Array.of(-0).buffer))).toEqual({ t0: [-0] });
  expect(oneBinary("INT8", [2], Buffer.of(0x80, 0x7f))).toEqual({ t0: [-128, 127] });
  expect(oneBinary("UINT8", [2, 2], Buffer.of(255, 0, 1, 2))).toEqual({
    t0: [Int32Array.of(255, 0), Int32Array.of(1, 2)],
  });
  expect(oneBinary("UINT16", [1], Buffer.of(255, 255))).toEqual({ t0: [65535] });
  const long = Buffer.from(BigUint64Array.of(2n ** 64n - 1n).buffer);
  expect(oneBinary("INT64", [1], long)).toEqual({ t0: [-1n] });
  expect(oneBinary("UINT64", [1], long)).toEqual({ t0: [2n ** 64n - 1n] });
  const texts = Buffer.concat([Buffer.of(3, 0, 0, 0), Buffer.from("JFK"), Buffer.of(0, 0, 0, 0)]);
  expect(oneBinary("BYTES", [2], texts)).toEqual({ t0: ["JFK", ""] });
  expect(oneBinary("BYTES", [1], Buffer.of(1, 0, 0, 0, 255))).toEqual({ t0: [Buffer.of(255)] });
  for (const bad of [Buffer.of(1, 0), Buffer.of(2, 0, 0, 0, 65), Buffer.of(255, 255, 255, 255, 65)])
    expect(oneBinary("BYTES", [1], bad)).toBe("shape");
  expect(oneBinary("BOOL", [1], Buffer.of(2))).toBe("value");
  expect(oneBinary("INT32", [1], Buffer.of(1, 2, 3))).toBe("shape");
});

test("TensorFlow Serving's rows are rows, its columns columns, as its own examples have them", () => {
  // api_rest.md, "Specifying input tensors in row format" and "… in column format".
  const rows = `{"instances":[{"tag":"foo","signal":[1,2,3,4,5],"sensor":[[1,2],[3,4]]},{"tag":"bar","signal":[3,4,1,2,5],"sensor":[[4,5],[6,8]]}]}`;
  const columns = `{"inputs":{"tag":["foo","bar"],"signal":[[1,2,3,4,5],[3,4,1,2,5]],"sensor":[[[1,2],[3,4]],[[4,5],[6,8]]]}}`;
  const table = {
    tag: ["foo", "bar"],
    signal: [
      [1, 2, 3, 4, 5],
      [3, 4, 1, 2, 5],
    ],
    sensor: [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [4, 5],
        [6, 8],
      ],
    ],
  };
  expect(read(rows)).toEqual(table);
  expect(read(columns)).toEqual(table);
  expect(read(columns.replace("inputs", "outputs"), { side: "outputs" })).toEqual(table);
  const image = `{"instances":[{"image_bytes":{"b64":"aW1hZ2UgYnl0ZXM="},"caption":"seaside"},{"image_bytes":{"b64":"YXdlc29tZSBpbWFnZSBieXRlcw=="},"caption":"mountains"}]}`;
  expect(read(image)).toEqual({
    image_bytes: [Buffer.from("image bytes"), Buffer.from("awesome image bytes")],
    caption: ["seaside", "mountains"],
  });
  expect(read('{"instances":["foo","bar","baz"]}')).toBe("names");
  expect(read('{"instances":["foo","bar","baz"]}', { names: ["tag"] })).toEqual({
    tag: ["foo", "bar", "baz"],
  });
  expect(read('{"instances":[{"b64":"AA=="},{"b64":"AQ=="}]}', { names: ["image"] })).toEqual({
    image: [Buffer.of(0), Buffer.of(1)],
  });
  expect(read('{"predictions":[[0.1,0.9],[0.5,0.5]]}', { side: "outputs", names: ["no", "yes"] })).toEqual({
    no: [0.1, 0.5],
    yes: [0.9, 0.5],
  });
  expect(read('{"predictions":[[0.1,0.9]]}', { side: "outputs", names: ["yes"] })).toBe("names");
  expect(read('{"instances":[{"a":1},[2]]}')).toBe("lengths");
  expect(read('{"instances":[[1],2]}', { names: ["a"] })).toBe("lengths");
  expect(read('{"instances":[{"a":1}],"inputs":{"a":[1]}}')).toBe("ambiguous");
  expect(read('{"inputs":{"a":[1,2],"b":[1]}}')).toBe("lengths");
  expect(read('{"inputs":"text"}')).toBe("unknown");
  expect(read('{"inputs":[1,2]}', { names: ["a"] })).toBe("unknown");
  expect(read('{"instances":[{"a":NaN}]}')).toBe("not_json");
});

test("pandas' frames are read in the orients that say which is which", () => {
  const table = { distance: [2475, 762.5], origin: ["JFK", null] };
  const split = `{"columns":["distance","origin"],"index":[7,3],"data":[[2475,"JFK"],[762.5,null]]}`;
  const records = `[{"distance":2475,"origin":"JFK"},{"distance":762.5,"origin":null}]`;
  const byColumn = `{"distance":{"7":2475,"3":762.5},"origin":{"3":null,"7":"JFK"}}`;
  for (const body of [split, records, byColumn]) expect(read(body)).toEqual(table);
  for (const body of [split, records, byColumn]) expect(read(body, { side: "outputs" })).toEqual(table);
  for (const key of ["dataframe_split", "input_data", "data", "df"])
    expect(read(`{"${key}":${split}}`)).toEqual(table);
  for (const key of ["dataframe_records", "data", "df"]) expect(read(`{"${key}":${records}}`)).toEqual(table);
  for (const key of ["data", "df"]) expect(read(`{"${key}":${byColumn}}`)).toEqual(table);
  expect(read(`{"df":{"distance":[2475,762.5],"origin":["JFK",null]}}`)).toEqual(table);
  expect(read(`{"dataframe_split":${split},"params":{"method":"proba"}}`)).toEqual(table);
  // `index` and `values`.
  expect(read('{"7":{"distance":2475},"3":{"distance":762.5}}')).toBe("ambiguous");
  expect(read('{"0":{"0":1,"1":2}}')).toBe("ambiguous");
  expect(read("[[2475],[762.5]]", { names: ["distance"] })).toBe("unknown");
  expect(read('{"data":[[2475,"JFK"],[762.5,null]]}')).toBe("names");
  expect(read('{"data":[[2475,"JFK"],[762.5,null]]}', { names: ["distance", "origin"] })).toEqual(table);
  expect(read('{"other":[[2475],[762.5]]}', { names: ["distance"] })).toBe("unknown");
  expect(read('{"input_data":[[2475],[762.5]]}', { names: ["distance"] })).toBe("unknown");
  expect(read('{"dataframe_split":{"data":[[1]]}}')).toBe("names");
  expect(read('{"columns":["a"],"data":[[1,2]]}')).toBe("names");
  expect(read('{"columns":["a"],"index":[0,1],"data":[[1]]}')).toBe("lengths");
  expect(read('{"columns":["a","a"],"data":[[1,2]]}')).toBe("ambiguous");
  expect(read('{"dataframe_split":{},"dataframe_records":[]}')).toBe("ambiguous");
});

test("Seldon's names stand over its array or tensor", () => {
  const names = `"names":["a","b"]`;
  expect(read(`{"data":{${names},"ndarray":[[1,"x"],[2,"y"]]}}`)).toEqual({ a: [1, 2], b: ["x", "y"] });
  expect(read(`{"meta":{},"data":{${names},"tensor":{"shape":[2,2],"values":[1,2,3,4]}}}`)).toEqual({
    a: [1, 3],
    b: [2, 4],
  });
  expect(read(`{"data":{${names},"tensor":{"shape":[2,2],"values":[1,2,3]}}}`)).toBe("shape");
  expect(read(`{"data":{${names},"ndarray":[[1],[2]]}}`)).toBe("names");
  expect(read(`{"data":{${names},"tftensor":{}}}`)).toBe("unknown");
});

test("JSON that is no table has no columns", () => {
  for (const body of [
    "{}",
    "[]",
    "1",
    '"text"',
    '{"a":1}',
    '{"error":"no such model"}',
    '{"a":{"x":1}}',
    "[1,{}]",
  ])
    expect(read(body), body).toBe("unknown");
  const chat = '{"messages":[{"role":"user","content":"Hello"}]}';
  for (const body of [chat, '{"input":[{"a":1}]}', '{"prompt":[{"a":1}]}'])
    expect(read(body)).toBe("unknown");
  expect(read('{"choices":[{"index":0}]}', { side: "outputs" })).toBe("unknown");
  for (const body of [
    "",
    "{",
    '{"a":1}x',
    '[{"a":01}]',
    '[{"a":1,}]',
    '[{"a":"\n"}]',
    '[{"a":"\\x"}]',
    '[{"a"',
  ])
    expect(read(body), body).toBe("not_json");
  expect(read('[{"a":1,"a":2}]')).toBe("ambiguous");
  expect(read('[{"a.b":1,"a_b":2}]')).toBe("ambiguous");
  expect(read(Buffer.of(0x5b, 0xff))).toBe("encoded");
});

test("numbers of JSON are doubles, and integers beyond 2^53 keep their digits where no double is near", () => {
  expect(read('[{"a":1.0},{"a":1}]')).toEqual({ a: [1, 1] });
  expect(read('[{"a":1234567890123456789},{"a":-9007199254740993}]')).toEqual({
    a: [1234567890123456789n, -9007199254740993n],
  });
  expect(read('[{"a":0.5},{"a":9007199254740994},{"a":9007199254740993}]')).toEqual({
    a: [0.5, 9007199254740994, 9007199254740993n],
  });
  expect(read('[{"a":123456789012345680000},{"a":1e300}]')).toEqual({ a: [123456789012345680000, 1e300] });
  expect(read('[{"a":1e999}]')).toBe("value");
  expect(read(`[{"a":${"9".repeat(5_000)}}]`)).toBe("value");
});

test("names keep their order, and any name is only a name", () => {
  const table = readTable(
    { bytes: Buffer.from('[{"10":1,"b":2,"2":3,"__proto__":4,"input.1":5}]'), inferenceHeader: undefined },
    { side: "inputs", names: undefined },
  );
  const names = "columns" in table ? table.columns.map(({ name }) => name) : [];
  expect(names).toEqual(["10", "b", "2", "__proto__", "input_1"]);
  expect(read('\ufeff [ {"a" : {"__proto__":{"x":1}}} ] ')).toEqual({ a: [expect.anything()] });
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

test("hostile bodies are refused before they take time or memory", () => {
  expect(read("[".repeat(100_000))).toBe("too_large");
  expect(read(`[${"{},".repeat(300_000)}{}]`)).toBe("too_large");
  expect(read(" ".repeat(maxTableBytes + 1))).toBe("too_large");
  // Short, but a table of 10^10 cells.
  const sparse = Array.from({ length: 100_000 }, (_, i) => `{"c${i}":1}`);
  expect(read(`[${sparse.join()}]`)).toBe("too_large");
  const wide = Array.from({ length: 3_000 }, (_, i) => `"c${i}":[1]`);
  expect(read(`{"inputs":{${wide.join()}}}`)).toBe("too_large");
  // Few bytes, in lists of lists of lists.
  const bytes = Buffer.alloc(100_000);
  expect(oneBinary("BOOL", [100_000, 1, 1, 1, 1], bytes)).toBe("too_large");
  expect(oneBinary("BOOL", [100_000, 1], bytes)).toMatchObject({ t0: { length: 100_000 } });
});

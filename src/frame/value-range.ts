/** Least and greatest number; NaN is neither. Of none, the least is beyond the greatest: infinities. */
export function numberRange(data: Float64Array | Int32Array): { readonly min: number; readonly max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** Least and greatest 64-bit integer; 0 and 0 of none. */
export function bigintRange(data: BigInt64Array): { readonly min: bigint; readonly max: bigint } {
  // By their halves: of each value that is looked at as a whole, the engine makes an object.
  const { low, high } = halvesOf(data);
  let [min, max] = [0, 0];
  for (let i = 1; i < data.length; i++) {
    const [least, greatest] = [high[min * 2 + 1]!, high[max * 2 + 1]!];
    const own = high[i * 2 + 1]!;
    if (own < least || (own === least && low[i * 2]! < low[min * 2]!)) min = i;
    else if (own > greatest || (own === greatest && low[i * 2]! > low[max * 2]!)) max = i;
  }
  return { min: data[min] ?? 0n, max: data[max] ?? 0n };
}

/**
 * 64-bit integers as pairs of 32 bits, the lower ones first, as all machines have them on which Node runs:
 * the lower ones without, the higher ones with a sign.
 */
function halvesOf(data: BigInt64Array): { readonly low: Uint32Array; readonly high: Int32Array } {
  const { buffer, byteOffset, length } = data;
  return {
    low: new Uint32Array(buffer, byteOffset, length * 2),
    high: new Int32Array(buffer, byteOffset, length * 2),
  };
}

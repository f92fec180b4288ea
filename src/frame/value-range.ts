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
  let min = data[0] ?? 0n;
  let max = min;
  for (let i = 1; i < data.length; i++) {
    const value = data[i]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  return { min, max };
}

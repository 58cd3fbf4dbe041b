/** Order statistics and moments, in float64, as numpy defines them. */

/**
 * Median: the middle value, or the mean of the two middle ones; NaN for no values. The values must not hold
 * NaN. `values` is reordered.
 */
export function medianInPlace(values: Float64Array): number {
  const n = values.length;
  if (n === 0) return NaN;
  const upper = n >> 1;
  const high = selectInPlace(values, upper);
  if (n % 2 === 1) return high;
  // Selection leaves everything below `upper` no greater than `high`, so the lower middle is their maximum.
  let low = values[0];
  for (let i = 1; i < upper; i++) if (values[i] > low) low = values[i];
  return (low + high) / 2;
}

/** Population standard deviation (numpy's default, ddof = 0); NaN for no values. */
export function standardDeviation(values: Float64Array): number {
  const n = values.length;
  const mean = sum(values) / n;
  const squares = new Float64Array(n);
  for (let i = 0; i < n; i++) squares[i] = (values[i] - mean) ** 2;
  return Math.sqrt(sum(squares) / n);
}

/** Neumaier's compensated sum: the error doesn't grow with the number of terms. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** Hoare's quickselect: the k-th smallest (from 0), with smaller values moved below it. */
function selectInPlace(values: Float64Array, k: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    // Median of three as pivot: light curves come nearly sorted (times) or as noise around a level.
    const middle = (left + right) >> 1;
    const a = values[left];
    const b = values[middle];
    const c = values[right];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const swapped = values[i];
        values[i] = values[j];
        values[j] = swapped;
        i++;
        j--;
      }
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return values[k];
  }
  return values[k];
}

/** `data[end - size] … data[end - 1]`: a window, or the last part of one. */
export interface Span {
  readonly data: Float64Array;
  readonly end: number;
  readonly size: number;
}

/*
 * What indicators read off a full window. Each goes over the window from its oldest number on, in an order that the window alone decides,
 * so that the result has the same bits wherever the series began.
 */

/** The largest number of the window. */
export function highest({ data, end, size }: Span): number {
  let most = data[end - size] ?? NaN;
  for (let index = end - size + 1; index < end; index += 1) {
    const value = data[index] ?? NaN;
    if (value > most) most = value;
  }
  return most;
}

/** The smallest number of the window. */
export function lowest({ data, end, size }: Span): number {
  let least = data[end - size] ?? NaN;
  for (let index = end - size + 1; index < end; index += 1) {
    const value = data[index] ?? NaN;
    if (value < least) least = value;
  }
  return least;
}

/** How many inputs ago the largest number came; of equal ones the last. 0: it is the newest. */
export function ageOfHighest({ data, end, size }: Span): number {
  let at = end - size;
  for (let index = at + 1; index < end; index += 1) {
    if ((data[index] ?? NaN) >= (data[at] ?? NaN)) at = index;
  }
  return end - 1 - at;
}

/** How many inputs ago the smallest number came; of equal ones the last. 0: it is the newest. */
export function ageOfLowest({ data, end, size }: Span): number {
  let at = end - size;
  for (let index = at + 1; index < end; index += 1) {
    if ((data[index] ?? NaN) <= (data[at] ?? NaN)) at = index;
  }
  return end - 1 - at;
}

/** Mean with the weights 1 (oldest) to `size` (newest), taken about the oldest number: equal numbers have themselves as theirs. */
export function weightedMean({ data, end, size }: Span): number {
  const oldest = data[end - size] ?? NaN;
  let sum = 0;
  for (let age = size; age > 1; age -= 1) {
    sum += ((data[end - age + 1] ?? NaN) - oldest) * (size - age + 2);
  }
  return oldest + sum / ((size * (size + 1)) / 2);
}

/** How far the newest number is above the mean, by its distances to the others: digits that a mean of large numbers lacks count here. */
export function aboveMean({ data, end, size }: Span): number {
  const newest = data[end - 1] ?? NaN;
  let sum = 0;
  for (let index = end - size; index < end; index += 1) sum += newest - (data[index] ?? NaN);
  return sum / size;
}

/** Mean distance from the mean, whatever the direction; `above` as {@link aboveMean} says. */
export function meanDeviation({ data, end, size }: Span, above: number): number {
  const newest = data[end - 1] ?? NaN;
  let sum = 0;
  for (let index = end - size; index < end; index += 1) {
    sum += Math.abs(newest - (data[index] ?? NaN) - above);
  }
  return sum / size;
}

/**
 * Sum of squared distances from `mean`, in four interleaved sums by age: the order, and so every bit, is fixed by the window alone,
 * and the four do not wait for one another (about 3 times the speed of one sum).
 */
export function squaredDistances({ data, end, size }: Span, mean: number): number {
  return squaresAbout(data, end, size, mean);
}

/** The same of `data[end - size] … data[end - 1]`. */
export function squaresAbout(data: Float64Array, end: number, size: number, mean: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let index = end - size;
  for (; index + 4 <= end; index += 4) {
    const x0 = (data[index] ?? NaN) - mean;
    const x1 = (data[index + 1] ?? NaN) - mean;
    const x2 = (data[index + 2] ?? NaN) - mean;
    const x3 = (data[index + 3] ?? NaN) - mean;
    a += x0 * x0;
    b += x1 * x1;
    c += x2 * x2;
    d += x3 * x3;
  }
  for (; index < end; index += 1) {
    const x = (data[index] ?? NaN) - mean;
    a += x * x;
  }
  return a + b + (c + d);
}

/** Sum of the products of both windows' distances from their means; of windows of one size. */
export function productOfDistances(x: Span, meanX: number, y: Span, meanY: number): number {
  const { size } = x;
  let sum = 0;
  for (let age = size; age > 0; age -= 1) {
    sum += ((x.data[x.end - age] ?? NaN) - meanX) * ((y.data[y.end - age] ?? NaN) - meanY);
  }
  return sum;
}

/** Slope, per input, of the line of least squares through the window, about `mean`; needs two numbers. */
export function slopeOf({ data, end, size }: Span, mean: number): number {
  const middle = (size - 1) / 2;
  let sum = 0;
  for (let x = 0; x < size; x += 1) sum += (x - middle) * ((data[end - size + x] ?? NaN) - mean);
  return sum / ((size * (size * size - 1)) / 12);
}

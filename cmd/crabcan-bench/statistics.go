package main

import "slices"

// quantile is the value below which the fraction q of the samples lies, between two of them by linear interpolation.
// There must be a sample.
func quantile(samples []int64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(samples))
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return float64(sorted[below]) + (at-float64(below))*float64(sorted[above]-sorted[below])
}

func median(samples []int64) float64 { return quantile(samples, 0.5) }

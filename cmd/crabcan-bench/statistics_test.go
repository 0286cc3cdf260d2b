package main

import "testing"

func TestQuantile(t *testing.T) {
	tests := []struct {
		samples []int64
		q, want float64
	}{
		{[]int64{7}, 0.1, 7},
		{[]int64{7}, 0.9, 7},
		{[]int64{3, 1, 2}, 0.5, 2},
		{[]int64{4, 1, 3, 2}, 0.5, 2.5},
		{[]int64{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110}, 0.1, 20},
		{[]int64{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110}, 0.9, 100},
		{[]int64{1, 2}, 1, 2},
	}
	for _, test := range tests {
		if got := quantile(test.samples, test.q); got != test.want {
			t.Errorf("quantile(%v, %v) = %v, want %v", test.samples, test.q, got, test.want)
		}
	}
}

func TestQuantileKeepsOrder(t *testing.T) {
	samples := []int64{3, 1, 2}
	median(samples)
	if samples[0] != 3 || samples[1] != 1 || samples[2] != 2 {
		t.Errorf("the samples became %v", samples)
	}
}

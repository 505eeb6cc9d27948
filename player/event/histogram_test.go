package event

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestBucketsAreOrderedAndTight(t *testing.T) {
	last := -1
	for us := int64(0); us < 1<<37; us += 1 + us/97 {
		d := time.Duration(us) * time.Microsecond
		i := bucketOf(d)
		if i < last || i >= maxBuckets {
			t.Fatalf("%v is in bucket %d after %d", d, i, last)
		}
		last = i
		if err := (middleOf(i) - d).Abs(); float64(err) > 0.0323*float64(d)+float64(time.Microsecond) {
			t.Fatalf("%v is in bucket %d, whose middle is %v", d, i, middleOf(i))
		}
		if back := bucketOf(middleOf(i)); back != i {
			t.Fatalf("the middle of bucket %d is in bucket %d", i, back)
		}
	}
	if got := bucketOf(1<<63 - 1); got != maxBuckets-1 {
		t.Errorf("the longest duration is in bucket %d, want the last, %d", got, maxBuckets-1)
	}
}

func TestQuantiles(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 19, 20, 1000} {
		var h Histogram
		var all []time.Duration
		for range n {
			d := time.Duration(random.ExpFloat64() * float64(40*time.Millisecond))
			all = append(all, d)
			h.Add(d)
		}
		slices.Sort(all)
		for _, q := range []float64{0, .05, .5, .95, 1} {
			exact := all[max(int(q*float64(n)+.999999), 1)-1]
			if err := (h.Quantile(q) - exact).Abs(); float64(err) > 0.0323*float64(exact)+1000 {
				t.Errorf("n=%d: quantile %v is %v, want about %v", n, q, h.Quantile(q), exact)
			}
		}
		if h.Min() != all[0] || h.Max() != all[n-1] || h.Count() != uint64(n) {
			t.Errorf("n=%d: min %v, max %v, count %d", n, h.Min(), h.Max(), h.Count())
		}
	}
	var empty Histogram
	if empty.Quantile(.5) != 0 || !empty.IsZero() {
		t.Error("an empty histogram has a quantile")
	}
	empty.Add(-time.Second)
	if empty.Max() != 0 || empty.Count() != 1 {
		t.Error("what is negative counts as 0")
	}
}

func TestMergedHistogramIsThatOfAll(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var a, b, all Histogram
	for i := range 500 {
		d := time.Duration(random.Int64N(int64(time.Hour)) >> random.IntN(30))
		all.Add(d)
		if i%3 == 0 {
			a.Add(d)
		} else {
			b.Add(d)
		}
	}
	before, _ := json.Marshal(a)
	if got := a.Merge(b); !reflect.DeepEqual(got, all) {
		t.Error("a.Merge(b) differs from the histogram of all")
	}
	if got := b.Merge(a); !reflect.DeepEqual(got, all) {
		t.Error("b.Merge(a) differs from the histogram of all")
	}
	if after, _ := json.Marshal(a); string(before) != string(after) {
		t.Error("Merge changed what it merged")
	}
	if got := (Histogram{}).Merge(a); !reflect.DeepEqual(got, a) {
		t.Error("merging with an empty histogram changed it")
	}
	// What went through JSON merges like any other.
	var read Histogram
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if got := a.Merge(read); !reflect.DeepEqual(got, all) {
		t.Errorf("after JSON: differs\n%s", text)
	}
	if err := json.Unmarshal([]byte(`{"buckets":[[99999,1]]}`), &read); err == nil {
		t.Error("a bucket that does not exist was read")
	}
}

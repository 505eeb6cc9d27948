package sim

import (
	"math"
	"math/rand/v2"
	"time"
)

// kind describes links of a group of recorded ones by their statistics alone:
// nothing of a recording is in here. The rate is a random walk in its logarithm
// that returns to a mean, with outages and regimes on top.
type kind struct {
	group   string
	mean    float64 // of the rate, bits per second
	spread  float64 // of ln(rate), standard deviation
	memory  float64 // correlation from one period to the next
	period  time.Duration
	jitter  float64 // of the period's length, as a share
	latency time.Duration
	outage  float64 // probability that one begins with a period
	lasts   int     // periods, on average
	deep    float64 // what is left of the rate in an outage
	regime  float64 // probability that the mean moves for good with a period
	regimes float64 // by how much, standard deviation of its logarithm
}

var kinds = []kind{
	{group: "hsdpa3g", mean: 1.3e6, spread: .55, memory: .75, period: time.Second, jitter: .05, latency: 100 * time.Millisecond, outage: .012, lasts: 25, deep: .01},
	{group: "ghent4g", mean: 26e6, spread: .5, memory: .85, period: time.Second, latency: 20 * time.Millisecond, outage: .015, lasts: 5, deep: .05},
	{group: "fccsd", mean: 6e6, spread: .6, memory: .6, period: 5 * time.Second, latency: 20 * time.Millisecond, outage: .04, lasts: 2, deep: .08},
	{group: "fcchd", mean: 17e6, spread: .55, memory: .5, period: 5 * time.Second, latency: 20 * time.Millisecond, outage: .04, lasts: 2, deep: .1},
	{group: "oboe", mean: 2.2e6, spread: .12, memory: .9, period: 700 * time.Millisecond, jitter: .8, latency: 80 * time.Millisecond, regime: .01, regimes: .35},
	{group: "puffer", mean: 2.1e6, spread: .9, memory: .45, period: 600 * time.Millisecond, jitter: .7, latency: 50 * time.Millisecond, regime: .01, regimes: .5},
	{group: "irish5g", mean: 38e6, spread: 1.1, memory: .9, period: time.Second, latency: 35 * time.Millisecond, outage: .01, lasts: 12, deep: .01},
	{group: "lumos4g", mean: 55e6, spread: .6, memory: .8, period: time.Second, latency: 40 * time.Millisecond, outage: .01, lasts: 4, deep: .05},
	{group: "lumos5g", mean: 400e6, spread: 1.2, memory: .7, period: time.Second, latency: 25 * time.Millisecond, outage: .02, lasts: 6, deep: .02},
	{group: "starlink", mean: 22e6, spread: .8, memory: .6, period: time.Second, latency: 60 * time.Millisecond, outage: .02, lasts: 4, deep: 0},
	{group: "uscell", mean: 60e6, spread: .8, memory: .8, period: time.Second, latency: 60 * time.Millisecond, outage: .012, lasts: 6, deep: .03},
	{group: "wifi_lv", mean: 6e6, spread: .4, memory: .55, period: 350 * time.Millisecond, jitter: .6, latency: 40 * time.Millisecond, outage: .006, lasts: 8, deep: .1},
}

// syntheticLength is how long a made link lasts before it begins anew.
const syntheticLength = 5 * time.Minute

// synthetic makes a link of each kind, always the same ones.
func synthetic() []*Link {
	links := make([]*Link, len(kinds))
	for i, k := range kinds {
		links[i] = k.link(uint64(i) + 1)
	}
	return links
}

func (k kind) link(seed uint64) *Link {
	rnd := rand.New(rand.NewPCG(seed, 0x5eed))
	l := &Link{Name: "synthetic-" + k.group, Group: k.group}
	var walk, shift float64
	out := 0
	for at := time.Duration(0); at < syntheticLength; {
		length := time.Duration(float64(k.period) * (1 + k.jitter*(2*rnd.Float64()-1))).Round(time.Millisecond)
		walk = k.memory*walk + math.Sqrt(1-k.memory*k.memory)*k.spread*rnd.NormFloat64()
		if rnd.Float64() < k.regime {
			shift = k.regimes * rnd.NormFloat64()
		}
		if out > 0 {
			out--
		} else if rnd.Float64() < k.outage {
			out = 1 + int(rnd.ExpFloat64()*float64(k.lasts))
		}
		bps := k.mean * math.Exp(walk+shift-k.spread*k.spread/2)
		if out > 0 {
			bps *= k.deep
		}
		l.Periods = append(l.Periods, Period{Duration: length, BPS: 1000 * math.Round(bps/1000), Latency: k.latency})
		at += length
	}
	return l
}

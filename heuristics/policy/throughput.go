package policy

import (
	"smoothplay/heuristics"
)

// Throughput is the throughput rule of Sabre (Spiteri, Sitaraman and Sparacio,
// MMSys 2018), the ancestor of that of dash.js: the highest level that needs at
// most 0.9 of the measured rate, less where the buffer is low; a transfer that
// would take 1.8 times as long as it plays is given up.
const Throughput = "throughput"

const (
	throughputSafety = 0.9
	abandonAfter     = 500 // ms
	abandonAt        = 1.8 // times the duration of the chunk
)

type throughput struct {
	fresh  fresh
	link   sabre
	safety float64 // of the insufficient-buffer rule
}

func newThroughput(Config) heuristics.Policy { return &throughput{safety: safetyInitial} }

func (*throughput) Name() string { return Throughput }

func (p *throughput) Decide(in *heuristics.Input) heuristics.Decision {
	chunk := chunkMS(in)
	if in.Running != nil {
		return p.goOn(in, chunk)
	}
	for i, all := 0, p.fresh.after(in); i < len(all); i++ {
		p.link.add(&all[i], chunk)
	}
	if d, ok := first(in); ok {
		return d
	}
	if !p.link.known {
		return within(in, lowest(in), heuristics.ReasonBandwidth)
	}
	carried := p.link.sustainable(in, chunk, throughputSafety*p.link.tput)
	q := p.link.insufficient(in, carried, chunk, &p.safety)
	if q < carried {
		return within(in, q, heuristics.ReasonBufferLow)
	}
	return within(in, q, heuristics.ReasonBandwidth)
}

// goOn answers whether the running transfer goes on.
func (p *throughput) goOn(in *heuristics.Input, chunk float64) heuristics.Decision {
	t := in.Running
	body, size := inMS(t.Body), 8*float64(t.Size)
	if inMS(t.FirstByte)+body < abandonAfter || body <= 0 || t.Bytes <= 0 || t.Level >= len(in.Levels) {
		return goesOn(in)
	}
	got := 8 * float64(t.Bytes)
	rate := got / body
	rest := size - got
	if inMS(t.FirstByte)+body+rest/rate <= abandonAt*chunk {
		return goesOn(in)
	}
	q := atMost(in, p.link.sustainable(in, chunk, throughputSafety*rate))
	if q >= t.Level || size*kbps(in, q)/kbps(in, t.Level) >= rest {
		return goesOn(in)
	}
	return heuristics.Decision{Level: q, Abandon: true, Reason: heuristics.ReasonAbandon}
}

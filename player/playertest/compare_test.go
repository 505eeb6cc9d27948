package playertest

import "testing"

func TestSameLine(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`80.081   672.069  live_edge {"edge_ns":678000000000,"latency_ns":11963691601}`, `80.081   672.069  live_edge {"edge_ns":678000000000,"latency_ns":11963702601}`, true},
		{`80.081   672.069  live_edge {"latency_ns":11963691601}`, `80.082   672.069  live_edge {"latency_ns":11963702601}`, true},
		{`80.081 live_edge {"latency_ns":11963691601}`, `80.081 live_edge {"latency_ns":11963741602}`, false},
		{`80.081 playing`, `80.083 playing`, false},
		{`80.081 playing`, `80.081 buffering`, false},
		{`{"at_ns":1,"level":2}`, `{"at_ns":1,"level":3}`, false},
		{`{"at_ns":-20,"count":7}`, `{"at_ns":20,"count":7}`, true},
		{`{"at_ns":1}`, `{"at_ns":1,"to_ns":2}`, false},
		{`{"mean_bitrate_bps":2532794}`, `{"mean_bitrate_bps":2532792}`, true},
		{`{"mean_bitrate_bps":2532794}`, `{"mean_bitrate_bps":2632792}`, false},
		{`{"at_ns":1,"rate_bps":1}`, `{"at_ns":1,"rate_ns":1}`, false},
	} {
		if sameLine(c.a, c.b) != c.same || sameLine(c.b, c.a) != c.same {
			t.Errorf("%s and %s are the same: %t, want %t", c.a, c.b, !c.same, c.same)
		}
	}
}

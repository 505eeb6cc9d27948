package event

import (
	"slices"
	"time"
)

// Unit is what a Metric counts in.
type Unit uint8

// The units.
const (
	UnitCount Unit = iota
	UnitTime       // nanoseconds
	UnitRate       // bits per second
	UnitSize       // bytes
	UnitShare      // from 0 to 1
)

// Metric is one figure of a Summary under a stable name: what budgets and
// comparisons of measurements speak of.
type Metric struct {
	Name string
	Unit Unit
	// Worse is 1 where more of it is worse, -1 where less of it is, and 0 where
	// neither is.
	Worse int
	Help  string
	value func(*Summary) (value float64, known bool)
}

// Value is the figure of s, in the metric's unit, for one session: of a merged
// Summary, counts and times are those of an average session. known is false
// where the session has none (no first picture, no seek, not measured).
func (m *Metric) Value(s *Summary) (value float64, known bool) {
	return m.value(s)
}

// Key is the name in JSON, which says the unit.
func (m *Metric) Key() string {
	return m.Name + [...]string{UnitTime: "_ns", UnitRate: "_bps", UnitSize: "_bytes", UnitShare: ""}[m.Unit]
}

// FindMetric returns the metric of a name; nil: there is none.
func FindMetric(name string) *Metric {
	if i := slices.IndexFunc(metrics, func(m Metric) bool { return m.Name == name }); i >= 0 {
		return &metrics[i]
	}
	return nil
}

// Metrics returns all of them, in the order in which people read them.
func Metrics() []Metric { return slices.Clone(metrics) }

// each spreads a total over the sessions of a Summary.
func each[T int | int64 | time.Duration](of func(*Summary) T) func(*Summary) (float64, bool) {
	return func(s *Summary) (float64, bool) { return float64(of(s)) / float64(max(s.Sessions, 1)), true }
}

// some is a figure that is not known where it is 0.
func some[T int64 | time.Duration](of func(*Summary) T) func(*Summary) (float64, bool) {
	return func(s *Summary) (float64, bool) { n := of(s); return float64(n), n != 0 }
}

// share is one total of another; not known where that is 0.
func share[T int64 | time.Duration](part, whole func(*Summary) T) func(*Summary) (float64, bool) {
	return func(s *Summary) (float64, bool) {
		w := whole(s)
		if w <= 0 {
			return 0, false
		}
		return float64(part(s)) / float64(w), true
	}
}

// quantile is one of a histogram; not known where nothing was counted.
func quantile(of func(*Summary) *Histogram, q float64) func(*Summary) (float64, bool) {
	return func(s *Summary) (float64, bool) { h := of(s); return float64(h.Quantile(q)), h.Count() > 0 }
}

func failures(s *Summary) int {
	if s.Sessions <= 1 && s.End == HasFailed {
		return 1
	}
	return s.Failures
}

var metrics = []Metric{
	{"failures", UnitCount, 1, "sessions that ended with an error", each(failures)},
	{"startup", UnitTime, 1, "from the beginning to the first picture", some(func(s *Summary) time.Duration { return s.Startup })},
	{"manifest", UnitTime, 1, "from the beginning to the manifest", some(func(s *Summary) time.Duration { return s.ManifestTime })},
	{"played", UnitTime, 0, "time spent playing", each(func(s *Summary) time.Duration { return s.Played })},
	{"stalls", UnitCount, 1, "times that there was nothing to show for more than 100 ms", each(func(s *Summary) int { return s.Stalls })},
	{"stalled", UnitTime, 1, "all stalls together", each(func(s *Summary) time.Duration { return s.Stalled })},
	{"stall_share", UnitShare, 1, "of the time spent playing or stalled", share(
		func(s *Summary) time.Duration { return s.Stalled }, func(s *Summary) time.Duration { return s.Played + s.Stalled })},
	{"mean_bitrate", UnitRate, -1, "nominal, by time shown", some(func(s *Summary) int64 { return s.MeanBitrateBPS })},
	{"switches", UnitCount, 1, "changes of the level on the screen", each(func(s *Summary) int { return s.SwitchesUp + s.SwitchesDown })},
	{"switches_up", UnitCount, 0, "of them to a higher level", each(func(s *Summary) int { return s.SwitchesUp })},
	{"switches_down", UnitCount, 0, "of them to a lower level", each(func(s *Summary) int { return s.SwitchesDown })},
	{"reversals", UnitCount, 1, "switches that undo the one before within five fragments", each(func(s *Summary) int { return s.Reversals })},
	{"capped", UnitTime, 1, "playing while the device's load held the level down", each(func(s *Summary) time.Duration { return s.Capped })},
	{"capped_share", UnitShare, 1, "of the time spent playing", share(
		func(s *Summary) time.Duration { return s.Capped }, func(s *Summary) time.Duration { return s.Played })},
	{"pictures_decoded", UnitCount, 0, "", each(func(s *Summary) int64 { return s.PicturesDecoded })},
	{"pictures_shown", UnitCount, 0, "", each(func(s *Summary) int64 { return s.PicturesShown })},
	{"pictures_dropped", UnitCount, 1, "", each(func(s *Summary) int64 { return s.PicturesDropped })},
	{"dropped_share", UnitShare, 1, "of the pictures shown or dropped", share(
		func(s *Summary) int64 { return s.PicturesDropped }, func(s *Summary) int64 { return s.PicturesShown + s.PicturesDropped })},
	{"pictures_repeated", UnitCount, 0, "", each(func(s *Summary) int64 { return s.PicturesRepeated })},
	{"audio_gaps", UnitCount, 1, "", each(func(s *Summary) int64 { return s.AudioGaps })},
	{"av_offset_p50", UnitTime, 1, "distance of picture and sound, half of the time", quantile(offsets, .5)},
	{"av_offset_p95", UnitTime, 1, "the same, 95 % of the time", quantile(offsets, .95)},
	{"av_offset_max", UnitTime, 1, "the same, at most", quantile(offsets, 1)},
	{"seeks", UnitCount, 0, "", each(func(s *Summary) int { return s.Seeks })},
	{"seek_p50", UnitTime, 1, "from a seek to its picture, half of them", quantile(seekTimes, .5)},
	{"seek_p95", UnitTime, 1, "the same, 95 % of them", quantile(seekTimes, .95)},
	{"seek_max", UnitTime, 1, "the same, the longest", quantile(seekTimes, 1)},
	{"buffer_p5", UnitTime, -1, "media ahead of the playhead, at the low end", quantile(buffers, .05)},
	{"buffer_p50", UnitTime, 0, "the same, half of the time", quantile(buffers, .5)},
	{"fragments", UnitCount, 0, "received", each(func(s *Summary) int64 { return s.Fragments })},
	{"retries", UnitCount, 1, "", each(func(s *Summary) int64 { return s.Retries })},
	{"fragment_errors", UnitCount, 1, "", each(func(s *Summary) int64 { return s.FragmentErrors })},
	{"bytes", UnitSize, 0, "received", each(func(s *Summary) int64 { return s.Bytes })},
	{"wasted", UnitSize, 1, "of them never played", each(func(s *Summary) int64 { return s.WastedBytes })},
	{"wasted_share", UnitShare, 1, "of the bytes received", share(
		func(s *Summary) int64 { return s.WastedBytes }, func(s *Summary) int64 { return s.Bytes })},
	{"live_latency_p50", UnitTime, 1, "behind the encoder, half of the time at the live edge", quantile(latencies, .5)},
	{"live_latency_p95", UnitTime, 1, "the same, 95 % of the time", quantile(latencies, .95)},
	{"rate_changes", UnitCount, 0, "changes of the speed of playing", each(func(s *Summary) int { return s.RateChanges })},
	{"failovers", UnitCount, 1, "changes to another origin, and back", each(func(s *Summary) int { return s.Failovers })},
	{"cpu_share", UnitShare, 1, "processor time by the time spent playing; 100 % is one core", func(s *Summary) (float64, bool) {
		if s.CPU <= 0 || s.Played <= 0 {
			return 0, false
		}
		return float64(s.CPU) / float64(s.Played), true
	}},
	{"peak_memory", UnitSize, 1, "", some(func(s *Summary) int64 { return s.PeakRSSBytes })},
}

func offsets(s *Summary) *Histogram   { return &s.AVOffset }
func seekTimes(s *Summary) *Histogram { return &s.SeekTime }
func buffers(s *Summary) *Histogram   { return &s.Buffer }
func latencies(s *Summary) *Histogram { return &s.LiveLatency }

package platformtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
)

// OpenVideoDecoder opens a decoder for the format of the first of samples, which
// are in decoding order as the decoder takes them:
//   - at least two groups that each begin with a key sample and can be decoded
//     by themselves, best of three or more samples each;
//   - Format set on the first sample and where it changes (best: it does), two
//     formats in all being enough;
//   - each makes one picture; PTS rise by more than 0 and have no gaps longer
//     than a second.
type OpenVideoDecoder func(t *testing.T) (platform.VideoDecoder, []platform.Sample)

// TestVideoDecoder examines an implementation of [platform.VideoDecoder], and of
// [platform.Effort] where it is one.
func TestVideoDecoder(t *testing.T, open OpenVideoDecoder, opts ...Option) {
	t.Helper()
	examine(t, videoDecoderRules, open, opts)
}

var videoDecoderRules = []rule[OpenVideoDecoder]{
	{"presentation-order",
		"Decode consumes s and calls out for each picture that became ready, in presentation order",
		videoRule(func(x *videoExam) error {
			if err := x.play(x.all()); err != nil {
				return err
			}
			for i, p := range x.got[min(1, len(x.got)):] {
				if p.pts <= x.got[i].pts {
					return fmt.Errorf("the picture at %v came out after the one at %v", p.pts, x.got[i].pts)
				}
			}
			return nil
		})},
	{"none-lost-none-twice",
		"none is lost and none is delivered twice",
		videoRule(func(x *videoExam) error {
			// There and back again: through every format twice.
			samples := append(x.all(), x.later(x.all())...)
			if err := x.play(samples); err != nil {
				return err
			}
			return x.expect(samples)
		})},
	{"former-format-first",
		"Where s.Format is not nil the format changes with this sample: pictures of the former format come out first",
		videoRule(func(x *videoExam) error {
			if len(x.formats) < 2 {
				return unexamined("the samples have one format only")
			}
			samples := append(x.all(), x.later(x.groups[0])...)
			if err := x.play(samples); err != nil {
				return err
			}
			var want, got []*platform.Format
			for _, s := range samples {
				if s.Format != nil {
					want = append(want, s.Format)
				}
			}
			for _, p := range x.got {
				if len(got) == 0 || got[len(got)-1] != p.source {
					got = append(got, p.source)
				}
			}
			if !slices.Equal(got, want) {
				return fmt.Errorf("pictures change their Source %d times, the samples their Format %d times", len(got)-1, len(want)-1)
			}
			return x.expect(samples)
		})},
	{"source",
		"Source is the Format of the sample that the picture was decoded from.",
		videoRule(func(x *videoExam) error {
			return x.pictures(func(s platform.Sample, p pictureSeen) error {
				if p.source != x.formatOf[s.PTS] {
					return fmt.Errorf("the Source of the picture at %v is not the *Format of its sample", p.pts)
				}
				return nil
			})
		})},
	{"key",
		"Key: decoded from a key sample.",
		videoRule(func(x *videoExam) error {
			return x.pictures(func(s platform.Sample, p pictureSeen) error {
				if p.key != s.Key {
					return fmt.Errorf("picture at %v: Key %v, its sample: Key %v", p.pts, p.key, s.Key)
				}
				return nil
			})
		})},
	{"planes",
		"each of Strides[i] bytes a row",
		videoRule(func(x *videoExam) error {
			return x.pictures(func(_ platform.Sample, p pictureSeen) error { return p.malformed })
		})},
	{"sample-valid-during-the-call",
		"s and s.Data are valid during the call only",
		func(t *testing.T, open OpenVideoDecoder) error {
			var runs [2][]pictureSeen
			for i, keep := range []bool{true, false} {
				err := videoRule(func(x *videoExam) error {
					x.keepSamples = keep
					defer func() { runs[i] = x.got }()
					return x.play(x.all())
				})(t, open)
				if err != nil {
					return err
				}
			}
			if len(runs[0]) != len(runs[1]) {
				return fmt.Errorf("%d pictures where samples stay as they are, %d where they are overwritten after the call", len(runs[0]), len(runs[1]))
			}
			for i, a := range runs[0] {
				if b := runs[1][i]; a.pts != b.pts || a.sum != b.sum {
					return fmt.Errorf("the picture at %v is another where samples are overwritten after the call", a.pts)
				}
			}
			return nil
		}},
	{"error-of-out-stops-decode",
		"where out returns an error, the method stops and returns that error",
		videoRule(func(x *videoExam) error {
			calls := 0
			for _, s := range x.all() {
				calls = 0
				err := x.feed(s, func(p *platform.Picture) error {
					calls++
					p.Release()
					return errStop
				})
				switch {
				case calls > 1:
					return fmt.Errorf("Decode went on: out was called %d times", calls)
				case calls == 1 && !errors.Is(err, errStop):
					return fmt.Errorf("Decode returned %v, out had returned %v", err, errStop)
				case calls == 0 && err != nil:
					return err
				case calls == 1:
					return x.usable()
				}
			}
			return unexamined("no picture came out before Drain")
		})},
	{"error-of-out-stops-drain",
		"where out returns an error, the method stops and returns that error",
		videoRule(func(x *videoExam) error {
			if err := x.decode(x.groups[0][:min(3, len(x.groups[0]))]); err != nil {
				return err
			}
			calls := 0
			err := x.d.Drain(func(p *platform.Picture) error {
				calls++
				p.Release()
				return errStop
			})
			switch {
			case calls == 0 && err == nil:
				return unexamined("Drain had nothing to deliver")
			case calls != 1 || !errors.Is(err, errStop):
				return fmt.Errorf("Drain called out %d times and returned %v, out had returned %v", calls, err, errStop)
			}
			return x.usable()
		})},
	{"no-call-after-return",
		"A decoder never calls out after the method that received it has returned",
		videoRule(func(x *videoExam) error {
			if err := x.decode(x.groups[0]); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
			if err := errors.Join(x.d.Flush(), x.d.Close()); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
			x.closed = true
			return nil // the tape has noticed it
		})},
	{"flush-forgets",
		"Flush forgets all input and every picture not yet delivered.",
		videoRule(func(x *videoExam) error {
			for n := 1; n <= len(x.groups[0]); n++ {
				if err := x.decode(x.groups[0][:n]); err != nil {
					return err
				}
				if err := errors.Join(x.d.Flush(), x.d.Flush()); err != nil {
					return fmt.Errorf("Flush: %w", err)
				}
				x.got = nil
			}
			far := x.groups[len(x.groups)-1] // best of another format
			if err := x.play(far); err != nil {
				return err
			}
			return x.expect(far)
		})},
	{"flush-keeps-the-format",
		"The next sample is a key sample; its Format is nil where it is still the same.",
		videoRule(func(x *videoExam) error {
			if err := x.decode(x.groups[0][:1]); err != nil {
				return err
			}
			if err := x.d.Flush(); err != nil {
				return fmt.Errorf("Flush: %w", err)
			}
			x.got = nil
			again := slices.Clone(x.groups[0])
			again[0].Format = nil
			if err := x.play(again); err != nil {
				return err
			}
			return x.expect(again)
		})},
	{"drain-delivers-all",
		"Drain calls out for every picture still held.",
		videoRule(func(x *videoExam) error {
			if err := x.drain(); err != nil {
				return fmt.Errorf("of a decoder that holds nothing: %w", err)
			}
			if err := x.play(x.groups[0][:1]); err != nil {
				return err
			}
			return x.expect(x.groups[0][:1])
		})},
	{"usable-after-drain",
		"After it only Flush, Decode with a key sample, or Close follow.",
		videoRule(func(x *videoExam) error {
			var samples []platform.Sample
			for i, g := range x.groups {
				if err := x.play(g); err != nil {
					return err
				}
				samples = append(samples, g...)
				if i%2 == 1 {
					if err := x.d.Flush(); err != nil {
						return fmt.Errorf("Flush: %w", err)
					}
				}
			}
			return x.expect(samples)
		})},
	{"lost-sample-recovers",
		"An error means that this sample was lost; the decoder stays usable and recovers with a later key sample.",
		videoRule(func(x *videoExam) error {
			if x.groups[0][0].Data == nil {
				return unexamined("the samples have no Data to damage")
			}
			for _, damage := range []func([]byte) []byte{
				func(b []byte) []byte { return b[:len(b)/2] },
				func([]byte) []byte { return []byte{} },
				func(b []byte) []byte { return slices.Repeat([]byte{0xA5}, len(b)) },
			} {
				for i, s := range x.groups[0] {
					if i == min(1, len(x.groups[0])-1) {
						s.Data = damage(slices.Clone(s.Data))
					}
					_ = x.feed(s, x.out) // may be lost, and all that refer to it
				}
				x.got = nil
				next := x.later(x.all())
				if err := x.play(next); err != nil {
					return err
				}
				// What it still held of the damaged group may come first.
				x.got = slices.DeleteFunc(x.got, func(p pictureSeen) bool { return p.pts < next[0].PTS })
				if err := x.expect(next); err != nil {
					return err
				}
				if err := x.d.Flush(); err != nil {
					return fmt.Errorf("Flush: %w", err)
				}
				x.got = nil
			}
			return nil
		})},
	{"pictures-outlive-the-decoder",
		"Pictures already delivered stay valid until they are released.",
		videoRule(func(x *videoExam) error {
			const hold = 3
			var held []*platform.Picture
			var sums []uint64
			keep := func(p *platform.Picture) error {
				if len(held) == hold {
					p.Release()
					return nil
				}
				held, sums = append(held, p), append(sums, see(p).sum)
				return nil
			}
			for _, s := range x.all() {
				if err := x.feed(s, keep); err != nil {
					return err
				}
			}
			if err := x.d.Drain(keep); err != nil {
				return err
			}
			check := func(when string) error {
				for i, p := range held {
					if see(p).sum != sums[i] {
						return fmt.Errorf("the picture at %v was overwritten %s", p.PTS, when)
					}
				}
				return nil
			}
			if err := check("while later ones were decoded"); err != nil {
				return err
			}
			if err := errors.Join(x.d.Flush(), x.d.Close()); err != nil {
				return err
			}
			x.closed = true
			if err := check("by Flush or Close"); err != nil {
				return err
			}
			return together(len(held), func(i int) error { held[i].Release(); return nil })
		})},
	{"release-from-any-goroutine",
		"called by Release only, from any goroutine",
		videoRule(func(x *videoExam) error {
			released := make(chan *platform.Picture)
			done := make(chan error, 1)
			go func() {
				done <- guard(func() error {
					for p := range released {
						p.Release()
						p.Release()
					}
					return nil
				})
				for range released {
				}
			}()
			pass := func(p *platform.Picture) error { released <- p; return nil }
			var err error
			for _, s := range x.all() {
				if err = x.feed(s, pass); err != nil {
					break
				}
			}
			if err == nil {
				err = x.d.Drain(pass)
			}
			close(released)
			return errors.Join(err, <-done)
		})},
	{"effort",
		"Pictures that the effort leaves out are not delivered, in exception to the rule that none is lost.",
		videoRule(func(x *videoExam) error {
			e, ok := x.d.(platform.Effort)
			if !ok {
				return unexamined("the decoder is no platform.Effort")
			}
			samples := x.all()
			for level := platform.EffortFull; level <= platform.EffortKeys; level++ {
				e.SetEffort(level)
				x.got = nil
				if err := x.play(samples); err != nil {
					return err
				}
				want := slices.DeleteFunc(slices.Clone(samples), func(s platform.Sample) bool {
					return level == platform.EffortKeys && !s.Key
				})
				if level == platform.EffortReferences {
					continue // which pictures others refer to only the decoder knows
				}
				if err := x.expect(want); err != nil {
					return fmt.Errorf("effort %d: %w", level, err)
				}
				if err := x.d.Flush(); err != nil {
					return err
				}
			}
			e.SetEffort(platform.EffortFull)
			return x.usable()
		})},
}

var errStop = errors.New("the exam says stop")

package slow_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/platform/platformtest"
	"smoothplay/platform/slow"
)

const ms = time.Millisecond

func format() platform.Format { return platform.Format{Kind: platform.Video, Codec: platform.H264} }

func sample(n int) *platform.Sample {
	return &platform.Sample{PTS: time.Duration(n) * 40 * ms, DTS: time.Duration(n) * 40 * ms, Duration: 40 * ms, Key: true, Data: []byte{0}}
}

func open(t *testing.T, d *slow.Decoders) platform.VideoDecoder {
	t.Helper()
	v, err := d.OpenVideo(format())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func costing(d time.Duration) *null.Decoders {
	return &null.Decoders{Cost: func(*platform.Sample) time.Duration { return d }}
}

func TestDecodingTakesLonger(t *testing.T) {
	factor := func(since time.Duration) float64 {
		if since < time.Second {
			return 1
		}
		return 3
	}
	for _, cost := range []time.Duration{10 * ms, 11 * time.Microsecond} {
		synctest.Test(t, func(t *testing.T) {
			v := open(t, &slow.Decoders{Decoders: costing(cost), Factor: factor})
			defer v.Close()
			take := func(n int) time.Duration {
				began := time.Now()
				for i := range n {
					if err := v.Decode(sample(i), func(p *platform.Picture) error { p.Release(); return nil }); err != nil {
						t.Fatal(err)
					}
				}
				return time.Since(began)
			}
			if got, want := take(50), 50*cost; got != want {
				t.Errorf("50 pictures took %v, want %v", got, want)
			}
			time.Sleep(2 * time.Second)
			if got, want := take(1000), 3000*cost; got > want || got < want-ms-want/100 {
				t.Errorf("1000 pictures took %v, want %v", got, want)
			}
		})
	}
}

// TestKeepsTheRules: a decoder made slow is one still.
func TestKeepsTheRules(t *testing.T) {
	platformtest.TestVideoDecoder(t, func(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
		f := &platform.Format{Kind: platform.Video, Codec: platform.H264, Width: 320, Height: 180}
		var samples []platform.Sample
		for i := range 50 {
			s := platform.Sample{Duration: 40 * ms, DTS: time.Duration(i) * 40 * ms, PTS: time.Duration(i) * 40 * ms, Data: []byte{0}, Key: i%10 == 0}
			s.Disposable = i%10%3 == 2
			if i == 0 {
				s.Format = f
			}
			samples = append(samples, s)
		}
		d := &slow.Decoders{Decoders: costing(ms), Factor: func(time.Duration) float64 { return 2 }}
		v, err := d.OpenVideo(*f)
		if err != nil {
			t.Fatal(err)
		}
		return v, samples
	}, platformtest.InBubble())
}

func TestPicturesComeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := open(t, &slow.Decoders{Decoders: &null.Decoders{Reorder: -1, Cost: func(*platform.Sample) time.Duration { return 10 * ms }}, Factor: func(time.Duration) float64 { return 2 }})
		defer v.Close()
		began := time.Now()
		stop := errors.New("stop")
		err := v.Decode(sample(0), func(p *platform.Picture) error {
			p.Release()
			if after := time.Since(began); after != 20*ms {
				t.Errorf("the picture is there after %v", after)
			}
			time.Sleep(time.Second) // waiting for the screen is not decoding
			return stop
		})
		if !errors.Is(err, stop) || time.Since(began) != time.Second+20*ms {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestAsFastAsItIs(t *testing.T) {
	for name, factor := range map[string]func(time.Duration) float64{
		"no factor": nil, "below 1": func(time.Duration) float64 { return .1 },
	} {
		synctest.Test(t, func(t *testing.T) {
			v := open(t, &slow.Decoders{Decoders: costing(10 * ms), Factor: factor})
			defer v.Close()
			began := time.Now()
			if err := v.Decode(sample(0), func(p *platform.Picture) error { p.Release(); return nil }); err != nil || time.Since(began) != 10*ms {
				t.Errorf("%s: %v, %v", name, time.Since(began), err)
			}
		})
	}
}

// plain hides what a decoder can do beside decoding.
type plain struct{ platform.Decoders }
type plainVideo struct{ platform.VideoDecoder }

func (d plain) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	v, err := d.Decoders.OpenVideo(f)
	return plainVideo{v}, err
}

// threaded decodes with three threads of eight.
type threaded struct{ platform.VideoDecoder }

func (threaded) Threads() (now, most int) { return 3, 8 }

type threadedDecoders struct{ platform.Decoders }

func (d threadedDecoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	v, err := d.Decoders.OpenVideo(f)
	return threaded{v}, err
}

func TestAbilitiesAreThoseOfTheDevice(t *testing.T) {
	if _, ok := open(t, &slow.Decoders{Decoders: &null.Decoders{}}).(platform.Effort); !ok {
		t.Error("the effort of the decoder cannot be set any more")
	}
	if _, ok := open(t, &slow.Decoders{Decoders: plain{&null.Decoders{}}}).(platform.Effort); ok {
		t.Error("a decoder without effort has one now")
	}
	if now, most := open(t, &slow.Decoders{Decoders: threadedDecoders{&null.Decoders{}}}).(platform.Threads).Threads(); now != 3 || most != 8 {
		t.Errorf("%d threads of %d, want 3 of 8", now, most)
	}
	if _, err := (&slow.Decoders{Decoders: &null.Decoders{}}).OpenVideo(platform.Format{Kind: platform.Video, Codec: "x"}); !errors.Is(err, platform.ErrUnsupported) {
		t.Error(err)
	}
}

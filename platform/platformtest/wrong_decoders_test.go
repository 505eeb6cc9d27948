package platformtest

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
)

var errFault = errors.New("the fault")

type (
	pictureOut = func(*platform.Picture) error
	soundOut   = func(*platform.PCM) error
)

// wrongVideo is a right decoder where its functions are nil.
type wrongVideo struct {
	platform.VideoDecoder
	decode func(s *platform.Sample, out pictureOut) error
	drain  func(out pictureOut) error
	flush  func() error
	close  func() error
	effort func(level platform.EffortLevel)
}

func (w *wrongVideo) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	if w.decode != nil {
		return w.decode(s, out)
	}
	return w.VideoDecoder.Decode(s, out)
}

func (w *wrongVideo) Drain(out func(*platform.Picture) error) error {
	if w.drain != nil {
		return w.drain(out)
	}
	return w.VideoDecoder.Drain(out)
}

func (w *wrongVideo) Flush() error {
	if w.flush != nil {
		return w.flush()
	}
	return w.VideoDecoder.Flush()
}

func (w *wrongVideo) Close() error {
	if w.close != nil {
		return w.close()
	}
	return w.VideoDecoder.Close()
}

func (w *wrongVideo) SetEffort(level platform.EffortLevel) {
	if w.effort != nil {
		w.effort(level)
		return
	}
	w.VideoDecoder.(platform.Effort).SetEffort(level)
}

// each changes every picture on its way out.
func (w *wrongVideo) each(change func(p *platform.Picture, out pictureOut) error) {
	through := func(out pictureOut) pictureOut {
		return func(p *platform.Picture) error { return change(p, out) }
	}
	w.decode = func(s *platform.Sample, out pictureOut) error { return w.VideoDecoder.Decode(s, through(out)) }
	w.drain = func(out pictureOut) error { return w.VideoDecoder.Drain(through(out)) }
}

// faultyVideo opens a right decoder and puts the fault in.
func faultyVideo(fault func(w *wrongVideo)) OpenVideoDecoder {
	return func(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
		d, samples := openNullVideo(t)
		w := &wrongVideo{VideoDecoder: d}
		fault(w)
		return w, samples
	}
}

func faultyPainter(fault func(d *painter)) OpenVideoDecoder {
	return func(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
		d := openPainter()
		fault(d)
		return d, videoSamples()
	}
}

func openOneFormat(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
	d, samples := openNullVideo(t)
	return d, samples[:12]
}

func openNoSamples(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
	d, _ := openNullVideo(t)
	return d, nil
}

func openNoSound(t *testing.T, out platform.PCMFormat) (platform.AudioDecoder, []platform.Sample) {
	d, samples := openNullAudio(t, out)
	return d, samples[:5]
}

func TestWrongVideoDecoders(t *testing.T) {
	expectCaught(t, videoDecoderRules, true, []wrong[OpenVideoDecoder]{
		{"delivers in decoding order", []string{"presentation-order"}, func(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
			d, err := (&null.Decoders{Reorder: -1}).OpenVideo(*low)
			if err != nil {
				t.Fatal(err)
			}
			return d, videoSamples()
		}},
		{"loses what it holds at Drain", []string{"none-lost-none-twice", "drain-delivers-all"}, faultyVideo(func(w *wrongVideo) {
			w.drain = func(pictureOut) error { return w.VideoDecoder.Flush() }
		})},
		{"delivers key pictures twice", []string{"none-lost-none-twice"}, faultyVideo(func(w *wrongVideo) {
			w.each(func(p *platform.Picture, out pictureOut) error {
				if again := *p; p.Key {
					again.Free = nil
					if err := out(&again); err != nil {
						return err
					}
				}
				return out(p)
			})
		})},
		{"loses the former format's last pictures", []string{"former-format-first", "none-lost-none-twice"}, faultyVideo(func(w *wrongVideo) {
			w.decode = func(s *platform.Sample, out pictureOut) error {
				if s.Format != nil {
					w.VideoDecoder.Flush()
				}
				return w.VideoDecoder.Decode(s, out)
			}
		})},
		{"delivers the former format's last pictures late", []string{"former-format-first", "presentation-order"}, faultyVideo(func(w *wrongVideo) {
			var late []*platform.Picture
			w.decode = func(s *platform.Sample, out pictureOut) error {
				if s.Format == nil {
					return w.VideoDecoder.Decode(s, out)
				}
				return w.VideoDecoder.Decode(s, func(p *platform.Picture) error { late = append(late, p); return nil })
			}
			w.drain = func(out pictureOut) error {
				err := w.VideoDecoder.Drain(out)
				for _, p := range late {
					err = errors.Join(err, out(p))
				}
				late = nil
				return err
			}
		})},
		{"names a copy of the format", []string{"source"}, faultyVideo(func(w *wrongVideo) {
			w.each(func(p *platform.Picture, out pictureOut) error {
				f := *p.Source
				p.Source = &f
				return out(p)
			})
		})},
		{"forgets what is a key picture", []string{"key"}, faultyVideo(func(w *wrongVideo) {
			w.each(func(p *platform.Picture, out pictureOut) error { p.Key = false; return out(p) })
		})},
		{"delivers planes that are too short", []string{"planes"}, faultyPainter(func(d *painter) { d.size = 320 * 100 })},
		{"delivers pictures without a size", []string{"planes"}, faultyVideo(func(w *wrongVideo) {
			w.each(func(p *platform.Picture, out pictureOut) error { p.Width = 0; return out(p) })
		})},
		{"reads a sample after the call", []string{"sample-valid-during-the-call"}, faultyPainter(func(d *painter) { d.lazy = true })},
		{"goes on when out fails", []string{"error-of-out-stops-decode", "error-of-out-stops-drain"}, faultyVideo(func(w *wrongVideo) {
			w.each(func(p *platform.Picture, out pictureOut) error { out(p); return nil })
		})},
		{"returns another error than out", []string{"error-of-out-stops-decode", "error-of-out-stops-drain"}, faultyVideo(func(w *wrongVideo) {
			w.each(func(p *platform.Picture, out pictureOut) error {
				if out(p) != nil {
					return errFault
				}
				return nil
			})
		})},
		{"calls out from Flush", []string{"no-call-after-return"}, faultyVideo(func(w *wrongVideo) {
			var former pictureOut
			w.decode = func(s *platform.Sample, out pictureOut) error {
				former = out
				return w.VideoDecoder.Decode(s, out)
			}
			w.flush = func() error {
				if former != nil {
					former(&platform.Picture{})
				}
				return w.VideoDecoder.Flush()
			}
		})},
		{"keeps all at Flush", []string{"flush-forgets"}, faultyVideo(func(w *wrongVideo) {
			w.flush = func() error { return nil }
		})},
		{"forgets the format at Flush", []string{"flush-keeps-the-format"}, faultyVideo(func(w *wrongVideo) {
			known := false
			w.decode = func(s *platform.Sample, out pictureOut) error {
				if known = known || s.Format != nil; !known {
					return errFault
				}
				return w.VideoDecoder.Decode(s, out)
			}
			w.flush = func() error { known = false; return w.VideoDecoder.Flush() }
		})},
		{"is stuck after Drain", []string{"usable-after-drain"}, faultyVideo(func(w *wrongVideo) {
			drained := false
			w.decode = func(s *platform.Sample, out pictureOut) error {
				if drained {
					return errFault
				}
				return w.VideoDecoder.Decode(s, out)
			}
			w.drain = func(out pictureOut) error { drained = true; return w.VideoDecoder.Drain(out) }
		})},
		{"is stuck after a damaged sample", []string{"lost-sample-recovers"}, faultyVideo(func(w *wrongVideo) {
			stuck := false
			w.decode = func(s *platform.Sample, out pictureOut) error {
				if stuck = stuck || len(s.Data) == 0; stuck {
					return errFault
				}
				return w.VideoDecoder.Decode(s, out)
			}
		})},
		{"panics on an empty sample", []string{"lost-sample-recovers"}, faultyVideo(func(w *wrongVideo) {
			w.decode = func(s *platform.Sample, out pictureOut) error {
				_ = s.Data[0]
				return w.VideoDecoder.Decode(s, out)
			}
		})},
		{"decodes into the memory of pictures not released", []string{"pictures-outlive-the-decoder"}, faultyPainter(func(d *painter) {
			d.shared = make([]byte, 640*360)
		})},
		{"takes the memory of pictures back at Close", []string{"pictures-outlive-the-decoder"}, faultyPainter(func(d *painter) {
			d.wipe = func() {
				for _, p := range d.made {
					p.Planes[0][0]++
				}
			}
		})},
		{"wants pictures back in its own goroutine", []string{"release-from-any-goroutine"}, faultyVideo(func(w *wrongVideo) {
			w.each(func(p *platform.Picture, out pictureOut) error {
				mine, free := goroutine(), p.Free
				p.Free = func() {
					free()
					if goroutine() != mine {
						panic("released in another goroutine")
					}
				}
				return out(p)
			})
		})},
		{"ignores the effort", []string{"effort"}, faultyVideo(func(w *wrongVideo) { w.effort = func(platform.EffortLevel) {} })},
		{"never goes back to full effort", []string{"effort"}, faultyVideo(func(w *wrongVideo) {
			var most platform.EffortLevel
			w.effort = func(level platform.EffortLevel) {
				most = max(most, level)
				w.VideoDecoder.(platform.Effort).SetEffort(most)
			}
		})},
	})
}

// goroutine names the calling goroutine.
func goroutine() string {
	b := make([]byte, 64)
	return strings.Fields(string(b[:runtime.Stack(b, false)]))[1]
}

// wrongAudio is a right decoder where its functions are nil.
type wrongAudio struct {
	platform.AudioDecoder
	decode func(s *platform.Sample, out soundOut) error
	drain  func(out soundOut) error
	flush  func() error
}

func (w *wrongAudio) Decode(s *platform.Sample, out func(*platform.PCM) error) error {
	if w.decode != nil {
		return w.decode(s, out)
	}
	return w.AudioDecoder.Decode(s, out)
}

func (w *wrongAudio) Drain(out func(*platform.PCM) error) error {
	if w.drain != nil {
		return w.drain(out)
	}
	return w.AudioDecoder.Drain(out)
}

func (w *wrongAudio) Flush() error {
	if w.flush != nil {
		return w.flush()
	}
	return w.AudioDecoder.Flush()
}

// each changes every piece of sound on its way out.
func (w *wrongAudio) each(change func(p *platform.PCM, out soundOut) error) {
	w.decode = func(s *platform.Sample, out soundOut) error {
		return w.AudioDecoder.Decode(s, func(p *platform.PCM) error { return change(p, out) })
	}
}

func faultyAudio(fault func(w *wrongAudio)) OpenAudioDecoder {
	return func(t *testing.T, out platform.PCMFormat) (platform.AudioDecoder, []platform.Sample) {
		d, samples := openNullAudio(t, out)
		w := &wrongAudio{AudioDecoder: d}
		fault(w)
		return w, samples
	}
}

func TestWrongAudioDecoders(t *testing.T) {
	expectCaught(t, audioDecoderRules, true, []wrong[OpenAudioDecoder]{
		{"delivers its own format", []string{"format-asked"}, func(t *testing.T, _ platform.PCMFormat) (platform.AudioDecoder, []platform.Sample) {
			return openNullAudio(t, stereo)
		}},
		{"loses half of every sample", []string{"format-asked", "no-gaps"}, faultyAudio(func(w *wrongAudio) {
			w.each(func(p *platform.PCM, out soundOut) error { p.Data = p.Data[:len(p.Data)/8*4]; return out(p) })
		})},
		{"cuts frames", []string{"whole-frames"}, faultyAudio(func(w *wrongAudio) {
			w.each(func(p *platform.PCM, out soundOut) error { p.Data = p.Data[1:]; return out(p) })
		})},
		{"drifts", []string{"no-gaps"}, faultyAudio(func(w *wrongAudio) {
			w.each(func(p *platform.PCM, out soundOut) error { p.PTS += (p.PTS - time.Minute) / 100; return out(p) })
		})},
		{"counts from 0", []string{"time-of-the-sample"}, faultyAudio(func(w *wrongAudio) {
			w.each(func(p *platform.PCM, out soundOut) error { p.PTS -= time.Minute; return out(p) })
		})},
		{"delivers nothing", []string{"no-gaps", "time-of-the-sample", "error-of-out-stops", "flush-forgets"}, faultyAudio(func(w *wrongAudio) {
			w.each(func(*platform.PCM, soundOut) error { return nil })
		})},
		{"reads a sample after the call", []string{"sample-valid-during-the-call"}, faultyAudio(func(w *wrongAudio) {
			var former []byte
			w.decode = func(s *platform.Sample, out soundOut) error {
				defer func() { former = s.Data }()
				return w.AudioDecoder.Decode(s, func(p *platform.PCM) error {
					copy(p.Data, former)
					return out(p)
				})
			}
		})},
		{"counts on the bytes it handed out", []string{"out-may-change-the-bytes"}, faultyAudio(func(w *wrongAudio) {
			buf := make([]byte, 1<<16)
			w.each(func(p *platform.PCM, out soundOut) error { p.Data = buf[:len(p.Data)]; return out(p) })
		})},
		{"goes on when out fails", []string{"error-of-out-stops"}, faultyAudio(func(w *wrongAudio) {
			w.each(func(p *platform.PCM, out soundOut) error { out(p); return nil })
		})},
		{"calls out from Flush", []string{"no-call-after-return"}, faultyAudio(func(w *wrongAudio) {
			var former soundOut
			w.decode = func(s *platform.Sample, out soundOut) error {
				former = out
				return w.AudioDecoder.Decode(s, out)
			}
			w.flush = func() error {
				if former != nil {
					former(&platform.PCM{})
				}
				return w.AudioDecoder.Flush()
			}
		})},
		{"keeps a sample over Flush", []string{"flush-forgets"}, faultyAudio(func(w *wrongAudio) {
			var held *platform.Sample
			w.decode = func(s *platform.Sample, out soundOut) error {
				former := held
				next := *s
				held = &next
				if former == nil {
					return nil
				}
				return w.AudioDecoder.Decode(former, out)
			}
			w.drain = func(out soundOut) error {
				if held == nil {
					return nil
				}
				former := held
				held = nil
				return w.AudioDecoder.Decode(former, out)
			}
		})},
		{"forgets the format at Flush", []string{"flush-keeps-the-format"}, faultyAudio(func(w *wrongAudio) {
			known := false
			w.decode = func(s *platform.Sample, out soundOut) error {
				if known = known || s.Format != nil; !known {
					return errFault
				}
				return w.AudioDecoder.Decode(s, out)
			}
			w.flush = func() error { known = false; return w.AudioDecoder.Flush() }
		})},
		{"is stuck after Drain", []string{"usable-after-drain"}, faultyAudio(func(w *wrongAudio) {
			w.drain = func(out soundOut) error { return errors.Join(w.AudioDecoder.Drain(out), w.AudioDecoder.Close()) }
		})},
		{"is stuck after a damaged sample", []string{"lost-sample-recovers"}, faultyAudio(func(w *wrongAudio) {
			w.decode = func(s *platform.Sample, out soundOut) error {
				if len(s.Data) == 0 {
					w.AudioDecoder.Close()
				}
				return w.AudioDecoder.Decode(s, out)
			}
		})},
	})
}

// wrongDecoders are right where their functions are nil.
type wrongDecoders struct {
	null.Decoders
	supports  func(f platform.Format) error
	openVideo func(f platform.Format) (platform.VideoDecoder, error)
}

func (w *wrongDecoders) Supports(f platform.Format) error {
	if w.supports != nil {
		return w.supports(f)
	}
	return w.Decoders.Supports(f)
}

func (w *wrongDecoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	if w.openVideo != nil {
		return w.openVideo(f)
	}
	return w.Decoders.OpenVideo(f)
}

func faultyDecoders(fault func(w *wrongDecoders)) OpenDecoders {
	return func(t *testing.T) (platform.Decoders, []platform.Format) {
		_, formats := openNullDecoders(t)
		w := &wrongDecoders{}
		fault(w)
		return w, slices.Clone(formats)
	}
}

func TestWrongDecoders(t *testing.T) {
	expectCaught(t, decodersRules, true, []wrong[OpenDecoders]{
		{"supports everything", []string{"unsupported-is-said"}, faultyDecoders(func(w *wrongDecoders) {
			w.supports = func(platform.Format) error { return nil }
		})},
		{"says no with another error", []string{"unsupported-is-said"}, faultyDecoders(func(w *wrongDecoders) {
			w.supports = func(f platform.Format) error {
				if w.Decoders.Supports(f) != nil {
					return errFault
				}
				return nil
			}
		})},
		{"opens everything", []string{"unsupported-is-not-opened"}, faultyDecoders(func(w *wrongDecoders) {
			w.openVideo = func(platform.Format) (platform.VideoDecoder, error) { return w.Decoders.OpenVideo(*low) }
		})},
		{"does not open what it supports", []string{"supported-is-opened"}, faultyDecoders(func(w *wrongDecoders) {
			w.openVideo = func(f platform.Format) (platform.VideoDecoder, error) {
				return nil, fmt.Errorf("too large: %w", platform.ErrUnsupported)
			}
		})},
		{"serves one goroutine at a time", []string{"any-goroutine"}, faultyDecoders(func(w *wrongDecoders) {
			one := newOneAtATime()
			w.openVideo = func(f platform.Format) (platform.VideoDecoder, error) {
				if err := one.call(); err != nil {
					return nil, err
				}
				return w.Decoders.OpenVideo(f)
			}
		})},
	})
}

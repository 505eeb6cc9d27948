package player

import (
	"errors"
	"fmt"

	"smoothplay/platform"
	"smoothplay/player/bitstream"
	"smoothplay/player/event"
	"smoothplay/player/pipeline"
)

// soundForm is what the sound device is configured for: the bitstream of a codec
// in its carrier, or PCM of whatever form, which is the zero soundForm.
type soundForm struct {
	codec   platform.Codec
	carrier platform.PCMFormat
}

var errNoPassthrough = errors.New("the sound device takes no bitstreams")

// formOf is the form in which t is best given to the sound device, and why it is
// PCM where a bitstream was wanted.
func (l *loop) formOf(t *track) (soundForm, error) {
	f := t.levels[0].format
	carrier, ok := bitstream.Carrier(f)
	if !l.cfg.Passthrough || !ok || l.audioLost {
		return soundForm{}, nil
	}
	device, ok := l.dev.Audio.(platform.Passthrough)
	if !ok {
		return soundForm{}, errNoPassthrough
	}
	for _, q := range t.levels {
		if c, _ := bitstream.Carrier(q.format); q.format.Codec != f.Codec || c != carrier {
			return soundForm{}, errors.New("the levels are of different forms")
		}
		if err := device.Takes(*q.format); err != nil {
			return soundForm{}, err
		}
	}
	return soundForm{f.Codec, carrier}, nil
}

// reshapes reports whether playing t needs the sound device to be configured
// anew.
func (l *loop) reshapes(t *track) bool {
	form, _ := l.formOf(t)
	return l.feeder != nil && form != l.form
}

// openSound configures the sound device for t: once a session, and again where t
// needs another form, as devices that take bitstreams allow.
func (l *loop) openSound(t *track) {
	if l.feeder != nil && !l.reshapes(t) {
		return
	}
	if l.feeder != nil {
		l.feeder.Retire()
		if l.feeding != nil {
			l.feeding()
			l.feeding = nil
		}
	}
	form, _ := l.formOf(t)
	sink := l.dev.Audio
	if l.audioLost {
		sink = nullAudio()
	}
	if form != (soundForm{}) {
		err := sink.(platform.Passthrough).ConfigureBitstream(*t.levels[0].format, form.carrier)
		if err != nil {
			l.survive(fail(event.SoundFailed, "", "the sound device takes no bitstream after all, sound is decoded: %w", err), "audio")
			form = soundForm{}
		}
	}
	l.form, l.pcm = form, form.carrier
	if form == (soundForm{}) {
		sink, l.pcm = l.configurePCM(sink, t.levels[0].format)
	}
	l.feeder = pipeline.NewFeeder(l.clock, sink, l.pcm, nullAudio, l.monitor)
	if form != (soundForm{}) {
		l.feeder.Bitstream()
		l.setSpeed(1, "")
	}
	l.feeder.SetGain(l.gain())
}

// configurePCM configures sink for sound of format f; where it fails, one that
// nobody hears takes its place.
func (l *loop) configurePCM(sink platform.AudioSink, f *platform.Format) (platform.AudioSink, platform.PCMFormat) {
	want := platform.PCMFormat{Rate: f.SampleRate, Channels: max(f.Channels, 2)}
	if want.Rate < 32000 { // HE-AAC states the rate of its core
		want.Rate = 48000
	}
	got, err := sink.Configure(want)
	if err != nil {
		l.survive(fail(event.SoundFailed, "", "the sound device does not open, playing goes on without sound: %w", err), "audio")
		sink = nullAudio()
		got, _ = sink.Configure(want) // it takes any format
	}
	return sink, got
}

// newBranch is the decode loop of an audio track, in the form of the device.
func (l *loop) newBranch(t *track) *pipeline.Audio {
	if l.form == (soundForm{}) {
		return pipeline.NewAudio(t.id, t.queue, l.dev.Decoders, l.pcm, l.monitor)
	}
	a := pipeline.NewAudio(t.id, t.queue, bitstream.Decoders{Decoders: l.dev.Decoders}, l.pcm, l.monitor)
	a.Bitstream()
	return a
}

// reshape changes to the audio track t, for which the sound device is configured
// anew: what it holds is forgotten, and playing goes on from where it is.
func (l *loop) reshape(t *track) {
	if old := l.of(platform.Audio); old != nil && old != t {
		l.dropTrack(old)
	}
	l.startTrack(t)
	l.moveTo(l.position(), Exact, "audio", nil)
	l.switched(t)
}

// pathOf is how t is decoded, by what its decoder says; where a bitstream was
// wanted, with the reason why it is not one.
func (l *loop) pathOf(t *track, says string) string {
	if t.kind != platform.Audio || l.form != (soundForm{}) || says == "" {
		return says
	}
	if _, why := l.formOf(t); why != nil {
		return fmt.Sprintf("%s (passthrough: %v)", says, why)
	}
	return says
}

// speedFor is the speed that can be played: a bitstream has its own alone.
func (l *loop) speedFor(wanted float64) float64 {
	if l.form != (soundForm{}) {
		return 1
	}
	return wanted
}

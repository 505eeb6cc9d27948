package fragment

import (
	"fmt"

	"smoothplay/platform"
)

// Fragment is one parsed fragment, [MS-SSTR] 2.2.4. The zero Fragment is ready
// for use. Parse resets it and uses its slices again, so that a steady stream of
// fragments allocates nothing; what Samples, Next, Systems and Encryption refer
// to is therefore valid until the next Parse, while the bytes they point at
// (Data, IV, Media) belong to the body that was given to Parse. All times are in
// ticks of the stream's TimeScale. A Fragment is not safe for concurrent use and
// must not be copied.
type Fragment struct {
	Sequence uint32 // mfhd; orders nothing reliably
	TrackID  uint32 // tfhd; unrelated to the manifest

	// Time and Duration are those of the tfxd box, where HasTime. On demand they
	// may be nonsense: the requested time wins unless this one is near it.
	Time, Duration uint64
	HasTime        bool
	// DecodeTime is that of the tfdt box, where HasDecodeTime.
	DecodeTime    uint64
	HasDecodeTime bool
	// Next are the fragments that follow, as the tfrf box announces them.
	Next []Announced

	// Samples are in decoding order, contiguous in Media.
	Samples []Sample
	// Media is the payload of the mdat box, as far as it arrived.
	Media []byte

	// Encryption is nil where the samples are clear.
	Encryption *Encryption
	// Systems are the protection headers that came with the fragment (rotation
	// of keys); usually none.
	Systems []platform.ProtectionSystem

	// Damaged: samples are missing that the moof lists.
	Damaged bool
	// Warnings are what was wrong and could be put right.
	Warnings Warning

	encryption Encryption
	subsamples []platform.Subsample
	announced  [4]Announced // room for Next, enough for every real server
}

// Announced is one entry of a tfrf box: a fragment that will follow,
// [MS-SSTR] 2.2.4.5. Time is what its URL takes.
type Announced struct{ Time, Duration uint64 }

// Sample is one coded access unit.
type Sample struct {
	// Data aliases the body. It may be empty: such a sample holds its time only.
	Data []byte
	// Decode is the decoding time in ticks since the start of the fragment, and
	// Decode + Composition the presentation time.
	Decode      int64
	Composition int32 // signed, whatever the version of the trun box
	Duration    uint32
	// Flags are the sample flags as sent, ISO/IEC 14496-12 8.8.3.1. On real
	// servers they say little: use Sync.
	Flags uint32
	// DependsOn and DependedOn are sample_depends_on and
	// sample_is_depended_on of the sdtp box, else of Flags: 0 not known, 1 yes,
	// 2 no. DependedOn 2 marks a sample that no other refers to.
	DependsOn, DependedOn uint8
	// Sync: decoding can begin here.
	Sync bool
}

// Options tell Parse what the manifest knows of a fragment.
type Options struct {
	// Kind decides which samples are Sync: every one of audio and text; of video
	// the first, and those explicitly marked as depending on no other.
	Kind platform.Kind
	// FragmentDuration in ticks is shared out where the boxes state no sample
	// durations; 0: that of the tfxd box.
	FragmentDuration uint64
	// MaxSamples bounds the samples of one fragment; 0: 65536. Whatever it is,
	// no more are accepted than 1024 + one for each 8 bytes of the body.
	MaxSamples int
}

// limit is the number of samples that a body of n bytes may have.
func (o Options) limit(n int) int {
	m := o.MaxSamples
	if m <= 0 {
		m = 1 << 16
	}
	return min(m, 1024+n/8)
}

// Warning is a set of oddities that did not keep a fragment from being read.
type Warning uint16

// The oddities.
const (
	WarnOffset    Warning = 1 << iota // data_offset did not point at the media and was ignored
	WarnOrder                         // the mdat box stands before the moof box
	WarnExtra                         // a second moof or traf box was left out
	WarnTime                          // a tfxd, tfrf or tfdt box could not be read, in whole or in part
	WarnDurations                     // no durations: the fragment's was shared out
	WarnSizes                         // no sizes: the one sample was given the whole mdat box
	WarnDepends                       // the sdtp box does not cover all samples
	WarnSystem                        // a pssh box could not be read
)

var warningTexts = [...]string{
	"data_offset ignored", "mdat before moof", "second moof or traf ignored", "unreadable tfxd, tfrf or tfdt",
	"no sample durations", "no sample sizes", "short sdtp", "unreadable pssh",
}

// String lists the oddities, separated by commas; "" where there are none.
func (w Warning) String() string {
	s := ""
	for i, text := range warningTexts {
		if w&(1<<i) != 0 {
			if s != "" {
				s += ", "
			}
			s += text
		}
	}
	return s
}

// Parse reads one fragment: the whole body of a response. The samples alias
// data, which must stay unchanged for as long as they are used.
//
// Errors wrap ErrNotFragment, ErrTruncated or ErrNoSamples, or are a *BoxError.
// With ErrTruncated, Samples holds those that arrived complete and Damaged is
// set. A sound mdat box that is too small for the samples that moof lists is no
// error while one sample is complete: asking again would not help; Damaged is
// set. After any other error Samples is empty.
func (f *Fragment) Parse(data []byte, o Options) error {
	f.reset()
	moof, mdat, found, err := f.find(data)
	if err != nil {
		return err
	}
	t, err := f.readMoof(data, moof, o.limit(len(data)))
	if err != nil {
		return err
	}
	if t.total == 0 {
		return fmt.Errorf("%w: moof box at byte %d lists none", ErrNoSamples, moof.start)
	}
	if !found {
		f.Damaged = true
		return &BoxError{Box: "mdat", Offset: len(data), Reason: "missing: the body ends before it", Err: ErrTruncated}
	}
	f.Media = data[mdat.body:mdat.end:mdat.end]
	if err := f.readSamples(data, moof, mdat, t, o); err != nil {
		f.dropSamples()
		return err
	}
	if err := f.readEncryption(data, t); err != nil {
		f.dropSamples()
		return err
	}
	if n := len(f.Samples); n < t.total {
		f.Damaged = true
		if mdat.cut {
			return &BoxError{Box: "mdat", Offset: mdat.start, Err: ErrTruncated,
				Reason: fmt.Sprintf("cut short after %d bytes: %d of %d samples complete", len(f.Media), n, t.total)}
		}
		if n == 0 {
			return fmt.Errorf("%w: none of %d fits the mdat box of %d bytes", ErrNoSamples, t.total, len(f.Media))
		}
	}
	return nil
}

// Length is the sum of the durations of all samples, in ticks.
func (f *Fragment) Length() int64 {
	if len(f.Samples) == 0 {
		return 0
	}
	last := &f.Samples[len(f.Samples)-1]
	return last.Decode + int64(last.Duration)
}

// reset empties f and keeps its memory; nothing refers to the last body after it.
func (f *Fragment) reset() {
	f.dropSamples()
	clear(f.Systems)
	next := f.Next[:0]
	if next == nil {
		next = f.announced[:0]
	}
	*f = Fragment{
		Samples:    f.Samples,
		Next:       next,
		Systems:    f.Systems[:0],
		encryption: Encryption{Samples: f.encryption.Samples},
		subsamples: f.subsamples[:0],
	}
}

func (f *Fragment) dropSamples() {
	clear(f.Samples)
	clear(f.encryption.Samples)
	f.Samples, f.encryption.Samples = f.Samples[:0], f.encryption.Samples[:0]
	f.Encryption = nil
}

// find looks for the first moof box and its mdat box; found says whether there is
// an mdat box.
func (f *Fragment) find(data []byte) (moof, mdat box, found bool, err error) {
	hasMoof, hasMdat, cut := false, false, false
	for pos := 0; pos < len(data) && !cut; {
		b, ok := readBox(data, pos)
		if cut = !ok || b.cut; !ok {
			break
		}
		switch {
		case b.kind == boxMoof && hasMoof:
			f.Warnings |= WarnExtra
		case b.kind == boxMoof:
			if b.cut {
				return b, mdat, false, &BoxError{Box: "moof", Offset: pos, Err: ErrTruncated,
					Reason: fmt.Sprintf("cut short: %d bytes of it are there", b.end-pos)}
			}
			moof, hasMoof = b, true
		case b.kind == boxMdat && !hasMdat:
			mdat, hasMdat = b, true
			if !hasMoof {
				f.Warnings |= WarnOrder
			}
		case b.kind == boxMdat && mdat.start < moof.start: // the one before moof was another's
			mdat = b
			f.Warnings &^= WarnOrder
		}
		pos = b.end
	}
	if !hasMoof {
		return moof, mdat, false, notFragment(data, cut)
	}
	return moof, mdat, hasMdat, nil
}

package trick

import (
	"math"
	"time"
)

const (
	// Pictures a second that are aimed at, and with how few the key pictures of a
	// stream alone are good enough.
	wantedPictures = 10
	enoughPictures = 8
	// What of the link is used: to stay at a level, to go up to one, and where there
	// is little to show.
	stayShare, riseShare, hurryShare = 0.85, 0.65, 0.35
	// decodeShare is how much of the time the decoder may be busy.
	decodeShare = 0.7
	// overhead is what a request and an answer cost beside the samples, in bytes.
	overhead = 1500
	// Flying is how many requests for key pictures are under way at once, so that
	// a long way to the server does not bound how many pictures come.
	Flying = 2
	// usualKeys is the share of a fragment that its key pictures are, where nothing
	// is known.
	usualKeys = 0.25
)

// Input is what [Choose] knows. Levels are never empty and ascend in bitrate.
type Input struct {
	Rate         float64       // of playing; negative is backwards
	Chunk        time.Duration // how long a chunk lasts
	Period       time.Duration // how long a picture lasts
	Keys         int           // key samples in a chunk; 0: not known
	KeyShare     float64       // of the bytes of a fragment; 0: not known
	References   float64       // share of samples that others refer to; 0: not known
	Levels       []Level
	BandwidthBPS int64         // 0: not known
	RoundTrip    time.Duration // from a request to its first byte
	KeyFrames    bool          // the server may answer requests for key pictures alone
	Hurry        bool          // there is little to show: what comes is to come soon
	Current      Plan          // followed so far; the zero Plan: none
}

// Level is one that may be fetched or not.
type Level struct {
	BitrateBPS int64
	Decode     time.Duration // of one sample; 0: not known
	Usable     bool
}

// Plan is how pictures are had at a rate.
type Plan struct {
	Level int
	// Whole: whole fragments are fetched, because key pictures are too far apart.
	Whole bool
	// Step is the media from one picture shown to the next.
	Step time.Duration
	// Keys are the key samples in a chunk, as far as is known; 1 at least.
	Keys int
}

// Choose is the plan for a rate: key pictures of the highest level that link and
// decoder carry, where they are close enough to each other; else whole fragments
// of the highest level for which that holds; else, what there is too little for, as
// many key pictures of the lowest level as can be had.
func Choose(in Input) Plan {
	keys := max(in.Keys, 1)
	speed := math.Abs(in.Rate)
	interval := in.Chunk / time.Duration(keys)
	wanted := time.Duration(speed / wantedPictures * float64(time.Second))
	every := max(wanted/max(interval, 1), 1) // of so many key pictures one is shown
	sparse := Plan{Step: every * interval, Keys: keys}
	pictures := max(wanted/max(in.Period, 1), 1) // so that each place is that of a picture
	dense := Plan{Step: pictures * in.Period, Keys: keys, Whole: true}
	enough := speed/sparse.Step.Seconds() >= enoughPictures
	if enough {
		if best, ok := in.best(sparse); ok {
			return best
		}
	} else if best, ok := in.best(dense); ok {
		return best
	} else if dense.Level = in.lowest(); in.carries(dense, stayShare) {
		return dense
	} else if best, ok := in.best(sparse); ok {
		return best
	}
	sparse.Level = in.lowest()
	for range 10 {
		if in.carries(sparse, stayShare) {
			break
		}
		every++
		sparse.Step = every * interval
	}
	return sparse
}

// best is p at the highest level that can be had at all.
func (in *Input) best(p Plan) (Plan, bool) {
	for q := len(in.Levels) - 1; q >= 0; q-- {
		p.Level = q
		share := riseShare
		switch {
		case in.Hurry:
			share = hurryShare
		case in.Current.Step > 0 && q <= in.Current.Level:
			share = stayShare
		}
		if in.Levels[q].Usable && in.carries(p, share) {
			return p, true
		}
	}
	return p, false
}

// Decodes reports whether the decoder is fast enough for whole fragments of a
// level.
func (in *Input) Decodes(level int) bool {
	whole := Plan{Level: level, Whole: true, Step: time.Duration(math.Abs(in.Rate) / wantedPictures * float64(time.Second))}
	return in.samples(whole)*in.Levels[level].Decode.Seconds() <= decodeShare
}

// samples is how many of them are decoded in a second.
func (in *Input) samples(p Plan) float64 {
	speed := math.Abs(in.Rate)
	pictures := speed / p.Step.Seconds()
	if !p.Whole {
		return pictures
	}
	references := in.References
	if references == 0 {
		references = 1
	}
	return math.Max(speed/in.Period.Seconds()*references, pictures)
}

func (in *Input) lowest() int {
	for q, l := range in.Levels {
		if l.Usable {
			return q
		}
	}
	return 0
}

// carries reports whether a share of the link, and the decoder, are enough for p.
// Where nothing is known of the link, they are for the lowest level.
func (in *Input) carries(p Plan, share float64) bool {
	speed := math.Abs(in.Rate)
	level := in.Levels[p.Level]
	pictures := speed / p.Step.Seconds()
	requests := math.Min(pictures, speed/in.Chunk.Seconds())
	bits := float64(level.BitrateBPS) * in.Chunk.Seconds()
	if !p.Whole && in.KeyFrames {
		keys := in.KeyShare
		if keys == 0 {
			keys = usualKeys
		}
		bits *= keys
	}
	if in.samples(p)*level.Decode.Seconds() > decodeShare {
		return false
	}
	if in.BandwidthBPS == 0 {
		return p.Level == in.lowest()
	}
	link := float64(in.BandwidthBPS)
	bits += 8 * overhead
	if requests*bits > share*link {
		return false
	}
	if p.Whole {
		return true
	}
	return requests*(in.RoundTrip.Seconds()+bits/link) <= Flying
}

package save

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
)

// fakeStream is a stream whose every time is chosen.
type fakeStream struct {
	kind, name, language string
	scale                uint64
	chunks               []fakeChunk
	fourCC, data, more   string // of the level
}

// fakeChunk is a fragment of samples that follow each other, each of one length.
type fakeChunk struct {
	t, d    uint64
	samples int
	offsets []int32 // composition, from the first on; missing ones are 0

	encrypted bool // as it says: the bytes are the same
}

// fake serves such streams.
type fake []fakeStream

const (
	fakeAVC = "000000016764001FAC2CA5014016EC0440000003004000000C83C60CA80000000168EF3CB0"
	fakeURL = "http://test/x.ism/Manifest"
)

// steady are n chunks of d from t on.
func steady(t, d uint64, n, samples int) (chunks []fakeChunk) {
	for range n {
		chunks = append(chunks, fakeChunk{t: t, d: d, samples: samples})
		t += d
	}
	return chunks
}

var fakePath = regexp.MustCompile(`^/x\.ism/Q\(1000\)/F\((.*)=(\d+)\)$`)

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/x.ism/Manifest" {
		fmt.Fprint(w, f.manifest())
		return
	}
	if m := fakePath.FindStringSubmatch(r.URL.Path); m != nil {
		for _, s := range f {
			for _, c := range s.chunks {
				if s.name == m[1] && strconv.FormatUint(c.t, 10) == m[2] {
					w.Write(c.body())
					return
				}
			}
		}
	}
	http.NotFound(w, r)
}

func (f fake) manifest() string {
	var b strings.Builder
	b.WriteString(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0">`)
	for _, s := range f {
		fmt.Fprintf(&b, `<StreamIndex Type="%s" Name="%s" Language="%s" TimeScale="%d" Url="Q({bitrate})/F(%s={start time})">`,
			s.kind, s.name, s.language, s.scale, s.name)
		fmt.Fprintf(&b, `<QualityLevel Index="0" Bitrate="1000" FourCC="%s" CodecPrivateData="%s" %s/>`, s.fourCC, s.data, s.more)
		for _, c := range s.chunks {
			fmt.Fprintf(&b, `<c t="%d" d="%d"/>`, c.t, c.d)
		}
		b.WriteString(`</StreamIndex>`)
	}
	b.WriteString(`</SmoothStreamingMedia>`)
	return b.String()
}

func (c *fakeChunk) body() []byte {
	f, err := mp4.CreateFragment(1, 1)
	if err != nil {
		panic(err)
	}
	for i := range c.samples {
		s := mp4.FullSample{Data: []byte{0, 0, 0, 2, 0x41, byte(i)}}
		s.Size, s.Dur = uint32(len(s.Data)), uint32(c.d/uint64(c.samples))
		s.Flags = 0x01010000
		if i == 0 {
			s.Flags = 0x02000000
		}
		if i < len(c.offsets) {
			s.CompositionTimeOffset = c.offsets[i]
		}
		f.AddFullSample(s)
	}
	if c.encrypted {
		senc := mp4.CreateSencBox()
		for i := range c.samples {
			s := mp4.SencSample{IV: []byte{7: byte(i)}, SubSamples: []mp4.SubSamplePattern{{BytesOfClearData: 4, BytesOfProtectedData: 2}}}
			if err := senc.AddSample(s); err != nil {
				panic(err)
			}
		}
		f.Moof.Traf.AddChild(senc)
	}
	var b bytes.Buffer
	if err := f.Encode(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func video(scale uint64, chunks ...fakeChunk) fakeStream {
	return fakeStream{kind: "video", name: "video", scale: scale, chunks: chunks, fourCC: "H264", data: fakeAVC,
		more: `MaxWidth="1280" MaxHeight="720"`}
}

func audio(scale uint64, chunks ...fakeChunk) fakeStream {
	return fakeStream{kind: "audio", name: "audio", language: "en-US", scale: scale, chunks: chunks, fourCC: "AACL",
		data: "1190", more: `SamplingRate="48000" Channels="2"`}
}

// presented are the times in seconds at which the samples of a track are
// presented by its edit list, in decoding order; those before the movie begins are
// below 0. end is when the track ends.
func presented(t *testing.T, f *mp4.File, trak *mp4.TrakBox) (times []float64, end float64) {
	t.Helper()
	movie, scale := float64(f.Moov.Mvhd.Timescale), float64(trak.Mdia.Mdhd.Timescale)
	delay, begin := 0.0, 0.0
	for _, e := range trak.Edts.Elst[0].Entries {
		if e.MediaTime == -1 {
			delay = float64(e.SegmentDuration) / movie
		} else {
			begin, end = float64(e.MediaTime), delay+float64(e.SegmentDuration)/movie
		}
	}
	stbl := trak.Mdia.Minf.Stbl
	decode := uint64(0)
	for n := uint32(1); n <= stbl.Stsz.GetNrSamples(); n++ {
		offset := int64(0)
		if stbl.Ctts != nil {
			offset = int64(stbl.Ctts.GetCompositionTimeOffset(n))
		}
		times = append(times, (float64(int64(decode)+offset)-begin)/scale+delay)
		decode += uint64(stbl.Stts.GetDur(n))
	}
	return times, end
}

// near compares times in seconds with those wanted, to the 50,000th part of a
// second, in which the movie as a whole counts.
func near(t *testing.T, what string, got []float64, want ...float64) {
	t.Helper()
	for i := range want {
		if len(got) != len(want) || got[i]-want[i] > 2e-5 || want[i]-got[i] > 2e-5 {
			t.Errorf("%s: %v\nwant %v", what, got, want)
			return
		}
	}
}

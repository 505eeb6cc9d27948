//go:build cgo

package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/platform/platformtest"
)

// probed is what ffprobe says of a stream and its packets.
type probed struct {
	Streams []struct {
		Codec         string `json:"codec_name"`
		TimeBase      string `json:"time_base"`
		Extra         string `json:"extradata"`
		Width, Height int
		Rate          string `json:"sample_rate"`
		Channels      int
		BitRate       string `json:"bit_rate"`
	}
	Packets []struct {
		PTS, DTS, Duration *int64
		Flags, Data        string
	}
}

// dumped is the bytes of a hexadecimal dump of ffprobe.
func dumped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	for line := range strings.Lines(text) {
		if _, rest, ok := strings.Cut(line, ": "); ok {
			digits := strings.ReplaceAll(rest[:min(len(rest), 40)], " ", "")
			data, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(data)
		}
	}
	return b.Bytes()
}

// remuxed serves one stream of a file, in fragments of two seconds, as a
// presentation whose one level has the attributes that attributes makes. rewrite,
// unless nil, changes the bytes of each sample.
type remuxed struct {
	manifest  string
	fragments map[int64][]byte
}

func remux(t *testing.T, file, stream string, attributes func(extra []byte, packet int) string, rewrite func([]byte) []byte) *remuxed {
	t.Helper()
	var p probed
	text := tool(t, "ffprobe", "-select_streams", stream, "-show_data", "-show_entries", "stream=codec_name,time_base,extradata,width,height,sample_rate,channels,bit_rate:packet=pts,dts,duration,flags,data", "-of", "json", file)
	if err := json.Unmarshal([]byte(text), &p); err != nil || len(p.Streams) != 1 || len(p.Packets) == 0 {
		t.Fatalf("%v: %d streams, %d packets", err, len(p.Streams), len(p.Packets))
	}
	scale, err := strconv.ParseInt(strings.TrimPrefix(p.Streams[0].TimeBase, "1/"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	kind := "video"
	if p.Streams[0].Width == 0 {
		kind = "audio"
	}
	r := &remuxed{fragments: map[int64][]byte{}}
	var chunks strings.Builder
	var f *mp4.Fragment
	var begin int64
	flush := func(end int64) {
		if f == nil {
			return
		}
		var b bytes.Buffer
		if err := f.Encode(&b); err != nil {
			t.Fatal(err)
		}
		r.fragments[begin] = b.Bytes()
		fmt.Fprintf(&chunks, `<c t="%d" d="%d"/>`, begin, end-begin)
		f = nil
	}
	first, last := int64(0), int64(0)
	times := make([]int64, len(p.Packets))
	for i, packet := range p.Packets {
		switch {
		case packet.DTS != nil:
			times[i] = *packet.DTS
		case packet.PTS != nil:
			times[i] = *packet.PTS
		case i > 0:
			times[i] = times[i-1] + 1
		}
		if i == 0 {
			first = min(times[0], 0)
		}
		times[i] -= first
	}
	largest := 0
	for i, packet := range p.Packets {
		duration := int64(40)
		if packet.Duration != nil {
			duration = *packet.Duration
		}
		if i+1 < len(times) {
			duration = times[i+1] - times[i]
		}
		key := strings.HasPrefix(packet.Flags, "K")
		if key && times[i] >= begin+2*scale {
			flush(times[i])
		}
		if f == nil {
			if f, err = mp4.CreateFragment(1, 1); err != nil {
				t.Fatal(err)
			}
			begin = times[i]
		}
		data := dumped(t, packet.Data)
		if rewrite != nil {
			data = rewrite(data)
		}
		largest = max(largest, len(data))
		s := mp4.FullSample{Data: data}
		s.Size, s.Dur, s.Flags = uint32(len(data)), uint32(duration), 0x01010000
		if key {
			s.Flags = 0x02000000
		}
		if packet.PTS != nil {
			s.CompositionTimeOffset = int32(*packet.PTS - first - times[i])
		}
		f.AddFullSample(s)
		last = times[i] + duration
	}
	flush(last)
	one := p.Streams[0]
	r.manifest = fmt.Sprintf(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0">
<StreamIndex Type="%s" Name="s" TimeScale="%d" Url="Q({bitrate})/F(s={start time})">
<QualityLevel Index="0" Bitrate="%s" MaxWidth="%d" MaxHeight="%d" SamplingRate="%s" Channels="%d" %s/>%s
</StreamIndex></SmoothStreamingMedia>`, kind, scale, bitrateOf(one.BitRate), one.Width, one.Height, one.Rate, one.Channels,
		attributes(dumped(t, one.Extra), largest), &chunks)
	return r
}

func bitrateOf(text string) string {
	if text == "" {
		return "1000"
	}
	return text
}

var remuxedPath = regexp.MustCompile(`F\(s=(\d+)\)$`)

func (r *remuxed) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if strings.HasSuffix(q.URL.Path, "/Manifest") {
		fmt.Fprint(w, r.manifest)
	} else if m := remuxedPath.FindStringSubmatch(q.URL.Path); m != nil {
		at, _ := strconv.ParseInt(m[1], 10, 64)
		w.Write(r.fragments[at])
	} else {
		http.NotFound(w, q)
	}
}

// Whatever the codec, FFmpeg decodes of the saved file what it decodes of the
// source.
func TestRealSaveCodecs(t *testing.T) {
	fourCC := func(name, more string) func([]byte, int) string {
		return func(extra []byte, packet int) string {
			return fmt.Sprintf(`FourCC="%s" PacketSize="%d" CodecPrivateData="%X" %s`, name, packet, extra, more)
		}
	}
	made := func(args ...string) func(*testing.T) string {
		return func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "source.mp4")
			tool(t, "ffmpeg", append(append([]string{"-nostdin", "-y"}, args...), path)...)
			return path
		}
	}
	shared := func(name string) func(*testing.T) string {
		return func(t *testing.T) string {
			return platformtest.Shared(t, "corpus/windows-media/"+name)
		}
	}
	whole := []string{"-ignore_editlist", "1"} // what encoders put before the sound included
	picture := []string{"-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=6", "-pix_fmt", "yuv420p", "-g", "25"}
	sound := []string{"-f", "lavfi", "-i", "sine=d=6:r=48000"}
	for _, c := range []struct {
		name, stream string
		source       func(*testing.T) string
		attributes   func([]byte, int) string
		options      []string
	}{
		{"h264", "v:0", made(append(picture, "-c:v", "libx264", "-bf", "3")...), fourCC("H264", ""), whole},
		{"hevc", "v:0", made(append(picture, "-c:v", "libx265", "-x265-params", "log-level=none:keyint=25")...), fourCC("HVC1", ""), whole},
		{"aac", "a:0", made(append(sound, "-c:a", "aac")...), fourCC("AACL", ""), whole},
		{"mp3", "a:0", made(append(sound, "-c:a", "libmp3lame")...), func([]byte, int) string { return `AudioTag="85"` }, whole},
		{"ac3", "a:0", made(append(sound, "-c:a", "ac3", "-b:a", "192k")...), func([]byte, int) string { return `FourCC="AC-3"` }, whole},
		{"ac3 5.1", "a:0", made(append(sound, "-c:a", "ac3", "-ac", "6", "-ar", "44100")...), func([]byte, int) string { return `FourCC="AC-3"` }, whole},
		{"eac3", "a:0", made(append(sound, "-c:a", "eac3", "-ac", "6")...), func([]byte, int) string { return `FourCC="EC-3"` }, whole},
		{"vc1", "v:0", shared("elephants-dream-wvc1-wmav2-320x180-60s.wmv"), fourCC("WVC1", ""), nil},
		{"wma2", "a:0", shared("elephants-dream-wvc1-wmav2-320x180-60s.wmv"), fourCC("WMA2", `AudioTag="353" BitsPerSample="16"`), nil},
		{"wmapro", "a:0", shared("bbb-wmapro10-stereo-96k.wma"), fourCC("WMAP", `AudioTag="354" BitsPerSample="24"`), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := c.source(t)
			server := httptest.NewServer(remux(t, source, c.stream, c.attributes, nil))
			defer server.Close()
			path := filepath.Join(t.TempDir(), "out.mp4")
			s := saveJSON(t, 0, server.URL+"/x.ism/Manifest", "-o", path)
			if s.MissingPieces != 0 || len(s.Tracks) != 1 || s.Tracks[0].Samples == 0 {
				t.Errorf("%+v", s)
			}
			_, got := decoded(t, path, "0:0")
			_, want := decoded(t, source, "0:"+c.stream, c.options...)
			if len(got) == 0 || strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%d frames are not those of the source, %d", len(got), len(want))
			}
		})
	}
}

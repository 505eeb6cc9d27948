package playertest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Presentation is an http.Handler that serves a made-up presentation of any
// length: its samples are not decodable, but of the right number, time and size.
// Each video fragment has a key picture and, in decoding order, groups of a
// reference picture and two that nothing refers to.
type Presentation struct {
	Length    time.Duration
	Fragment  time.Duration // 0: 2 s
	Levels    []int64       // bitrates of video; nil: no video
	Languages []string      // of audio; nil: no audio
	// AudioLevels are the bitrates of each language, one sound at any of them; nil:
	// one of 128 kbit/s, another bit/s for each further language.
	AudioLevels []int64
	// AudioLength is the length of the audio; 0: Length.
	AudioLength time.Duration
	Texts       []Text
	// Offset is where all times begin, in ticks of 100 ns.
	Offset uint64
	// Sparse are streams of data.
	Sparse []Sparse
	// Chapters are where chapters begin, which the manifest carries as "Chapter 1" and
	// so on.
	Chapters []time.Duration
	// NoKeyFrames: requests for key pictures alone are answered with 404.
	NoKeyFrames bool
	// Angles are camera angles: streams of their own or, with OneStream, levels of one
	// stream with the attribute CameraAngle; nil: there is one without a name. The
	// pictures of the i-th are i*2 pixels wider.
	Angles    []Angle
	OneStream bool
}

// Angle is a camera angle of a Presentation.
type Angle struct {
	Name   string
	Levels []int64       // nil: those of the Presentation
	Begins time.Duration // of an own stream: where; at a chunk
}

const (
	ticks       = 10_000_000 // a second
	rate        = 25         // pictures a second
	audioRate   = 48_000
	audioFrames = 1024
	audioBPS    = 128_000
	// A real sequence and picture parameter set of 320x180, so that the levels
	// have a configuration.
	videoConfig = "00000001674D400C965280A0B76020000003002000000651E285540000000168EB8F20"
)

var fragmentPath = regexp.MustCompile(`^/show\.ism/QualityLevels\((\d+)(,CameraAngle=[^)]*)?\)/(Fragments|KeyFrames)\((\w+)=(\d+)\)$`)

// ServeHTTP answers /show.ism/Manifest and the fragments it names.
func (p *Presentation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.EqualFold(r.URL.Path, "/show.ism/Manifest") {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write([]byte(p.manifest()))
		return
	}
	m := fragmentPath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		http.NotFound(w, r)
		return
	}
	bps, _ := strconv.ParseInt(m[1], 10, 64)
	t, _ := strconv.ParseUint(m[5], 10, 64)
	keys := m[3] == "KeyFrames"
	if keys && p.NoKeyFrames {
		http.NotFound(w, r)
		return
	}
	body := p.fragment(m[4], strings.TrimPrefix(m[2], ",CameraAngle="), bps, t, keys)
	if body == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "video/mp4")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

func (p *Presentation) fragmentTicks() uint64 {
	if p.Fragment == 0 {
		return 2 * ticks
	}
	return uint64(p.Fragment / 100)
}

// chunk is the time of a chunk in ticks since Offset.
type chunk struct{ t, d uint64 }

// chunks are those of a stream of the given length; for audio, they last whole
// frames.
func (p *Presentation) chunks(length time.Duration, audio bool) []chunk {
	var list []chunk
	end, step := uint64(length/100), p.fragmentTicks()
	edge := func(t uint64) uint64 {
		if !audio {
			return t
		}
		frames := (t*audioRate/ticks + audioFrames - 1) / audioFrames
		return frames * audioFrames * ticks / audioRate
	}
	for t := uint64(0); t < end; t += step {
		from, to := edge(t), edge(min(t+step, end))
		list = append(list, chunk{from, to - from})
	}
	return list
}

func (p *Presentation) audioLength() time.Duration {
	if p.AudioLength == 0 {
		return p.Length
	}
	return p.AudioLength
}

func (p *Presentation) manifest() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\"?>\n<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"0\" Duration=\"%d\">\n", p.Length/100)
	list := func(chunks []chunk) {
		for i, c := range chunks {
			t := ""
			if i == 0 {
				t = fmt.Sprintf(" t=\"%d\"", p.Offset+c.t)
			}
			fmt.Fprintf(&b, "<c%s d=\"%d\"/>", t, c.d)
		}
		b.WriteString("</StreamIndex>\n")
	}
	if p.Levels != nil {
		p.video(&b, list)
	}
	for i, language := range p.Languages {
		fmt.Fprintf(&b, `<StreamIndex Type="audio" Name="audio_%s" Language="%s" Url="QualityLevels({bitrate})/Fragments(audio_%s={start time})">`,
			language, language, language)
		levels := p.AudioLevels
		if levels == nil {
			levels = []int64{audioBPS + int64(i)}
		}
		for n, bps := range levels {
			fmt.Fprintf(&b, `<QualityLevel Index="%d" Bitrate="%d" FourCC="AACL" SamplingRate="%d" Channels="2" BitsPerSample="16" PacketSize="4" AudioTag="255" CodecPrivateData="1190"/>`,
				n, bps, audioRate)
		}
		list(p.chunks(p.audioLength(), true))
	}
	for _, x := range p.Texts {
		x.list(&b, p)
	}
	for i := range p.Sparse {
		p.Sparse[i].describe(&b, p.Offset)
	}
	if p.Chapters != nil {
		b.WriteString(`<StreamIndex Type="text" Name="MARKERS" Subtype="CHAPTER" ParentStreamIndex="video" ManifestOutput="TRUE" Url="QualityLevels({bitrate})/Fragments(MARKERS={start time})"><QualityLevel Index="0" Bitrate="1000"/>`)
		for i, at := range p.Chapters {
			fmt.Fprintf(&b, "<c t=\"%d\" d=\"1\"><f>%s</f></c>", uint64(at/100)+p.Offset,
				base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "Chapter %d", i+1)))
		}
		b.WriteString("</StreamIndex>\n")
	}
	b.WriteString("</SmoothStreamingMedia>\n")
	return b.String()
}

// video writes the video streams of the manifest.
func (p *Presentation) video(b *strings.Builder, list func([]chunk)) {
	level := func(i, angle int, bps int64, attributes string) {
		fmt.Fprintf(b, `<QualityLevel Index="%d" Bitrate="%d" FourCC="H264" MaxWidth="%d" MaxHeight="%d" CodecPrivateData="%s"`,
			i, bps, 320*(i+1)+2*angle, 180*(i+1), videoConfig)
		if attributes == "" {
			b.WriteString("/>")
			return
		}
		fmt.Fprintf(b, `><CustomAttributes>%s</CustomAttributes></QualityLevel>`, attributes)
	}
	if p.OneStream {
		b.WriteString(`<StreamIndex Type="video" Name="video" Url="QualityLevels({bitrate},{CustomAttributes})/Fragments(video={start time})">`)
		for n, a := range p.Angles {
			for i, bps := range p.levelsOf(a) {
				level(i, n, bps, fmt.Sprintf(`<Attribute Name="CameraAngle" Value="%s"/>`, a.Name))
			}
		}
		list(p.chunks(p.Length, false))
		return
	}
	angles := p.Angles
	if angles == nil {
		angles = []Angle{{Name: "video"}}
	}
	for n, a := range angles {
		fmt.Fprintf(b, `<StreamIndex Type="video" Name="%s" Url="QualityLevels({bitrate})/Fragments(%s={start time})">`, a.Name, a.Name)
		for i, bps := range p.levelsOf(a) {
			level(i, n, bps, "")
		}
		chunks := p.chunks(p.Length, false)
		for len(chunks) > 0 && time.Duration(chunks[0].t)*100 < a.Begins {
			chunks = chunks[1:]
		}
		list(chunks)
	}
}

func (p *Presentation) levelsOf(a Angle) []int64 {
	if a.Levels != nil {
		return a.Levels
	}
	return p.Levels
}

// has reports whether there is a level of a video stream and angle; of others all
// there are are served.
func (p *Presentation) has(stream, angle string, bps int64) bool {
	if strings.HasPrefix(stream, "audio") {
		return true
	}
	for _, a := range p.Angles {
		if p.OneStream && stream == "video" && angle == a.Name || !p.OneStream && stream == a.Name {
			return slices.Contains(p.levelsOf(a), bps)
		}
	}
	return p.Angles == nil && stream == "video"
}

// fragment is the body of the fragment of a stream at t, or of its key
// pictures; nil: there is none.
func (p *Presentation) fragment(stream, angle string, bps int64, t uint64, keys bool) []byte {
	for _, x := range p.Texts {
		if x.name() == stream {
			return x.fragment(p, t)
		}
	}
	for i := range p.Sparse {
		if p.Sparse[i].Name == stream {
			return p.Sparse[i].fragment(t, p.Offset)
		}
	}
	if !p.has(stream, angle, bps) {
		return nil
	}
	audio := strings.HasPrefix(stream, "audio")
	length := p.Length
	if audio {
		length = p.audioLength()
	}
	for _, c := range p.chunks(length, audio) {
		if c.t+p.Offset != t {
			continue
		}
		bytes := int(uint64(bps) / 8 * c.d / ticks)
		if audio {
			return writeFragment(t, c.d, audioSamples(c), bytes, false)
		}
		samples := videoSamples(c)
		if keys {
			weights := 0
			for _, s := range samples {
				weights += s.weight
			}
			bytes = bytes * samples[0].weight / weights
			samples = samples[:1]
			samples[0].duration = uint32(c.d)
		}
		return writeFragment(t, c.d, samples, bytes, true)
	}
	return nil
}

// written is a sample to be written: times in ticks.
type written struct {
	duration    uint32
	flags       uint32
	composition int32
	weight      int // share of the bytes
}

const (
	flagsKey        = 0x02000000 // depends on nothing
	flagsReference  = 0x01010000
	flagsDisposable = 0x01810000 // nothing depends on it
)

func audioSamples(c chunk) []written {
	n := int((c.d*audioRate + ticks*audioFrames/2) / (ticks * audioFrames))
	samples := make([]written, n)
	for i := range samples {
		from, to := c.d*uint64(i)/uint64(n), c.d*uint64(i+1)/uint64(n)
		samples[i] = written{duration: uint32(to - from), flags: flagsKey, weight: 1}
	}
	return samples
}

// videoSamples are pictures in decoding order: the first, then groups of three
// of which the last in presentation order comes first.
func videoSamples(c chunk) []written {
	const period = ticks / rate
	n := int(c.d / period)
	samples := []written{{duration: period, flags: flagsKey, weight: 8}}
	for shown := 1; shown < n; {
		if n-shown < 3 {
			samples = append(samples, written{duration: period, flags: flagsReference, weight: 2})
			shown++
			continue
		}
		samples = append(samples,
			written{period, flagsReference, 2 * period, 2},
			written{period, flagsDisposable, -period, 1},
			written{period, flagsDisposable, -period, 1})
		shown += 3
	}
	return samples
}

// writeFragment writes moof and mdat, [MS-SSTR] 2.2.4. The samples are zeros; those
// of video have the outer form of a slice, which encryption keeps and looks at.
func writeFragment(t, d uint64, samples []written, bytes int, video bool) []byte {
	weights := 0
	for _, s := range samples {
		weights += s.weight
	}
	var trun, media []byte
	for _, s := range samples {
		size := max(bytes*s.weight/weights, 8)
		trun = binary.BigEndian.AppendUint32(trun, s.duration)
		trun = binary.BigEndian.AppendUint32(trun, uint32(size))
		trun = binary.BigEndian.AppendUint32(trun, s.flags)
		trun = binary.BigEndian.AppendUint32(trun, uint32(s.composition))
		sample := make([]byte, size)
		if video {
			binary.BigEndian.PutUint32(sample, uint32(size-4))
			copy(sample[4:], []byte{0x41, 0x88, 0x80}) // a slice of a reference picture
			if s.flags == flagsKey {
				sample[4] = 0x65
			}
		}
		media = append(media, sample...)
	}
	return wrap(t, d, len(samples), trun, media)
}

// wrap puts n samples, as listed in trun, into moof and mdat.
func wrap(t, d uint64, n int, trun, media []byte) []byte {
	head := binary.BigEndian.AppendUint32([]byte{0, 0, 0x0f, 0x01}, uint32(n))
	tfxd := []byte{0x6d, 0x1d, 0x9b, 0x05, 0x42, 0xd5, 0x44, 0xe6, 0x80, 0xe2, 0x14, 0x1d, 0xaf, 0xf7, 0x57, 0xb2, 1, 0, 0, 0}
	tfxd = binary.BigEndian.AppendUint64(tfxd, t)
	tfxd = binary.BigEndian.AppendUint64(tfxd, d)
	build := func(offset uint32) []byte {
		run := append(binary.BigEndian.AppendUint32(append([]byte{}, head...), offset), trun...)
		return box("moof", box("mfhd", make([]byte, 8)), box("traf", box("tfhd", []byte{0, 2, 0, 0, 0, 0, 0, 1}), box("trun", run), box("uuid", tfxd)))
	}
	moof := build(0)
	moof = build(uint32(len(moof) + 8))
	return append(moof, box("mdat", media)...)
}

func box(name string, parts ...[]byte) []byte {
	n := 8
	for _, p := range parts {
		n += len(p)
	}
	b := append(binary.BigEndian.AppendUint32(make([]byte, 0, n), uint32(n)), name...)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

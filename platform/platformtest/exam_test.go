package platformtest

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
)

// The exam is passed by the null device and by the fakes of this package.

func TestNullTakesTheExam(t *testing.T) {
	t.Run("VideoDecoder", func(t *testing.T) { TestVideoDecoder(t, openNullVideo, InBubble()) })
	t.Run("VideoDecoder with pixels", func(t *testing.T) {
		TestVideoDecoder(t, func(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
			_, samples := openNullVideo(t)
			return openPainter(), samples
		})
	})
	t.Run("AudioDecoder", func(t *testing.T) { TestAudioDecoder(t, openNullAudio, InBubble()) })
	t.Run("Decoders", func(t *testing.T) { TestDecoders(t, openNullDecoders, InBubble()) })
	t.Run("VideoSink", func(t *testing.T) {
		TestVideoSink(t, func(*testing.T) (platform.VideoSink, []*platform.Picture) { return &null.VideoSink{}, nil }, InBubble())
	})
	t.Run("VideoSink that waits", func(t *testing.T) {
		TestVideoSink(t, func(*testing.T) (platform.VideoSink, []*platform.Picture) {
			return &null.VideoSink{Refresh: time.Second / 60}, nil
		}, InBubble())
	})
	for name, sink := range map[string]*null.AudioSink{
		"AudioSink":               {},
		"AudioSink with latency":  {Latency: 70 * time.Millisecond, Queue: 300 * time.Millisecond},
		"AudioSink of a receiver": {Bitstreams: []platform.Codec{platform.EAC3}},
		"AudioSink with a format": {Format: platform.PCMFormat{Rate: 44100, Channels: 1}, Queue: 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			TestAudioSink(t, func(*testing.T) platform.AudioSink {
				return &null.AudioSink{Queue: sink.Queue, Latency: sink.Latency, Format: sink.Format, Bitstreams: sink.Bitstreams}
			}, InBubble())
		})
	}
}

func TestFakesTakeTheExam(t *testing.T) {
	t.Run("Store", func(t *testing.T) { TestStore(t, memoryStores()) })
	t.Run("KeyProvider", func(t *testing.T) {
		TestKeyProvider(t, openKeys(func() platform.KeyProvider { return testKeys() }), InBubble())
	})
	t.Run("Doer", func(t *testing.T) {
		TestDoer(t, func(*testing.T) platform.Doer { return &http.Client{Transport: &http.Transport{}} })
	})
	t.Run("HandlerDoer", func(t *testing.T) {
		examine(t, doerRules, func(t *testing.T, h http.Handler) (platform.Doer, string) {
			return HandlerDoer(h), "http://server.test"
		}, []Option{InBubble()})
	})
}

// TestRulesQuoteTheContract keeps exam and comments together: what a failure
// prints as the rule stands word for word in a comment of package platform.
func TestRulesQuoteTheContract(t *testing.T) {
	comments := contract(t)
	seen := map[string]bool{}
	for _, r := range everyRule() {
		if !strings.Contains(comments, strings.Join(strings.Fields(r.says), " ")) {
			t.Errorf("%s: no comment in package platform says %q", r.name, r.says)
		}
		if seen[r.name] {
			t.Errorf("%s: there are two rules of this name", r.name)
		}
		seen[r.name] = true
	}
}

type ruleName struct{ name, says string }

func everyRule() []ruleName {
	var all []ruleName
	list := func(exam, name, says string) { all = append(all, ruleName{exam + "/" + name, says}) }
	for _, r := range videoDecoderRules {
		list("VideoDecoder", r.name, r.says)
	}
	for _, r := range audioDecoderRules {
		list("AudioDecoder", r.name, r.says)
	}
	for _, r := range decodersRules {
		list("Decoders", r.name, r.says)
	}
	for _, r := range videoSinkRules {
		list("VideoSink", r.name, r.says)
	}
	for _, r := range audioSinkRules {
		list("AudioSink", r.name, r.says)
	}
	for _, r := range doerRules {
		list("Doer", r.name, r.says)
	}
	for _, r := range slices.Concat(loadMeterRules, networkRules) {
		list("LoadMeter", r.name, r.says)
	}
	for _, r := range storeRules {
		list("Store", r.name, r.says)
	}
	for _, r := range keyProviderRules {
		list("KeyProvider", r.name, r.says)
	}
	for _, r := range decrypterRules {
		list("SampleDecrypter", r.name, r.says)
	}
	for _, r := range textDrawerRules {
		list("TextDrawer", r.name, r.says)
	}
	return all
}

// contract is the text of all comments in package platform, its lines joined.
func contract(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in package platform:", err)
	}
	var text strings.Builder
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range file.Comments {
			text.WriteString((&ast.CommentGroup{List: c.List}).Text() + "\n")
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

// What the exams of null and of wrong implementations open.

var (
	low  = &platform.Format{Kind: platform.Video, Codec: platform.H264, Width: 320, Height: 180}
	high = &platform.Format{Kind: platform.Video, Codec: platform.H264, Width: 640, Height: 360}
	hifi = &platform.Format{Kind: platform.Audio, Codec: platform.AAC, SampleRate: 48000, Channels: 2, BitrateBPS: 128_000}
	lofi = &platform.Format{Kind: platform.Audio, Codec: platform.AAC, SampleRate: 48000, Channels: 2, BitrateBPS: 64_000}
)

// videoSamples are two groups of one format and one of another, with pictures
// that refer to later ones.
func videoSamples() []platform.Sample {
	const frame = 40 * time.Millisecond
	random := rand.New(rand.NewPCG(1, 2))
	var all []platform.Sample
	for group, format := range []*platform.Format{low, low, high} {
		for i, n := range []int{0, 4, 2, 1, 3, 5} {
			s := platform.Sample{
				PTS:        time.Duration(group*6+n) * frame,
				DTS:        time.Duration(group*6+i-2) * frame,
				Duration:   frame,
				Key:        i == 0,
				Disposable: n%2 == 1,
				Data:       make([]byte, 100),
			}
			if i == 0 && group != 1 {
				s.Format = format
			}
			for at := range s.Data {
				s.Data[at] = byte(random.Uint32())
			}
			all = append(all, s)
		}
	}
	return all
}

func audioSamples() []platform.Sample {
	var all []platform.Sample
	at := func(n int) time.Duration { return time.Duration(n) * 1024 * time.Second / 48000 }
	for n := range 40 {
		s := platform.Sample{PTS: time.Minute + at(n), DTS: time.Minute + at(n), Duration: at(n+1) - at(n), Key: true, Data: []byte{byte(n), 1, 2, 3}}
		switch n {
		case 0:
			s.Format = hifi
		case 20:
			s.Format = lofi
		}
		all = append(all, s)
	}
	return all
}

func openNullVideo(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
	d, err := (&null.Decoders{}).OpenVideo(*low)
	if err != nil {
		t.Fatal(err)
	}
	return d, videoSamples()
}

func openNullAudio(t *testing.T, out platform.PCMFormat) (platform.AudioDecoder, []platform.Sample) {
	d, err := (&null.Decoders{}).OpenAudio(*hifi, out)
	if err != nil {
		t.Fatal(err)
	}
	return d, audioSamples()
}

func openNullDecoders(*testing.T) (platform.Decoders, []platform.Format) {
	return &null.Decoders{}, []platform.Format{*low, *high, *hifi, *lofi}
}

func memoryStores() OpenStore {
	var mu sync.Mutex
	stores := map[string]*MemoryStore{}
	return func(_ *testing.T, place string) platform.Store {
		mu.Lock()
		defer mu.Unlock()
		if stores[place] == nil {
			stores[place] = &MemoryStore{}
		}
		return stores[place]
	}
}

var testKID = [16]byte{1, 2, 3, 15: 16}

func testKeys() *Keys {
	return &Keys{
		Wait:    100 * time.Millisecond,
		Results: map[[16]byte]platform.KeyResult{testKID: {Key: []byte("sixteen secrets!")}},
	}
}

func openKeys(make func() platform.KeyProvider) OpenKeyProvider {
	return func(*testing.T) (platform.KeyProvider, platform.Doer, platform.KeyRequest) {
		return make(), nil, platform.KeyRequest{KID: testKID}
	}
}

func TestFakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := testKeys()
		k.Fail = errors.New("no licence")
		begin := time.Now()
		if _, err := k.Key(t.Context(), nil, platform.KeyRequest{KID: testKID}); !errors.Is(err, k.Fail) {
			t.Errorf("Key returned %v", err)
		}
		if time.Since(begin) != k.Wait || len(k.Asked()) != 1 || k.Asked()[0].KID != testKID {
			t.Errorf("asked %v, it took %v", k.Asked(), time.Since(begin))
		}
	})
	s := &LoadScript{Loads: []platform.Load{{Device: 0.25}, {Device: 0.5}}}
	var got []float64
	for range 3 {
		l, err := s.Load()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, l.Device)
	}
	if want := []float64{0.25, 0.5, 0.5}; !slices.Equal(got, want) {
		t.Errorf("loads %v, want %v", got, want)
	}
	if l, err := new(LoadScript).Load(); err != nil || l != (platform.Load{}) {
		t.Errorf("an empty script returned %+v, %v", l, err)
	}
}

// painter is a decoder whose pixels come from the bytes of the samples: package
// null has none.
type painter struct {
	platform.VideoDecoder
	values map[time.Duration]func() byte // by PTS
	lazy   bool                          // read the sample when the picture comes out: wrong
	size   int                           // bytes of the luma plane; 0: as many as needed
	shared []byte                        // pixels that all pictures share: wrong
	wipe   func()                        // called by Close
	made   []*platform.Picture
}

func openPainter() *painter {
	d, err := (&null.Decoders{}).OpenVideo(*low)
	if err != nil {
		panic(err)
	}
	return &painter{VideoDecoder: d, values: map[time.Duration]func() byte{}}
}

func (d *painter) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	sum := func() (v byte) {
		for _, b := range s.Data {
			v = v*31 + b
		}
		return v
	}
	if !d.lazy {
		v := sum()
		d.values[s.PTS] = func() byte { return v }
	} else {
		d.values[s.PTS] = sum
	}
	return d.VideoDecoder.Decode(s, d.paint(out))
}

func (d *painter) Drain(out func(*platform.Picture) error) error {
	return d.VideoDecoder.Drain(d.paint(out))
}

func (d *painter) SetEffort(level platform.EffortLevel) {
	d.VideoDecoder.(platform.Effort).SetEffort(level)
}

func (d *painter) Close() error {
	if d.wipe != nil {
		d.wipe()
	}
	return d.VideoDecoder.Close()
}

func (d *painter) paint(out func(*platform.Picture) error) func(*platform.Picture) error {
	return func(p *platform.Picture) error {
		p.Format = platform.I420
		v := d.values[p.PTS]()
		for i := range p.Planes {
			width, rows := planeSize(p, i)
			if i == 0 && d.size > 0 {
				rows = d.size / width
			}
			p.Strides[i] = width
			p.Planes[i] = bytes.Repeat([]byte{v}, width*rows)
			if d.shared != nil {
				copy(d.shared, p.Planes[i])
				p.Planes[i] = d.shared[:width*rows]
			}
		}
		d.made = append(d.made, p)
		return out(p)
	}
}

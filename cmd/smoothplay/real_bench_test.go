//go:build cgo

package main

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/httpclient"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/playertest"
	"smoothplay/player/timeline"
	"smoothplay/render/ffmpeg"
)

// cpuOf is the processor time of this process (syscall.RUSAGE_SELF) or of those
// that it started and that ended (syscall.RUSAGE_CHILDREN).
func cpuOf(who int) time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(who, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// millis is d in the unit of the metrics here.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// benchMovie makes a movie with sound, of a video bitrate that ffmpeg knows as
// "6M".
func benchMovie(b *testing.B, size string, rate, seconds int, bitrate string) (path string) {
	b.Helper()
	tool, err := exec.LookPath("ffmpeg")
	if err != nil {
		b.Skip("skipped: the ffmpeg command is not installed")
	}
	path = filepath.Join(b.TempDir(), "movie.mp4")
	out, err := exec.Command(tool, "-loglevel", "error", "-nostdin", "-y",
		"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%s:rate=%d,noise=alls=8:allf=t", size, rate), "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-t", fmt.Sprint(seconds), "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-profile:v", "high", "-bf", "2",
		"-g", fmt.Sprint(2*rate), "-keyint_min", fmt.Sprint(2*rate), "-sc_threshold", "0", "-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate,
		"-c:a", "aac", "-b:a", "128k", "-ac", "2", path).CombinedOutput()
	if err != nil {
		b.Fatalf("ffmpeg: %v: %s", err, out)
	}
	return path
}

// packaged is the movie as a presentation.
func packaged(b *testing.B, movie string) (folder string) {
	b.Helper()
	folder = writeSmooth(b, "-i", movie, "-c", "copy")
	giveFirstTimes(b, folder)
	return folder
}

// bodies are the fragments of a stream in a folder, and what they are.
type bodies struct {
	format  *platform.Format
	stream  *timeline.Stream
	chunks  []timeline.Chunk
	data    [][]byte
	samples int
}

func readBodies(b *testing.B, folder, kind string) *bodies {
	b.Helper()
	p := manifestIn(b, folder)
	snapshot, err := timeline.New(p)
	if err != nil {
		b.Fatal(err)
	}
	i := slices.IndexFunc(p.Streams, func(s manifest.Stream) bool { return s.Type == kind })
	s := &p.Streams[i]
	format, _, err := fragment.FormatOf(s, &s.Levels[0])
	if err != nil {
		b.Fatal(err)
	}
	out := &bodies{format: format, stream: snapshot.Stream(i)}
	for n := range out.stream.Len() {
		c := out.stream.Chunk(out.stream.First() + n)
		data, err := os.ReadFile(manifest.ChunkURL(folder+"/", s, &s.Levels[0], c.T))
		if err != nil {
			b.Fatal(err)
		}
		out.chunks, out.data = append(out.chunks, c), append(out.data, data)
	}
	return out
}

// each parses the fragments and hands over their samples.
func (o *bodies) each(b *testing.B, decode func(*platform.Sample) error) {
	b.Helper()
	var f fragment.Fragment
	o.samples = 0
	for i, data := range o.data {
		if err := f.Parse(data, fragment.Options{Kind: o.format.Kind, FragmentDuration: uint64(o.chunks[i].D)}); err != nil {
			b.Fatal(err)
		}
		for k := range f.Samples {
			s := &f.Samples[k]
			from := o.stream.Offset(s.Decode)
			sample := platform.Sample{
				DTS: o.chunks[i].Start + from, PTS: o.chunks[i].Start + o.stream.Offset(s.Decode+int64(s.Composition)),
				Duration: o.stream.Offset(s.Decode+int64(s.Duration)) - from, Key: s.Sync, Data: s.Data,
			}
			if i == 0 && k == 0 {
				sample.Format = o.format
			}
			if err := decode(&sample); err != nil {
				b.Fatal(err)
			}
			o.samples++
		}
	}
}

// decodeVideo parses and decodes all, as the player does.
func (o *bodies) decodeVideo(b *testing.B, d ffmpeg.Decoders) {
	b.Helper()
	decoder, err := d.OpenVideo(*o.format)
	if err != nil {
		b.Fatal(err)
	}
	defer decoder.Close()
	pictures := 0
	out := func(p *platform.Picture) error { pictures++; p.Release(); return nil }
	o.each(b, func(s *platform.Sample) error { return decoder.Decode(s, out) })
	if err := decoder.Drain(out); err != nil || pictures != o.samples {
		b.Fatalf("%d pictures of %d samples: %v", pictures, o.samples, err)
	}
}

func (o *bodies) decodeAudio(b *testing.B, d ffmpeg.Decoders) {
	b.Helper()
	decoder, err := d.OpenAudio(*o.format, platform.PCMFormat{Rate: rate, Channels: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer decoder.Close()
	out := func(*platform.PCM) error { return nil }
	o.each(b, func(s *platform.Sample) error { return decoder.Decode(s, out) })
	if err := decoder.Drain(out); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRealDecode is the decode path, fragments to pictures, for 1080p30. Its
// goal is a share of at most 1.10 of the processor time that the ffmpeg command
// takes for the same samples.
func BenchmarkRealDecode(b *testing.B) {
	movie := benchMovie(b, "1920x1080", 30, 20, "6M")
	video := readBodies(b, packaged(b, movie), "video")
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			var ours, theirs time.Duration
			for b.Loop() { // turn by turn, so that a busy machine is so for both
				before := cpuOf(syscall.RUSAGE_SELF)
				video.decodeVideo(b, ffmpeg.Decoders{Threads: threads})
				ours += cpuOf(syscall.RUSAGE_SELF) - before
				before = cpuOf(syscall.RUSAGE_CHILDREN)
				out, err := exec.Command("ffmpeg", "-loglevel", "error", "-nostdin", "-threads", fmt.Sprint(threads), "-i", movie, "-map", "0:v", "-f", "null", "-").CombinedOutput()
				if err != nil {
					b.Fatalf("ffmpeg: %v: %s", err, out)
				}
				theirs += cpuOf(syscall.RUSAGE_CHILDREN) - before
			}
			pictures := float64(b.N * video.samples)
			b.ReportMetric(millis(ours)/pictures, "cpu-ms/picture")
			b.ReportMetric(millis(theirs)/pictures, "ffmpeg-cpu-ms/picture")
			b.ReportMetric(float64(ours)/float64(theirs), "of-ffmpeg")
		})
	}
}

// serveElsewhere serves a folder, or the demo where it is "", from another
// process, whose work is not counted here, and returns the URL of the manifest.
func serveElsewhere(b *testing.B, folder string) string {
	b.Helper()
	if folder == "" {
		return serveWith(b)
	}
	return serveWith(b, folder)
}

// serveWith is serveElsewhere with any arguments of the origin.
func serveWith(b *testing.B, args ...string) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{"origin", "--log", "origin=error", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), "SMOOTHPLAY_TEST_MAIN=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatalf("the origin does not say its URL: %v", err)
	}
	return strings.TrimSpace(line)
}

// benchDevice decodes in earnest; what it shows and plays nobody sees and hears.
func benchDevice(b *testing.B) platform.Device {
	b.Helper()
	client, err := httpclient.New(httpclient.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { client.Close() })
	return platform.Device{HTTP: client, Decoders: ffmpeg.Decoders{}, Video: &null.VideoSink{}, Audio: &null.AudioSink{}}
}

// BenchmarkRealPlayer plays 720p30 in real time. Its goal is a share of at most
// 1.25 of the processor time that decoding alone takes.
func BenchmarkRealPlayer(b *testing.B) {
	const seconds = 20
	folder := packaged(b, benchMovie(b, "1280x720", 30, seconds, "3M"))
	video, audio := readBodies(b, folder, "video"), readBodies(b, folder, "audio")
	url := serveElsewhere(b, folder)
	var whole, alone time.Duration
	var lost int64
	for b.Loop() {
		before := cpuOf(syscall.RUSAGE_SELF)
		video.decodeVideo(b, ffmpeg.Decoders{})
		audio.decodeAudio(b, ffmpeg.Decoders{})
		alone += cpuOf(syscall.RUSAGE_SELF) - before

		p, err := player.New(benchDevice(b), player.Config{URL: url})
		if err != nil {
			b.Fatal(err)
		}
		before = cpuOf(syscall.RUSAGE_SELF)
		if err := p.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
		whole += cpuOf(syscall.RUSAGE_SELF) - before
		lost += p.Summary().PicturesDropped
	}
	b.ReportMetric(100*whole.Seconds()/float64(b.N*seconds), "%-of-a-core")
	b.ReportMetric(float64(whole)/float64(alone), "of-decoding")
	b.ReportMetric(float64(lost)/float64(b.N), "dropped")
}

// spans are times measured.
type spans []time.Duration

func (t spans) report(b *testing.B, what string) {
	slices.Sort(t)
	if len(t) > 0 {
		b.ReportMetric(millis(t[len(t)/2]), what+"-ms")
		b.ReportMetric(millis(t[len(t)-1]), what+"-max-ms")
	}
}

// BenchmarkRealStart measures how long it takes until the first picture is on
// the screen: of the player on loopback, from Run (goal: 100 ms) with a
// connection that is there already or not; of the program with a window, from
// the beginning of the process (goal: 200 ms).
func BenchmarkRealStart(b *testing.B) {
	b.Run("player", func(b *testing.B) {
		url := serveElsewhere(b, "")
		var took spans
		for b.Loop() {
			first := make(chan time.Time, 1)
			device := benchDevice(b)
			device.Video = &null.VideoSink{OnShow: func(_ *platform.Frame, at time.Time) {
				select {
				case first <- time.Now():
				default:
				}
			}}
			p, err := player.New(device, player.Config{URL: url})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			began := time.Now()
			go func() { ended <- p.Run(ctx) }()
			took = append(took, (<-first).Sub(began))
			cancel()
			<-ended
		}
		took.report(b, "run-to-show")
	})
	for _, c := range []struct {
		name string
		args []string
	}{{"measure", []string{"measure"}}, {"play", []string{"play", "--keep-open=false"}}} {
		b.Run(c.name, func(b *testing.B) {
			env := append(os.Environ(), "SMOOTHPLAY_TEST_MAIN=1", "SDL_AUDIODRIVER=dummy")
			if c.name == "play" {
				env = append(env, "DISPLAY="+benchDisplay(b))
			}
			self, err := os.Executable()
			if err != nil {
				b.Fatal(err)
			}
			url := serveElsewhere(b, "")
			var took spans
			for b.Loop() {
				cmd := exec.Command(self, append(c.args, "--events", "-", url)...)
				cmd.Env = env
				stdout, err := cmd.StdoutPipe()
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				for e, err := range event.Read(bufio.NewReader(stdout)) {
					if err != nil {
						b.Fatal(err)
					}
					if _, ok := e.Body.(event.FirstPicture); ok {
						took = append(took, time.Since(began))
						break
					}
				}
				cmd.Process.Kill()
				cmd.Wait()
			}
			took.report(b, "process-to-show")
		})
	}
}

// benchDisplay is a display that nobody sees.
func benchDisplay(b *testing.B) string {
	b.Helper()
	number, write, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer number.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset")
	x.ExtraFiles = []*os.File{write}
	err = x.Start()
	write.Close()
	if err != nil {
		b.Skipf("skipped: no Xvfb: %v", err)
	}
	b.Cleanup(func() { x.Process.Kill(); x.Wait() })
	line, err := bufio.NewReader(number).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return ":" + strings.TrimSpace(line)
}

// BenchmarkRealSeek measures seeks on loopback at 720p, from the command to the
// picture that is sought on the screen. The goals are 60 ms for a key frame that
// is not in the buffer and 40 ms for one that is; an exact seek may take the
// decoding of the pictures between in addition.
func BenchmarkRealSeek(b *testing.B) {
	url := serveElsewhere(b, "")
	for _, c := range []struct {
		name     string
		inBuffer bool
		mode     player.SeekMode
		into     time.Duration // the fragment
	}{
		{"key/out of the buffer", false, player.Key, 0},
		{"key/in the buffer", true, player.Key, 0},
		{"exact, 25 pictures on/out of the buffer", false, player.Exact, time.Second},
		{"exact, 25 pictures on/in the buffer", true, player.Exact, time.Second},
	} {
		b.Run(c.name, func(b *testing.B) {
			var mu sync.Mutex
			shown := map[time.Duration]time.Time{} // the latest, by PTS
			device := benchDevice(b)
			device.Video = &null.VideoSink{OnShow: func(f *platform.Frame, _ time.Time) {
				mu.Lock()
				defer mu.Unlock()
				if f.Picture != nil {
					shown[f.Picture.PTS] = time.Now()
				}
			}}
			var log event.Recorder
			config := player.Config{URL: url, NewPolicy: following([]int{3}), Events: &log, KeepOpen: true}
			if c.inBuffer {
				config.BufferAhead, config.BufferBehind = time.Minute, time.Minute
			} else {
				config.BufferAhead, config.BufferBehind = time.Second, 10*time.Millisecond
			}
			p, err := player.New(device, config)
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- p.Run(ctx) }()
			wait := func(what func(player.Status) bool) {
				for !what(p.Status()) {
					time.Sleep(5 * time.Millisecond)
				}
			}
			wait(func(s player.Status) bool { return s.Level >= 0 })
			if c.inBuffer {
				wait(func(s player.Status) bool { return s.BufferedTo >= 24*time.Second-50*time.Millisecond })
			}
			var took spans
			for i := 0; b.Loop(); i++ {
				to := []time.Duration{14, 6, 18, 2}[i%4]*time.Second + c.into
				began := time.Now()
				if err := p.Seek(ctx, to, c.mode); err != nil {
					b.Fatal(err)
				}
				mu.Lock()
				at := shown[to]
				mu.Unlock()
				if at.Before(began) {
					b.Fatalf("sought %v, which was not shown", to)
				}
				took = append(took, at.Sub(began))
				time.Sleep(300 * time.Millisecond) // play on
			}
			cancel()
			<-ended
			for _, s := range event.Bodies[event.Seek](log.Events()) {
				if s.InBuffer != c.inBuffer {
					b.Errorf("the seek to %v is in the buffer: %v", s.To, s.InBuffer)
				}
			}
			took.report(b, "seek-to-show")
		})
	}
}

// BenchmarkRealChannelChange changes between two live presentations of one origin
// on loopback, with decoding, from the command to the first picture on the screen.
// The goal is 500 ms.
func BenchmarkRealChannelChange(b *testing.B) {
	url := serveWith(b, "--live")
	shown := make(chan time.Time, 1)
	device := benchDevice(b)
	device.Video = &null.VideoSink{OnShow: func(*platform.Frame, time.Time) {
		select {
		case shown <- time.Now():
		default:
		}
	}}
	p, err := player.New(device, player.Config{URL: url + "?one", AppendQuery: true})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	<-shown
	var took spans
	for i := 0; b.Loop(); i++ {
		time.Sleep(2 * time.Second) // play
		began := time.Now()
		if err := p.Open(ctx, url+[]string{"?two", "?one"}[i%2]); err != nil {
			b.Fatal(err)
		}
		select {
		case <-shown: // of what was played before
		default:
		}
		took = append(took, (<-shown).Sub(began))
	}
	took.report(b, "open-to-show")
	cancel()
	<-ended
}

// BenchmarkRealFetch has the player gather presentations of small and of large
// fragments over loopback, decoding nothing. Its goals are 2 Gbit/s, and fewer
// than 60 allocations a fragment, whatever its size.
func BenchmarkRealFetch(b *testing.B) {
	for _, c := range []struct {
		bps    int64
		length time.Duration
	}{{6_000_000, 160 * time.Second}, {60_000_000, 40 * time.Second}} {
		b.Run(fmt.Sprintf("%dM", c.bps/1_000_000), func(b *testing.B) {
			url := serveElsewhere(b, writePresentation(b, &playertest.Presentation{Length: c.length, Levels: []int64{c.bps}}))
			var bytes, fragments int64
			var took time.Duration
			var allocs uint64
			for b.Loop() {
				device := benchDevice(b)
				device.Decoders = &null.Decoders{}
				all := make(chan time.Time, 1)
				left := int(c.length / (2 * time.Second))
				config := player.Config{URL: url, Paused: true, BufferAhead: time.Hour, BufferBytes: 1 << 30}
				var began time.Time
				var before, after runtime.MemStats
				config.Events = sinkFunc(func(e event.Event) {
					switch body := e.Body.(type) {
					case event.Manifest:
						runtime.ReadMemStats(&before)
						began = time.Now()
					case event.Fragment:
						bytes += body.Bytes
						fragments++
						if left--; left == 0 {
							took += time.Since(began)
							runtime.ReadMemStats(&after)
							all <- time.Now()
						}
					}
				})
				p, err := player.New(device, config)
				if err != nil {
					b.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- p.Run(b.Context()) }()
				<-all
				allocs += after.Mallocs - before.Mallocs
				if err := p.Stop(b.Context()); err != nil {
					b.Error(err)
				}
				<-ended
			}
			b.ReportMetric(float64(bytes)*8/took.Seconds()/1e9, "Gbit/s")
			b.ReportMetric(float64(allocs)/float64(fragments), "allocs/fragment")
		})
	}
}

// sinkFunc is an event.Sink.
type sinkFunc func(event.Event)

func (f sinkFunc) Handle(e event.Event) { f(e) }

// writePresentation writes what p serves into a folder.
func writePresentation(b *testing.B, p *playertest.Presentation) (folder string) {
	b.Helper()
	folder = filepath.Join(b.TempDir(), "show.ism")
	get := func(path string) []byte {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "/show.ism/"+path, nil))
		if w.Code != 200 {
			b.Fatalf("%s: status %d", path, w.Code)
		}
		file := filepath.Join(folder, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, w.Body.Bytes(), fs.FileMode(0o644)); err != nil {
			b.Fatal(err)
		}
		return w.Body.Bytes()
	}
	parsed, err := manifest.Parse(get("Manifest"), manifest.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	snapshot, err := timeline.New(parsed)
	if err != nil {
		b.Fatal(err)
	}
	for i := range parsed.Streams {
		s, stream := &parsed.Streams[i], snapshot.Stream(i)
		for k := range s.Levels {
			for n := range stream.Len() {
				get(manifest.ChunkURL("", s, &s.Levels[k], stream.Chunk(stream.First()+n).T))
			}
		}
	}
	return folder
}

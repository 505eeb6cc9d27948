package fetch

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"smoothplay/platform/httpclient"
)

var quiet = log.New(io.Discard, "", 0)

// serveRaw answers every request on loopback with a body of size bytes. It is no
// net/http server and allocates nothing for a request, so that what is counted
// is the client's alone.
func serveRaw(tb testing.TB, size int) (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { listener.Close() })
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nX-Cache: HIT\r\nContent-Length: %d\r\n\r\n", size)
	answer = append(answer, make([]byte, size)...)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				request := make([]byte, 8<<10)
				n := 0
				for {
					k, err := conn.Read(request[n:])
					if err != nil {
						return
					}
					if n += k; !bytes.HasSuffix(request[:n], []byte("\r\n\r\n")) {
						continue
					}
					n = 0
					if _, err := conn.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// loopback returns a function that fetches one fragment of size bytes over
// loopback, with progress, as the player does.
func loopback(tb testing.TB, size int) func() {
	doer, err := httpclient.New(httpclient.Config{Proxy: "direct"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(doer.Close)
	c := New(doer, Options{})
	job := Job{URL: "http://" + serveRaw(tb, size) + "/demo.ism/QualityLevels(3000000)/Fragments(video=1234567890)"}
	told := 0
	progress := func(Progress) { told++ }
	ctx := tb.Context()
	one := func() {
		r := c.Fragment(ctx, job, progress)
		if r.Err != nil || len(r.Body.Bytes()) != size {
			tb.Fatalf("got %d bytes, %v", r.Bytes, r.Err)
		}
		r.Body.Release()
	}
	one()
	return one
}

// TestAllocations: a fragment costs fewer than 60 allocations, and neither their
// number nor their size grows with that of the fragment.
func TestAllocations(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector allocates, and drops what sync.Pool holds")
	}
	const rounds = 30
	var bytes [2]uint64
	for i, size := range []int{100_000, 6_000_000} {
		one := loopback(t, size)
		if n := testing.AllocsPerRun(rounds, one); n >= 60 {
			t.Errorf("%d bytes: %.0f allocations, want fewer than 60", size, n)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			one()
		}
		runtime.ReadMemStats(&after)
		bytes[i] = (after.TotalAlloc - before.TotalAlloc) / rounds
	}
	if bytes[1] > bytes[0]+4<<10 {
		t.Errorf("a large fragment allocates %d bytes, a small one %d: it grows with the size", bytes[1], bytes[0])
	}
}

// BenchmarkFragment is the fetch path over loopback, the server in this process:
// its CPU time counts, its allocations are none. 2 Gbit/s are 250 MB/s.
func BenchmarkFragment(b *testing.B) {
	for _, size := range []int{30_000, 375_000, 1_500_000, 6_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			one := loopback(b, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				one()
			}
		})
	}
}

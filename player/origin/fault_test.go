package origin

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseFaults(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Faults
	}{
		{"", nil},
		{" , ", nil},
		{"404", Faults{{Kind: "404"}}},
		{"404@every:7", Faults{{Kind: "404", Every: 7}}},
		{"500@every:7, 404@fragment:7", Faults{{Kind: "500", Every: 7}, {Kind: "404", Fragment: 7}}},
		{"404@video:12-14", Faults{{Kind: "404", Stream: "video", First: 12, Last: 14, Ranged: true}}},
		{"404@audio_deu:3", Faults{{Kind: "404", Stream: "audio_deu", First: 3, Last: 3, Ranged: true}}},
		{"412@video:9-", Faults{{Kind: "412", Stream: "video", First: 9, Last: math.MaxInt, Ranged: true}}},
		{"503@30%", Faults{{Kind: "503", Share: 0.3}}},
		{"500@manifest", Faults{{Kind: "500", Manifest: true}}},
		{"cut", Faults{{Kind: FaultCut}}},
		{"cut@25%@every:3", Faults{{Kind: FaultCut, Keep: 0.25, Every: 3}}},
		{"truncated@10%", Faults{{Kind: FaultTruncated, Keep: 0.1}}},
		{"level-gone", Faults{{Kind: FaultLevelGone}}},
		{"level-gone@1200000", Faults{{Kind: FaultLevelGone, Level: 1200000}}},
		{"404@level:350k", Faults{{Kind: "404", Level: 350000}}},
		{"slow@1.5M@audio", Faults{{Kind: FaultSlow, BPS: 1500000, Stream: "audio"}}},
		{"slow@30%", Faults{{Kind: FaultSlow, Share: 0.3}}},
		{"late@5s", Faults{{Kind: FaultLate, Wait: 5 * time.Second}}},
		{"late@1s:2s", Faults{{Kind: FaultLate, From: time.Second, To: 2 * time.Second}}},
		{"garbage@video", Faults{{Kind: FaultGarbage, Stream: "video"}}},
		{"other-time@every:2", Faults{{Kind: FaultOtherTime, Every: 2}}},
		{"die@10s:20s", Faults{{Kind: FaultDie, From: 10 * time.Second, To: 20 * time.Second}}},
		{"die@1m30s", Faults{{Kind: FaultDie, From: 90 * time.Second}}},
	} {
		got, err := ParseFaults(c.in)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %+v, %v\nwant %+v", c.in, got, err, c.want)
		}
	}
}

func TestParseFaultsSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"explode", "no such kind"},
		{"200", "no such kind"},
		{"600", "no such kind"},
		{"404@", "want every:N"},
		{"404@every:0", "from 1 up"},
		{"404@every:x", "from 1 up"},
		{"404@fragment:-1", "from 1 up"},
		{"404@video:5-3", "chunks"},
		{"404@video:x", "chunks"},
		{"404@0%", "want every:N"},
		{"404@101%", "want every:N"},
		{"404@level:much", "bitrate"},
		{"404@7", "want every:N"},
		{"die@20s:10s", "FROM-TO"},
		{"die@20s:soon", "FROM-TO"},
		{"404,500@every", ""},
		{"licence-500@video", "happens to licences"},
		{"wrong-key@fragment:7", "happens to licences"},
		{"missing-iv@manifest", "not to the manifest"},
	} {
		got, err := ParseFaults(c.in)
		if c.want == "" {
			if err != nil || got[1].Stream != "every" {
				t.Errorf("%q: %+v, %v", c.in, got, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want an error that says %q", c.in, err, c.want)
		}
	}
}

func FuzzParseFaults(f *testing.F) {
	for _, s := range []string{
		"404@every:7", "cut@50%@every:3", "die@10s:20s", "404@video:12-14,slow@64k", "level-gone@1200000", "@", "late@",
		"412@edge:30%", "stale-manifest@-20s@50%", "bad-tfrf@times@audio", "encoder-gap@video@60s-90s", "clock-jump@-30s@1m", "end@60s@silent",
		"cut@video:3%@audio:1-", "licence-500@0s-5s,licence-slow@10s@every:2,wrong-key@50%,missing-iv@video:3", "late@1s-", "500@every@edge:30%", "404@edge:2@0.1%",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		faults, err := ParseFaults(s)
		if err == nil && len(faults) > strings.Count(s, ",")+1 {
			t.Errorf("%q: %d faults", s, len(faults))
		}
		// What is written is read as the same, but for digits that are too many.
		if text := faults.String(); err == nil {
			if again, err := ParseFaults(text); err != nil || again.String() != text {
				t.Errorf("%q: written as %q, read as %q, %v", s, text, again, err)
			}
		}
		for _, f := range faults {
			f.applies(occasion{chunk: 3, stream: "video", kind: "video", level: 1, top: 1})
			f.counted(3)
		}
	})
}

func TestFaultApplies(t *testing.T) {
	chunk := occasion{stream: "video", name: "video", kind: "video", level: 500000, top: 900000, chunk: 6, elapsed: 15 * time.Second}
	with := func(change func(*occasion)) occasion {
		o := chunk
		change(&o)
		return o
	}
	audio := with(func(o *occasion) { o.stream, o.name, o.kind = "audio_eng", "audio_eng", "audio" })
	top := with(func(o *occasion) { o.level = 900000 })
	license := occasion{license: true, chunk: -1, elapsed: 15 * time.Second}
	document := occasion{manifest: true, chunk: -1, elapsed: 15 * time.Second}
	for _, c := range []struct {
		fault string
		on    occasion
		want  bool
	}{
		{"404", chunk, true},
		{"404", document, false},
		{"404@manifest", document, true},
		{"404@manifest", chunk, false},
		{"404@fragment:7", chunk, true},
		{"404@fragment:6", chunk, false},
		{"404@fragment:1", with(func(o *occasion) { o.chunk = -1 }), false},
		{"404@video:6", chunk, true},
		{"404@video:5", chunk, false},
		{"404@VIDEO", chunk, true},
		{"404@video", audio, false},
		{"404@audio", audio, true},
		{"404@audio_eng:0-9", audio, true},
		{"404@level:500k", chunk, true},
		{"404@level:500k", top, false},
		{"level-gone", chunk, false},
		{"level-gone", top, true},
		{"level-gone", with(func(o *occasion) { o.kind, o.top = "audio", o.level }), false},
		{"level-gone@500000", chunk, true},
		{"die@10s:15s", chunk, false},
		{"die@15s:16s", chunk, true},
		{"die@15s:16s", document, true},
		{"die@16s", document, false},
		{"die@audio", chunk, false},
		{"die@15s", license, true},
		{"404", license, false},
		{"404@manifest", license, false},
		{"licence-500", license, true},
		{"licence-500@16s", license, false},
		{"licence-slow", chunk, false},
		{"wrong-key", document, false},
		{"missing-iv", chunk, true},
		{"missing-iv", license, false},
		{"missing-iv@audio", chunk, false},
	} {
		faults, err := ParseFaults(c.fault)
		if err != nil {
			t.Fatal(err)
		}
		if got := faults[0].applies(c.on); got != c.want {
			t.Errorf("%s on %+v: %v", c.fault, c.on, got)
		}
	}
}

func TestFaultCounts(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		want  string
	}{
		{Fault{}, "xxxxxxxxxx"},
		{Fault{Every: 3}, "..x..x..x."},
		{Fault{Share: 0.3}, "...x..x..x"},
		{Fault{Share: 1}, "xxxxxxxxxx"},
	} {
		got := ""
		for n := 1; n <= 10; n++ {
			if c.fault.counted(n) {
				got += "x"
			} else {
				got += "."
			}
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.fault, got, c.want)
		}
	}
}

package cmcd

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

const anID = "6e2fb550-c457-11e9-bb97-0800200c9a66"

// Examples of CTA-5004, and what this player sends.
var examples = []struct {
	name   string
	data   Data
	query  string
	header map[string]string
}{
	{"nothing", Data{}, "", nil},
	{"one", Data{Session: anID}, `CMCD=sid%3D%22` + anID + `%22`,
		map[string]string{"CMCD-Session": `sid="` + anID + `"`}},
	{"true", Data{Media: Media{Starved: true, Startup: true}}, `CMCD=bs%2Csu`,
		map[string]string{"CMCD-Status": "bs", "CMCD-Request": "su"}},
	{"next", Data{Session: anID, Next: "../300kbps/segment35.m4v"},
		`CMCD=nor%3D%22..%252F300kbps%252Fsegment35.m4v%22%2Csid%3D%22` + anID + `%22`,
		map[string]string{"CMCD-Request": `nor="..%2F300kbps%2Fsegment35.m4v"`, "CMCD-Session": `sid="` + anID + `"`}},
	{"four headers", Data{Media: Media{Throughput: 25400, Bitrate: 3200, Duration: 4004, Top: 6000, Starved: true}, Limit: 15000, Session: anID},
		`CMCD=br%3D3200%2Cbs%2Cd%3D4004%2Cmtp%3D25400%2Crtp%3D15000%2Csid%3D%22` + anID + `%22%2Ctb%3D6000`,
		map[string]string{"CMCD-Object": "br=3200,d=4004,tb=6000", "CMCD-Request": "mtp=25400",
			"CMCD-Status": "bs,rtp=15000", "CMCD-Session": `sid="` + anID + `"`}},
	{"empty buffer", Data{Media: Media{Object: Video}}, `CMCD=bl%3D0%2Cdl%3D0%2Cot%3Dv`,
		map[string]string{"CMCD-Request": "bl=0,dl=0", "CMCD-Object": "ot=v"}},
	{"manifest", Data{Media: Media{Object: Manifest, Startup: true, Stream: Live}, Format: Smooth, Session: "x", Halted: true},
		`CMCD=ot%3Dm%2Cpr%3D0%2Csf%3Ds%2Csid%3D%22x%22%2Cst%3Dl%2Csu`,
		map[string]string{"CMCD-Object": "ot=m", "CMCD-Request": "su", "CMCD-Session": `pr=0,sf=s,sid="x",st=l`}},
	{"rate", Data{Rate: -1.5, Content: `a "b" \c`}, `CMCD=cid%3D%22a%20%5C%22b%5C%22%20%5C%5Cc%22%2Cpr%3D-1.5`,
		map[string]string{"CMCD-Session": `cid="a \"b\" \\c",pr=-1.5`}},
	{"as fast as it is", Data{Media: Media{Duration: 1}, Rate: 1}, `CMCD=d%3D1`, map[string]string{"CMCD-Object": "d=1"}},
}

func TestExamples(t *testing.T) {
	for _, x := range examples {
		t.Run(x.name, func(t *testing.T) {
			if got := x.data.Query(); got != x.query {
				t.Errorf("query\n got %s\nwant %s", got, x.query)
			}
			want := http.Header{}
			for name, value := range x.header {
				want.Set(name, value)
			}
			if got := x.data.Header(); !reflect.DeepEqual(got, want) {
				t.Errorf("headers\n got %v\nwant %v", got, want)
			}
			back := x.data
			if back.Rate == 1 {
				back.Rate = 0 // is not sent
			}
			for from, read := range map[string]func() (Data, error){
				"query":   func() (Data, error) { return FromQuery("a=b&" + x.data.Query()) },
				"headers": func() (Data, error) { return FromHeader(x.data.Header()) },
			} {
				if got, err := read(); err != nil || got != back {
					t.Errorf("%s: %v\n got %+v\nwant %+v", from, err, got, back)
				}
			}
			if u, err := url.ParseQuery(x.query); err != nil || x.query != "" && !strings.HasPrefix(u.Encode(), "CMCD=") {
				t.Errorf("no query: %v, %v", u, err)
			}
		})
	}
}

func TestRounding(t *testing.T) {
	const ms = time.Millisecond
	check := func(what string, got, want int64) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	check("br", Kbps(350_499), 350)
	check("br", Kbps(350_500), 351)
	check("br", Kbps(-1), 0)
	check("mtp", Kbps100(25_449_999), 25_400)
	check("mtp", Kbps100(25_450_000), 25_500)
	check("mtp", Kbps100(49_999), 0)
	check("d", Millis(4004*ms+400*time.Microsecond), 4004)
	check("bl", Millis100(21_349*ms), 21_300)
	check("bl", Millis100(21_350*ms), 21_400)
	check("bl", Millis100(-time.Second), 0)
}

func TestInvalid(t *testing.T) {
	for text, says := range map[string]string{
		"br":                                    "needs a value",
		"br=":                                   "whole number",
		"br=1.5":                                "whole number",
		"br=-1":                                 "whole number",
		"br=007":                                "whole number",
		"bl=150":                                "to 100",
		"mtp=99":                                "to 100",
		"bs=true":                               "no value",
		"tb=1,br=1":                             "ascend",
		"br=1,br=1":                             "ascend",
		"br=1,":                                 "after br",
		"br=1;d=2":                              "whole number",
		"sid=x":                                 "in quotes",
		`sid="x`:                                "not closed",
		`sid="x"y`:                              "after sid",
		`sid=""`:                                "in quotes",
		"ot=video":                              "one of",
		"st=":                                   "one of",
		"pr=fast":                               "decimal",
		"pr=NaN":                                "decimal",
		"v=2":                                   "version 1",
		"xyz=1":                                 "no key",
		",br=1":                                 "",
		"BR=1":                                  "",
		`cid="` + strings.Repeat("x", 65) + `"`: "bounded",
	} {
		if d, err := Parse(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %+v, %v; want an error that says %q", text, d, err, says)
		}
	}
	if _, err := FromHeader(http.Header{"Cmcd-Object": {"sid=\"x\""}}); err == nil || !strings.Contains(err.Error(), "Cmcd-Session") {
		t.Errorf("a key in the header of another group: %v", err)
	}
	if _, err := FromQuery("CMCD=su&CMCD=bs"); err == nil {
		t.Error("two arguments were taken")
	}
	if _, err := Parse(strings.Repeat("a", maxText+1)); err == nil {
		t.Error("endless text was taken")
	}
	for text, ok := range map[string]bool{"query": true, "header": true, "off": true, "": true, "both": false} {
		if _, err := ParseMode(text); (err == nil) != ok {
			t.Errorf("mode %q: %v", text, err)
		}
	}
}

func TestSessionIsAUUID(t *testing.T) {
	pattern := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	a, b := NewSession(rand.New(rand.NewPCG(1, 2))), NewSession(rand.New(rand.NewPCG(1, 3)))
	if !pattern.MatchString(a) || !pattern.MatchString(b) || a == b {
		t.Errorf("got %s and %s", a, b)
	}
	if again := NewSession(rand.New(rand.NewPCG(1, 2))); again != a {
		t.Errorf("equal sources give %s and %s", a, again)
	}
}

func TestJSON(t *testing.T) {
	d := Media{Bitrate: 1500, Duration: 2000, Throughput: 4200, Object: Video, Stream: OnDemand, Startup: true, Top: 3000}
	text, err := json.Marshal(d)
	want := `{"br":1500,"bl":0,"d":2000,"dl":0,"mtp":4200,"ot":"v","st":"v","su":true,"tb":3000}`
	if err != nil || string(text) != want {
		t.Errorf("%v\n got %s\nwant %s", err, text, want)
	}
}

// FuzzParse: what is read is what is written, in both forms.
func FuzzParse(f *testing.F) {
	for _, x := range examples {
		text, _ := url.PathUnescape(strings.TrimPrefix(x.query, "CMCD="))
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		if d.Rate == 1 {
			d.Rate = 0
		}
		if !d.Object.media() {
			d.Buffer, d.Deadline = 0, 0
		}
		if again, err := FromQuery(d.Query()); err != nil || again != d {
			t.Errorf("%q is %+v, written and read again %+v, %v", text, d, again, err)
		}
		if again, err := FromHeader(d.Header()); err != nil || again != d {
			t.Errorf("%q is %+v, as headers %+v, %v", text, d, again, err)
		}
	})
}

func BenchmarkQuery(b *testing.B) {
	d := examples[4].data
	b.ReportAllocs()
	for b.Loop() {
		_ = d.Query()
	}
}

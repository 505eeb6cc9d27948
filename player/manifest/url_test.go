package manifest

import (
	"net/http"
	"strings"
	"testing"
)

func TestChunkURL(t *testing.T) {
	const manifest = "http://h/v/x.ism/Manifest"
	desktop := []Attribute{{"Compatibility", "Desktop"}}
	tests := []struct {
		name, base, template string
		attributes           []Attribute
		want                 string
	}{
		{"specification", manifest, "QualityLevels({bitrate},{CustomAttributes})/Fragments(video={start_time})", desktop,
			"http://h/v/x.ism/QualityLevels(1536000,Compatibility=Desktop)/Fragments(video=19680000)"},
		{"base is a base", "http://h/v/x.ism/", "QualityLevels({bitrate})/Fragments(video={start time})", nil,
			"http://h/v/x.ism/QualityLevels(1536000)/Fragments(video=19680000)"},
		{"query of the manifest", manifest + "?token=a/b#f", "Q({bitrate})", nil, "http://h/v/x.ism/Q(1536000)"},
		{"vendor tail", "https://h:8443/x.ism.smoothstreaming/manifest", "Q({bitrate})", nil, "https://h:8443/x.ism.smoothstreaming/Q(1536000)"},
		{"letter case", manifest, "Q({Bitrate})/F({Start Time},{START_TIME},{customattributes})", desktop,
			"http://h/v/x.ism/Q(1536000)/F(19680000,19680000,Compatibility=Desktop)"},
		{"several attributes", manifest, "Q({bitrate},{CustomAttributes})", []Attribute{{"CameraAngle", "Camera 2"}, {"hardwareProfile", "1000"}},
			"http://h/v/x.ism/Q(1536000,CameraAngle=Camera%202,hardwareProfile=1000)"},
		{"no attributes", manifest, "Q({bitrate},{CustomAttributes})/F", nil, "http://h/v/x.ism/Q(1536000)/F"},
		{"no attributes, spaces", manifest, "Q({bitrate}, {CustomAttributes})/F", nil, "http://h/v/x.ism/Q(1536000)/F"},
		{"no attributes, no comma", manifest, "Q {CustomAttributes}/F", nil, "http://h/v/x.ism/Q%20/F"},
		{"no bitrate", manifest, "Fragments(video={start time})", nil, "http://h/v/x.ism/Fragments(video=19680000)"},
		{"no parentheses", manifest, "QualityLevels{bitrate}/Fragmentsvideo={start time}", nil, "http://h/v/x.ism/QualityLevels1536000/Fragmentsvideo=19680000"},
		{"placeholders are exact", manifest, "Q({ bitrate})({bit rate})({})({bitrate", nil,
			"http://h/v/x.ism/Q(%7B%20bitrate%7D)(%7Bbit%20rate%7D)(%7B%7D)(%7Bbitrate"},
		{"placeholder in braces", manifest, "{a{bitrate}}", nil, "http://h/v/x.ism/%7Ba1536000%7D"},
		{"space keeps parentheses", manifest, "Q({bitrate})/Fragments (my video={start time})", nil,
			"http://h/v/x.ism/Q(1536000)/Fragments%20(my%20video=19680000)"},
		{"not ASCII", manifest, "F(größe={start time})", nil, "http://h/v/x.ism/F(gr%C3%B6%C3%9Fe=19680000)"},
		{"escapes are kept", manifest, "F(a%20b%zz%={start time})", nil, "http://h/v/x.ism/F(a%20b%25zz%25=19680000)"},
		{"fragment sign", manifest, "F(a#b)", nil, "http://h/v/x.ism/F(a%23b)"},
		{"query", manifest, "Q({bitrate})/F(v={start time})?id=a b&c={bitrate}", nil, "http://h/v/x.ism/Q(1536000)/F(v=19680000)?id=a%20b&c=1536000"},
		{"value stays in its place", manifest, "Q({CustomAttributes})", []Attribute{{"a/b", "c?d#e"}}, "http://h/v/x.ism/Q(a%2Fb=c%3Fd%23e)"},
		{"first segment with colon", manifest, "a:b/{bitrate}", nil, "http://h/v/x.ism/a:b/1536000"},
		{"root", manifest, "/other/Q({bitrate})", nil, "http://h/other/Q(1536000)"},
		{"other host", manifest, "//cdn.example:81/Q({bitrate})", nil, "http://cdn.example:81/Q(1536000)"},
		{"absolute", manifest, "HTTPS://cdn.example/x/Q({bitrate})", nil, "HTTPS://cdn.example/x/Q(1536000)"},
		{"absolute without path", manifest, "https://cdn.example", nil, "https://cdn.example"},
		{"a stranger reads no files", manifest, "file:///etc/{bitrate}", nil, "http://h/v/x.ism/file:///etc/1536000"},
		{"up", manifest, "../y.ism/./Q({bitrate})", nil, "http://h/v/y.ism/./Q(1536000)"},
		{"up too far", manifest, "./../../../../Q", nil, "http://h/Q"},
		{"base with space", "http://h/my video.ism/Manifest", "Q({bitrate})", nil, "http://h/my%20video.ism/Q(1536000)"},
		{"base without path", "http://h", "Q({bitrate})", nil, "http://h/Q(1536000)"},
		{"IPv6", "http://[::1]:80/x.ism/Manifest", "Q", nil, "http://[::1]:80/x.ism/Q"},
		{"file", "file:///srv/x.ism/Manifest", "Q({bitrate})", nil, "file:///srv/x.ism/Q(1536000)"},
		{"file from file", "file:///srv/x.ism/Manifest", "file:///srv/y/{bitrate}", nil, "file:///srv/y/1536000"},
		{"no template", manifest, "", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &Stream{URL: test.template}
			l := &Level{Bitrate: "1536000", Attributes: test.attributes}
			got := ChunkURL(test.base, s, l, 19680000)
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if strings.HasPrefix(got, "http") {
				survives(t, got)
			}
			if again := ChunkURL(BaseURL(test.base), s, l, 19680000); again != got {
				t.Errorf("with BaseURL %s, without %s", again, got)
			}
		})
	}
	t.Run("template of the level", func(t *testing.T) {
		if got := ChunkURL(manifest, &Stream{URL: "s"}, &Level{URL: "l{start time}"}, 1<<64-1); got != "http://h/v/x.ism/l18446744073709551615" {
			t.Error(got)
		}
	})
}

// survives holds that net/http asks for exactly this URL.
func survives(t *testing.T, url string) {
	t.Helper()
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Errorf("no request for %s: %v", url, err)
		return
	}
	if got := request.URL.String(); strings.ToLower(got) != strings.ToLower(url) {
		t.Errorf("the request is for %s and not %s", got, url)
	}
	if uri := request.URL.RequestURI(); !strings.HasSuffix(url, uri) && uri != "/" || strings.ContainsAny(uri, " \"<>{}|\\^`") {
		t.Errorf("the request line of %s has %s", url, uri)
	}
}

func TestManifestURL(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"http://h/x.ism", "http://h/x.ism/Manifest"},
		{"http://h/x.isml", "http://h/x.isml/Manifest"},
		{"https://h/a/X.ISM/", "https://h/a/X.ISM/Manifest"},
		{" http://h/x.ism?token=a/b.ism \n", "http://h/x.ism/Manifest?token=a/b.ism"},
		{"http://h/x.ism/?", "http://h/x.ism/Manifest?"},
		{"http://h/x.ism#part", "http://h/x.ism/Manifest"},
		{"http://h/x.ism/Manifest", "http://h/x.ism/Manifest"},
		{"http://h/x.ism/manifest?a=b", "http://h/x.ism/manifest?a=b"},
		{"http://h/x.ism/Manifest(filter=A)", "http://h/x.ism/Manifest(filter=A)"},
		{"http://h/x.ism.smoothstreaming/manifest", "http://h/x.ism.smoothstreaming/manifest"},
		{"http://h/x.ismc", "http://h/x.ismc"},
		{"http://h/prism", "http://h/prism"},
		{"http://h/other.xml", "http://h/other.xml"},
		{"http://h.ism", "http://h.ism"},
		{"/srv/x.ism", "/srv/x.ism"},
		{"file:///srv/x.ism", "file:///srv/x.ism"},
		{"x.ism", "x.ism"},
	}
	for _, test := range tests {
		got, err := ManifestURL(test.raw)
		if err != nil || got != test.want {
			t.Errorf("ManifestURL(%q) = %q, %v; want %q", test.raw, got, err, test.want)
		}
	}
	for _, raw := range []string{"", " ", "http://", "http:///x.ism", "http://user:secret@h:port/x.ism", "http://h/secret%zz.ism", "http://h/\x01secret"} {
		got, err := ManifestURL(raw)
		if err == nil {
			t.Errorf("ManifestURL(%q) = %q without an error", raw, got)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the message %q repeats the URL", err)
		}
	}
}

func TestBaseURL(t *testing.T) {
	tests := []struct{ effective, want string }{
		{"http://h/v/x.ism/Manifest", "http://h/v/x.ism/"},
		{"http://h/v/x.ism/Manifest?a=b/c", "http://h/v/x.ism/"},
		{"http://h/v/x.ism/", "http://h/v/x.ism/"},
		{"http://h/Manifest#a/b", "http://h/"},
		{"http://h", "http://h/"},
		{"http://h?q", "http://h/"},
		{"file:///srv/x.ismc", "file:///srv/"},
		{"/srv/x.ismc", "/srv/"},
		{"x.ismc", ""},
		{"", ""},
	}
	for _, test := range tests {
		if got := BaseURL(test.effective); got != test.want || BaseURL(got) != got {
			t.Errorf("BaseURL(%q) = %q, want %q; again %q", test.effective, got, test.want, BaseURL(got))
		}
	}
}

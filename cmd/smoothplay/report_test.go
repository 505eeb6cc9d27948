package main

import (
	"strings"
	"testing"
	"time"

	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// A live presentation with all that a report can say.
const richManifest = `<SmoothStreamingMedia MajorVersion="2" MinorVersion="1" IsLive="TRUE" LookAheadFragmentCount="2" DVRWindowLength="36000000000" CanPause="false" Duration="0">
<StreamIndex Type="video" Name="camera 1" Chunks="0" DisplayWidth="16" DisplayHeight="9" Url="QualityLevels({bitrate})/Fragments(video={start time})">
<QualityLevel Index="0" Bitrate="300000" FourCC="H264" MaxWidth="320" MaxHeight="240"
 CodecPrivateData="0000000167640015ACD94141FB0110000003001000000303C0F162D9600000000168EBECB22C"/>
<QualityLevel Index="1" Bitrate="2500000" FourCC="THEO" MaxWidth="1280" MaxHeight="720"/>
<c t="50000000" d="20000000" r="3"/><c t="130000000" d="15000000"/><c d="20000000"/></StreamIndex>
<StreamIndex Type="audio" Language="eng" Url="QualityLevels({bitrate})/Fragments(audio={start time})">
<QualityLevel Index="0" Bitrate="96000" FourCC="AACL" SamplingRate="48000" Channels="2" CodecPrivateData="1190"/>
<c t="50000000" d="20000000"/></StreamIndex>
<StreamIndex Type="text" Subtype="CAPT" Name="captions" ParentStreamIndex="camera 1" Url="x{bitrate}{start time}">
<QualityLevel Index="0" Bitrate="1000" FourCC="TTML"/></StreamIndex>
<Protection><ProtectionHeader SystemID="{9A04F079-9840-4286-AB92-E65BE0885F95}">AAAA</ProtectionHeader>
<ProtectionHeader SystemID="00000000-0000-0000-0000-000000000001">AAAAAAAA</ProtectionHeader></Protection>
</SmoothStreamingMedia>`

const richReport = `http://host/live.isml/Manifest
live, window of 1:00:00, 0:11.500, manifest version 2.1, 1.5 kB, no pause, fragments announce 2 followers

video camera 1: 5 chunks of 2 s (1.5 s to 2 s) from 0:00 to 0:11.500, 1 gap
    300 kbit/s  320x240 shown as 16:9  h264 High@2.1
   2.50 Mbit/s  1280x720          (THEO)  not played: video codec "THEO": not known as video

audio audio [eng]: 1 chunk of 2 s from 0:00 to 0:02
     96 kbit/s  48000 Hz 2 ch     aac LC (AACL)

text captions: subtype CAPT, sparse, parent camera 1, no chunks
      1 kbit/s                    ttml

protected
  PlayReady {9A04F079-9840-4286-AB92-E65BE0885F95}, header of 4 bytes
    not usable: PlayReady Object: 3 bytes are too short for one
  unknown system 00000000-0000-0000-0000-000000000001, header of 8 bytes
    not usable: its headers are not known to this player
`

func TestReport(t *testing.T) {
	p, err := manifest.Parse([]byte(richManifest), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := timeline.New(p)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	r := reportOn("http://host/live.isml/Manifest", 1536, snap, newDecoders(true), nil)
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	got, _, _ := strings.Cut(b.String(), "\nwarnings\n")
	if got != richReport {
		t.Errorf("got\n%s\nwant\n%s", got, richReport)
	}
}

func TestTextsOfStrangersAreHarmless(t *testing.T) {
	var b strings.Builder
	r := report{URL: "u", Streams: []streamReport{{Kind: "audio", Name: "a\x1b[2Jb\n\u202e", Language: "\x07eng"}}, Warnings: []string{"w\r\x00"}}
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x07\r\x00") || strings.Contains(b.String(), "\u202e") || !strings.Contains(b.String(), "a[2Jb") {
		t.Errorf("%q", b.String())
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", 24 * time.Second: "0:24", 90500 * time.Millisecond: "1:30.500", time.Hour + 5*time.Minute: "1:05:00",
		-2 * time.Second: "-0:02", 100 * time.Hour: "100:00:00", 59999900 * time.Microsecond: "1:00",
	} {
		if got := clock(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 2 * time.Second: "2 s", 1941333300: "1.941 s", 10 * time.Second: "10 s", 1500 * time.Millisecond: "1.5 s", -time.Second: "-1 s",
	} {
		if got := seconds(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestTitle(t *testing.T) {
	for name, want := range map[string]string{
		"http://host/movie.ism/Manifest": "movie.ism", "movie/demo.ism": "demo.ism", "/a/b/": "b", "http://host/x.isml/manifest?a=b": "x.isml",
		"http://host": "host",
	} {
		if got := titleOf(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/Eyevinn/mp4ff/mp4"
)

// words are the captions of a language: each is shown for 2.6 s, the next begins
// 3 s later, so that some begin in one fragment and end in the next.
type words struct {
	name    string // of the language, ISO 639-2
	subtype string
	lines   []string
}

const (
	textBitrate = 1000
	// The times of captions, in ms.
	firstCaption, captionEvery, captionStays = 500, 3000, 2600
)

// texts are written with the characters that the fonts beside the demo have.
var texts = []words{
	{"eng", "CAPT", []string{
		"Captions are drawn over the picture,\nshaped and placed as their author wants.",
		"They come in fragments of their own,\nand nothing ever waits for them.",
		"j changes their language,\nv takes them away.",
		"♪ a beep each second ♪",
		"The bar code above says\nwhich picture this is.",
		"Pause, and change the language:\nthe picture stays.",
		"Seek, and they are there at once.",
		"That was the demo of smoothplay.",
	}},
	{"ara", "SUBT", []string{
		"مرحبا بكم في هذا العرض.",
		"تظهر الترجمة فوق الصورة.",
		"تُكتب العربية من اليمين إلى اليسار.",
		"♪ صوت قصير كل ثانية ♪",
		"في كل صورة رقم: 1, 2, 3.",
		"الصورة تتغير مع سرعة الشبكة.",
		"يمكن تغيير اللغة في أي وقت.",
		"شكرا لكم على المشاهدة!",
	}},
	{"jpn", "SUBT", []string{
		"これは日本語の字幕です。",
		"字幕が見えますか？",
		"今、何時ですか？",
		"明日の朝、東京へ行きます。",
		"海の話を聞きました。",
		"「ピッ」という、みじかいおとがします。",
		"夜は、よい天気でした。",
		"これでおわりです！",
	}},
}

func textFile(w words) string { return fmt.Sprintf("demo_text_%s.ismt", w.name) }
func textName(w words) string { return "text_" + w.name }
func textID(i int) uint32     { return uint32(1 + len(ladder) + len(languages) + i) }

// document is the fragment from begin until end, in ms: what is said in it, counted
// from its begin.
func (w words) document(begin, end int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="%s"><body><div>`, w.name)
	for i, line := range w.lines {
		from := firstCaption + i*captionEvery
		until := from + captionStays
		if until <= begin || from >= end {
			continue
		}
		var text bytes.Buffer
		_ = xml.EscapeText(&text, []byte(line)) // a buffer takes everything
		fmt.Fprintf(&b, `<p begin="%s" end="%s">%s</p>`, clockText(max(from, begin)-begin), clockText(min(until, end)-begin),
			strings.ReplaceAll(text.String(), "&#xA;", "<br/>"))
	}
	b.WriteString("</div></body></tt>")
	return b.Bytes()
}

func clockText(ms int) string { return fmt.Sprintf("00:00:%02d.%03d", ms/1000, ms%1000) }

// writeISMT returns the captions of a language as a file of ftyp, moov, fragments
// and their index.
func writeISMT(w words, id uint32) ([]byte, error) {
	init := mp4.CreateEmptyInit()
	trak := init.AddEmptyTrack(timeScale, "stpp", w.name)
	if err := trak.SetStppDescriptor("http://www.w3.org/ns/ttml", "", ""); err != nil {
		return nil, err
	}
	trak.Tkhd.TrackID = id
	init.Moov.Mvex.Trex.TrackID = id
	init.Moov.Mvhd.Timescale = timeScale
	init.Moov.Mvhd.NextTrackID = id + 1
	init.Moov.Mvex.AddChild(&mp4.MehdBox{Version: 1, FragmentDuration: seconds * timeScale})
	var out bytes.Buffer
	if err := errors.Join(mp4.NewFtyp("isml", 1, []string{"piff", "iso2"}).Encode(&out), init.Moov.Encode(&out)); err != nil {
		return nil, err
	}
	index := &mp4.TfraBox{Version: 1, TrackID: id}
	chunks, _ := videoChunks()
	for i, c := range chunks {
		index.Entries = append(index.Entries, mp4.TfraEntry{Time: c.t, MoofOffset: uint64(out.Len()), TrafNumber: 1, TrunNumber: 1, SampleNumber: 1})
		const ms = timeScale / 1000
		t := &track{samples: []sample{{data: w.document(int(c.t/ms), int((c.t+c.d)/ms)), key: true}}}
		fragment, err := t.text(id, uint32(i+1), c)
		if err != nil {
			return nil, err
		}
		out.Write(fragment)
	}
	err := writeIndex(&out, index)
	return out.Bytes(), err
}

// text returns moof and mdat of the one sample of t.
func (t *track) text(id, sequence uint32, c chunk) ([]byte, error) {
	tfhd := mp4.CreateTfhd(id)
	tfhd.Flags = mp4.TfhdDefaultSampleFlagsPresentFlag
	tfhd.DefaultSampleFlags = flagsKey
	trun := mp4.CreateTrun(0)
	trun.Flags = mp4.TrunDataOffsetPresentFlag | mp4.TrunSampleSizePresentFlag | mp4.TrunSampleDurationPresentFlag
	trun.AddSample(mp4.Sample{Size: uint32(len(t.samples[0].data)), Dur: uint32(c.d), Flags: flagsKey})
	mdat := &mp4.MdatBox{}
	mdat.AddSampleData(t.samples[0].data)
	return encodeFragment(tfhd, trun, mdat, sequence, c)
}

// captioned returns both manifests with the captions, in place of those that they
// may have.
func captioned(ismc, ism string) (string, string) {
	var c, s strings.Builder
	chunks, _ := videoChunks()
	for i, w := range texts {
		fmt.Fprintf(&c, `  <StreamIndex Type="text" Name="%s" Language="%s" Subtype="%s" Chunks="%d" QualityLevels="1" Url="QualityLevels({bitrate})/Fragments(%s={start time})">
    <QualityLevel Index="0" Bitrate="%d" FourCC="TTML" CodecPrivateData="" />
`, textName(w), w.name, w.subtype, len(chunks), textName(w), textBitrate)
		writeChunks(&c, chunks)
		fmt.Fprintf(&s, `      <textstream src="%s" systemBitrate="%d" systemLanguage="%s">
        <param name="trackID" value="%d" valuetype="data" />
        <param name="trackName" value="%s" valuetype="data" />
      </textstream>
`, textFile(w), textBitrate, w.name, textID(i), textName(w))
	}
	return insert(ismc, `  <StreamIndex Type="text"`, "</SmoothStreamingMedia>", c.String()),
		insert(ism, "      <textstream", "    </switch>", s.String())
}

// insert puts text into a manifest before an end tag, in place of what there is from
// first on.
func insert(manifest, first, end, text string) string {
	at := strings.Index(manifest, end)
	if old := strings.Index(manifest, first); old >= 0 {
		return manifest[:old] + text + manifest[at:]
	}
	return manifest[:at] + text + manifest[at:]
}

package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/Eyevinn/mp4ff/mp4"
)

const timeScale = 10_000_000

// Sample flags, ISO 14496-12 8.8.3.1.
const (
	flagsKey     = 0x02000000 // depends on nothing
	flagsRefers  = 0x01410000 // depends on others, is depended on, no sync sample
	flagsDiscard = 0x01810000 // depends on others, is not depended on, no sync sample
)

// chunk is one entry of a timeline.
type chunk struct{ t, d uint64 }

// videoChunks and audioChunks cut a track into fragments of about 2 s.
func videoChunks() (chunks []chunk, firsts []int) {
	for i := 0; i < frames; i += fps * fragmentSeconds {
		chunks = append(chunks, chunk{uint64(i) * timeScale / fps, fragmentSeconds * timeScale})
		firsts = append(firsts, i)
	}
	return chunks, append(firsts, frames)
}

func audioChunks() (chunks []chunk, firsts []int) {
	const units = seconds * rate / frameAAC
	for s := 0; s < seconds; s += fragmentSeconds {
		firsts = append(firsts, (s*rate+frameAAC/2)/frameAAC)
	}
	firsts = append(firsts, units)
	for i := range len(firsts) - 1 {
		t := audioTime(firsts[i])
		chunks = append(chunks, chunk{t, audioTime(firsts[i+1]) - t})
	}
	return chunks, firsts
}

// audioTime is when access unit i begins, to the nearest tick.
func audioTime(i int) uint64 {
	return (uint64(i)*frameAAC*timeScale + rate/2) / rate
}

// writeISMV returns a track as a file of ftyp, moov, fragments and their index
// (PIFF 1.1 5, with the index that servers use).
func writeISMV(t *track, id uint32, lang string) ([]byte, error) {
	init := mp4.CreateEmptyInit()
	kind := "audio"
	if t.video {
		kind = "video"
	}
	trak := init.AddEmptyTrack(timeScale, kind, lang)
	var err error
	if t.video {
		err = trak.SetAVCDescriptor("avc1", t.sps, t.pps, true)
	} else {
		err = trak.SetAACDescriptor(2, rate)
	}
	if err != nil {
		return nil, err
	}
	trak.Tkhd.TrackID = id
	init.Moov.Mvex.Trex.TrackID = id
	init.Moov.Mvhd.Timescale = timeScale
	init.Moov.Mvhd.NextTrackID = id + 1
	init.Moov.Mvex.AddChild(&mp4.MehdBox{Version: 1, FragmentDuration: seconds * timeScale})
	var out bytes.Buffer
	if err := mp4.NewFtyp("isml", 1, []string{"piff", "iso2"}).Encode(&out); err != nil {
		return nil, err
	}
	if err := init.Moov.Encode(&out); err != nil {
		return nil, err
	}
	fragments, chunks, err := t.fragments(id)
	if err != nil {
		return nil, err
	}
	index := &mp4.TfraBox{Version: 1, TrackID: id}
	for i, fragment := range fragments {
		index.Entries = append(index.Entries, mp4.TfraEntry{Time: chunks[i].t, MoofOffset: uint64(out.Len()), TrafNumber: 1, TrunNumber: 1, SampleNumber: 1})
		out.Write(fragment)
	}
	err = writeIndex(&out, index)
	return out.Bytes(), err
}

// writeIndex ends a file with the index of its fragments.
func writeIndex(out *bytes.Buffer, index *mp4.TfraBox) error {
	mfra, mfro := &mp4.MfraBox{}, &mp4.MfroBox{}
	if err := errors.Join(mfra.AddChild(index), mfra.AddChild(mfro)); err != nil {
		return err
	}
	mfro.ParentSize = uint32(mfra.Size())
	return mfra.Encode(out)
}

// fragments returns the fragments of t, and when each begins.
func (t *track) fragments(id uint32) ([][]byte, []chunk, error) {
	chunks, firsts := audioChunks()
	if t.video {
		chunks, firsts = videoChunks()
	}
	var out [][]byte
	for i, c := range chunks {
		f, err := t.fragment(id, uint32(i+1), c, firsts[i], firsts[i+1])
		if err != nil {
			return nil, nil, err
		}
		out = append(out, f)
	}
	return out, chunks, nil
}

// fragment returns moof and mdat of the samples from first to before end: tfhd
// with what all have in common, a trun of version 1 (composition offsets may be
// negative, so that the first picture is shown at c.t), tfxd.
func (t *track) fragment(id, sequence uint32, c chunk, first, end int) ([]byte, error) {
	tfhd := mp4.CreateTfhd(id)
	tfhd.Flags = mp4.TfhdDefaultSampleFlagsPresentFlag
	tfhd.DefaultSampleFlags = flagsKey
	trun := mp4.CreateTrun(0)
	trun.Flags = mp4.TrunDataOffsetPresentFlag | mp4.TrunSampleSizePresentFlag
	if t.video {
		trun.Flags |= mp4.TrunSampleFlagsPresentFlag | mp4.TrunSampleCompositionTimeOffsetPresentFlag
		tfhd.Flags |= mp4.TfhdDefaultSampleDurationPresentFlag
		tfhd.DefaultSampleDuration = timeScale / fps
	} else {
		trun.Flags |= mp4.TrunSampleDurationPresentFlag
	}
	mdat := &mp4.MdatBox{}
	for i := first; i < end; i++ {
		s := t.samples[i]
		ms := mp4.Sample{Size: uint32(len(s.data)), Flags: flagsKey}
		if t.video {
			ms.CompositionTimeOffset = int32(s.pts-i) * timeScale / fps
			switch {
			case s.discard:
				ms.Flags = flagsDiscard
			case !s.key:
				ms.Flags = flagsRefers
			}
		} else {
			ms.Dur = uint32(audioTime(i+1) - audioTime(i))
		}
		trun.AddSample(ms)
		mdat.AddSampleData(s.data)
	}
	return encodeFragment(tfhd, trun, mdat, sequence, c)
}

// encodeFragment puts the parts of a fragment together.
func encodeFragment(tfhd *mp4.TfhdBox, trun *mp4.TrunBox, mdat *mp4.MdatBox, sequence uint32, c chunk) ([]byte, error) {
	tfxd := mp4.NewTfxdBox(c.t, c.d)
	tfxd.Tfxd.Version = 1
	traf, moof := &mp4.TrafBox{}, &mp4.MoofBox{}
	err := errors.Join(traf.AddChild(tfhd), traf.AddChild(trun), traf.AddChild(tfxd),
		moof.AddChild(mp4.CreateMfhd(sequence)), moof.AddChild(traf))
	trun.DataOffset = int32(moof.Size() + mdat.HeaderSize())
	var out bytes.Buffer
	err = errors.Join(err, moof.Encode(&out), mdat.Encode(&out))
	return out.Bytes(), err
}

// manifests returns the client manifest and the server manifest.
func manifests(video, audio []*track) (ismc, ism string) {
	var c, s strings.Builder
	last := ladder[len(ladder)-1]
	fmt.Fprintf(&c, `<?xml version="1.0" encoding="utf-8"?>
<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" TimeScale="%d" Duration="%d">
`, timeScale, seconds*timeScale)
	fmt.Fprint(&s, `<?xml version="1.0" encoding="utf-8"?>
<smil xmlns="http://www.w3.org/2001/SMIL20/Language">
  <head>
    <meta name="clientManifestRelativePath" content="demo.ismc" />
  </head>
  <body>
    <switch>
`)
	chunks, _ := videoChunks()
	fmt.Fprintf(&c, `  <StreamIndex Type="video" Name="video" Chunks="%d" QualityLevels="%d" MaxWidth="%d" MaxHeight="%d" DisplayWidth="%d" DisplayHeight="%d" Url="QualityLevels({bitrate})/Fragments(video={start time})">
`, len(chunks), len(video), last.width, last.height, last.width, last.height)
	for i, t := range video {
		l := ladder[i]
		var private []byte
		for _, set := range [][][]byte{t.sps, t.pps} {
			for _, nal := range set {
				private = append(append(private, 0, 0, 0, 1), nal...)
			}
		}
		fmt.Fprintf(&c, `    <QualityLevel Index="%d" Bitrate="%d" FourCC="H264" MaxWidth="%d" MaxHeight="%d" CodecPrivateData="%s" />
`, i, t.bitrate, l.width, l.height, strings.ToUpper(hex.EncodeToString(private)))
		fmt.Fprintf(&s, `      <video src="%s" systemBitrate="%d">
        <param name="trackID" value="%d" valuetype="data" />
        <param name="trackName" value="video" valuetype="data" />
      </video>
`, videoFile(t), t.bitrate, videoID(i))
	}
	writeChunks(&c, chunks)
	chunks, _ = audioChunks()
	for i, t := range audio {
		l := languages[i]
		fmt.Fprintf(&c, `  <StreamIndex Type="audio" Name="%s" Language="%s" Chunks="%d" QualityLevels="1" Url="QualityLevels({bitrate})/Fragments(%s={start time})">
    <QualityLevel Index="0" Bitrate="%d" FourCC="AACL" SamplingRate="%d" Channels="%d" BitsPerSample="16" PacketSize="4" AudioTag="255" CodecPrivateData="1190" />
`, audioName(l), l.name, len(chunks), audioName(l), t.bitrate, rate, channels)
		writeChunks(&c, chunks)
		fmt.Fprintf(&s, `      <audio src="%s" systemBitrate="%d" systemLanguage="%s">
        <param name="trackID" value="%d" valuetype="data" />
        <param name="trackName" value="%s" valuetype="data" />
      </audio>
`, audioFile(l), t.bitrate, l.name, audioID(i), audioName(l))
	}
	fmt.Fprintln(&c, `</SmoothStreamingMedia>`)
	fmt.Fprint(&s, `    </switch>
  </body>
</smil>
`)
	return c.String(), s.String()
}

func writeChunks(b *strings.Builder, chunks []chunk) {
	for i, c := range chunks {
		fmt.Fprintf(b, `    <c n="%d" t="%d" d="%d" />`+"\n", i, c.t, c.d)
	}
	fmt.Fprintln(b, `  </StreamIndex>`)
}

func videoFile(t *track) string   { return fmt.Sprintf("demo_%d.ismv", t.bitrate) }
func audioFile(l language) string { return fmt.Sprintf("demo_%s.isma", l.name) }
func audioName(l language) string { return "audio_" + l.name }
func videoID(i int) uint32        { return uint32(1 + i) }
func audioID(i int) uint32        { return uint32(1 + len(ladder) + i) }

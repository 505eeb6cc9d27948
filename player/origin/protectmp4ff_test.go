package origin

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/drm/piff"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// eachFragment calls f with the first fragments of pictures and sound of the demo,
// from two origins.
func eachFragment(t *testing.T, clear, sealed http.Handler, f func(s *manifest.Stream, url string, clear, sealed []byte)) {
	t.Helper()
	p, err := manifest.Parse(body(t, clear, "/demo.ism/Manifest"), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := timeline.New(p)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Streams {
		s := &p.Streams[i]
		if s.Type == "text" {
			continue
		}
		for n := range 3 {
			c := snap.Stream(i).Chunk(snap.Stream(i).First() + n)
			url := strings.TrimPrefix(manifest.ChunkURL("http://host/demo.ism/", s, &s.Levels[0], c.T), "http://host")
			f(s, url, body(t, clear, url), body(t, sealed, url))
		}
	}
}

// TestMP4FFDecrypts has mp4ff read and decrypt whole fragments of an origin: those
// of PIFF in counter mode, and 'cenc' and 'cbcs'. It knows no block chaining of PIFF.
func TestMP4FFDecrypts(t *testing.T) {
	key := protectKeys[0].Key[:]
	for _, scheme := range []Scheme{SchemeCTR, SchemeCENC, SchemeCBCS} {
		clear, sealed := newOrigin(t, Config{}), newOrigin(t, Config{Protect: &Protect{Scheme: scheme, Keys: protectKeys[:1]}})
		eachFragment(t, clear, sealed, func(s *manifest.Stream, url string, want, data []byte) {
			file, err := mp4.DecodeFile(bytes.NewReader(data))
			if err != nil {
				t.Fatalf("%s %s: %v", scheme, url, err)
			}
			moof, payload := file.Segments[0].Fragments[0].Moof, file.Segments[0].Fragments[0].Mdat.Data
			tenc := &mp4.TencBox{DefaultPerSampleIVSize: 8}
			var constant []byte
			if sgpd := moof.Traf.Sgpd; scheme == SchemeCBCS {
				seig := sgpd.SampleGroupEntries[0].(*mp4.SeigSampleGroupEntry)
				constant = seig.ConstantIV
				tenc.DefaultPerSampleIVSize, tenc.DefaultCryptByteBlock, tenc.DefaultSkipByteBlock = 0, seig.CryptByteBlock, seig.SkipByteBlock
			}
			senc := moof.Traf.Senc
			if senc == nil {
				senc = moof.Traf.UUIDSenc.Senc
			}
			if scheme == SchemeCBCS && s.Type == "audio" {
				senc = nil // one vector for all, and no maps
			} else if senc.ReadButNotParsed() {
				if err := moof.Traf.ParseReadSenc(tenc.DefaultPerSampleIVSize, moof.StartPos); err != nil {
					t.Fatalf("%s %s: %v", scheme, url, err)
				}
			}
			var f fragment.Fragment
			if err := f.Parse(want, fragment.Options{Kind: kindOf(s.Type)}); err != nil {
				t.Fatal(err)
			}
			for i, size := range sizesOf(moof) {
				sample := payload[:size]
				payload = payload[size:]
				iv := constant
				var maps []mp4.SubSamplePattern
				if senc != nil {
					if constant == nil {
						iv = append(bytes.Clone(senc.IVs[i]), make([]byte, 16-len(senc.IVs[i]))...)
					}
					if len(senc.SubSamples) > 0 {
						maps = senc.SubSamples[i]
					}
				}
				if scheme == SchemeCBCS {
					err = mp4.DecryptSampleCbcs(sample, key, iv, maps, tenc)
				} else {
					err = mp4.CryptSampleCenc(sample, key, iv, maps)
				}
				if err != nil || !bytes.Equal(sample, f.Samples[i].Data) {
					t.Fatalf("%s %s: mp4ff makes something else of sample %d (%v)", scheme, url, i, err)
				}
			}
		})
	}
}

func sizesOf(moof *mp4.MoofBox) (sizes []uint32) {
	for i := range moof.Traf.Trun.Samples {
		size := moof.Traf.Trun.Samples[i].Size
		if !moof.Traf.Trun.HasSampleSize() {
			size = moof.Traf.Tfhd.DefaultSampleSize
		}
		sizes = append(sizes, size)
	}
	return sizes
}

// TestMP4FFEncrypts reads and decrypts fragments that mp4ff has encrypted and
// written, in its two schemes.
func TestMP4FFEncrypts(t *testing.T) {
	clear := newOrigin(t, Config{})
	d, err := piff.New(protectKeys[0].Key[:])
	if err != nil {
		t.Fatal(err)
	}
	kid := protectKeys[0].KID
	eachFragment(t, clear, clear, func(s *manifest.Stream, url string, want, data []byte) {
		file, err := mp4.DecodeFile(bytes.NewReader(bytes.Clone(data)))
		if err != nil {
			t.Fatal(err)
		}
		frag := file.Segments[0].Fragments[0]
		senc := mp4.CreateSencBox()
		payload := frag.Mdat.Data
		for i, size := range sizesOf(frag.Moof) {
			iv := binary.BigEndian.AppendUint64(nil, uint64(i)+7)
			one := mp4.SencSample{IV: iv}
			if s.Type == "video" {
				lead := min(size, 50)
				one.SubSamples = []mp4.SubSamplePattern{{BytesOfClearData: uint16(lead), BytesOfProtectedData: size - lead}}
			}
			if err := mp4.CryptSampleCenc(payload[:size], protectKeys[0].Key[:], append(bytes.Clone(iv), make([]byte, 8)...), one.SubSamples); err != nil {
				t.Fatal(err)
			}
			payload = payload[size:]
			if err := senc.AddSample(one); err != nil {
				t.Fatal(err)
			}
		}
		if err := frag.Moof.Traf.AddChild(senc); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := frag.Encode(&out); err != nil {
			t.Fatal(err)
		}
		got, plain := parse(t, out.Bytes(), s.Type), parse(t, want, s.Type)
		if got.Encryption == nil || len(got.Samples) != len(plain.Samples) {
			t.Fatalf("%s: %d samples for %d, encryption %v", url, len(got.Samples), len(plain.Samples), got.Encryption)
		}
		for i := range got.Samples {
			how := got.Encryption.Protection(i, kid)
			if err := d.DecryptBytes(got.Samples[i].Data, &how); err != nil || !bytes.Equal(got.Samples[i].Data, plain.Samples[i].Data) {
				t.Fatalf("%s: sample %d does not become clear (%v)", url, i, err)
			}
		}
	})
}

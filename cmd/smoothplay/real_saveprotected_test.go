//go:build cgo

package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	bytesof "encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/Eyevinn/mp4ff/mp4"
)

var (
	saveKID = []byte{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	saveKey = []byte("sixteen bytes of")
)

// playReadyObject is a protection header that names a key.
func playReadyObject(kid []byte) []byte {
	guid := bytes.Clone(kid) // the first three parts of a GUID are little-endian
	guid[0], guid[1], guid[2], guid[3] = kid[3], kid[2], kid[1], kid[0]
	guid[4], guid[5], guid[6], guid[7] = kid[5], kid[4], kid[7], kid[6]
	text := fmt.Sprintf(`<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="4.0.0.0"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>%s</KID></DATA></WRMHEADER>`,
		base64.StdEncoding.EncodeToString(guid))
	le := bytesof.LittleEndian
	var xml []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		xml = le.AppendUint16(xml, unit)
	}
	object := le.AppendUint32(nil, uint32(10+len(xml)))
	object = le.AppendUint16(object, 1)
	object = le.AppendUint16(object, 1)
	object = le.AppendUint16(object, uint16(len(xml)))
	return append(object, xml...)
}

// encrypting serves what another serves, encrypted. From clear bytes on, samples
// are encrypted, so that those of video have subsamples.
type encrypting struct {
	clear http.Handler
}

func (e *encrypting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recorded := httptest.NewRecorder()
	e.clear.ServeHTTP(recorded, r)
	body := recorded.Body.Bytes()
	switch {
	case recorded.Code != http.StatusOK:
	case strings.HasSuffix(r.URL.Path, "/Manifest"):
		header := fmt.Sprintf(`<Protection><ProtectionHeader SystemID="9A04F079-9840-4286-AB92-E65BE0885F95">%s</ProtectionHeader></Protection>`,
			base64.StdEncoding.EncodeToString(playReadyObject(saveKID)))
		body = bytes.Replace(body, []byte("</SmoothStreamingMedia>"), []byte(header+"</SmoothStreamingMedia>"), 1)
	default:
		body = encrypted(body, strings.Contains(r.URL.Path, "video"))
	}
	w.WriteHeader(recorded.Code)
	w.Write(body)
}

func encrypted(body []byte, video bool) []byte {
	f, err := mp4.DecodeFile(bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	fragment := f.Segments[0].Fragments[0]
	block, err := aes.NewCipher(saveKey)
	if err != nil {
		panic(err)
	}
	senc := mp4.CreateSencBox()
	data := fragment.Mdat.Data
	for i, s := range fragment.Moof.Traf.Trun.Samples {
		one, own := data[:s.Size], mp4.SencSample{IV: bytesof.BigEndian.AppendUint64(nil, uint64(i)+1)}
		data = data[s.Size:]
		if video {
			clear := min(len(one), 90)
			own.SubSamples = []mp4.SubSamplePattern{{BytesOfClearData: uint16(clear), BytesOfProtectedData: uint32(len(one) - clear)}}
			one = one[clear:]
		}
		cipher.NewCTR(block, append(bytes.Clone(own.IV), make([]byte, 8)...)).XORKeyStream(one, one)
		if err := senc.AddSample(own); err != nil {
			panic(err)
		}
	}
	fragment.Moof.Traf.AddChild(senc)
	var out bytes.Buffer
	if err := fragment.Encode(&out); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// What is encrypted stays so, and FFmpeg, given the key, decodes of it what it
// decodes of the clear presentation.
func TestRealSaveProtected(t *testing.T) {
	clear := startOnDemand(t)
	proxied := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := http.Get("http://" + hostOf(clear) + r.URL.EscapedPath())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		var b bytes.Buffer
		b.ReadFrom(resp.Body)
		w.Write(b.Bytes())
	})
	server := httptest.NewServer(&encrypting{proxied})
	defer server.Close()
	dir := t.TempDir()
	path, source := filepath.Join(dir, "encrypted.mp4"), filepath.Join(dir, "clear.mp4")
	args := []string{"--levels", "0", "--alang", "de", "--from", "3", "--to", "13"}
	saveJSON(t, 0, append(args, clear, "-o", source)...)
	s := saveJSON(t, 0, append(args, server.URL+"/demo.ism/Manifest", "-o", path)...)
	if !s.Tracks[0].Protected || !s.Tracks[1].Protected {
		t.Errorf("%+v", s)
	}
	for i := range 2 {
		stream := fmt.Sprintf("0:%d", i)
		_, want := decoded(t, source, stream)
		_, got := decoded(t, path, stream, "-decryption_key", fmt.Sprintf("%x", saveKey))
		if len(got) < 200 || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %d frames are not those of the clear file, %d", stream, len(got), len(want))
		}
	}
}

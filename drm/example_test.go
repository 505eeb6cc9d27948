package drm_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"smoothplay/drm"
	"smoothplay/drm/piff"
	"smoothplay/drm/playready"
	"smoothplay/drm/playready/toy"
	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

// A session reads the headers of its manifest, asks for the keys, and decrypts
// samples: here with a licence server and a licence client for tests.
func ExampleRing() {
	key, kid := []byte("sixteen secrets!"), [16]byte{1, 2, 3, 4}
	header := playready.Header{KIDs: []playready.KID{{ID: kid}}, LicenseURL: "http://licences.example/rightsmanager.asmx?user=me"}
	server := &toy.Server{Licenses: func([16]byte) (toy.License, bool) {
		return toy.License{Key: key, MaxWidth: 1280, MaxHeight: 720}, true
	}}
	sample := []byte("in the clear")
	protection := platform.SampleProtection{Scheme: platform.AESCTR, KID: kid, IV: make([]byte, 8)}
	if e, err := piff.NewEncrypter(key); err != nil || e.Encrypt(sample, &protection) != nil {
		fmt.Println("cannot encrypt")
	}

	// What the manifest says.
	p := drm.Read([]drm.Header{{SystemID: "9A04F079-9840-4286-AB92-E65BE0885F95", Text: base64.StdEncoding.EncodeToString(header.Object())}})
	fmt.Println(p)

	// What is asked for, when, and what came of it.
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ring := drm.NewRing(drm.Options{})
	defer ring.Close()
	provider, doer := &playready.Provider{CDM: &toy.CDM{}}, platformtest.HandlerDoer(server)
	ring.Want(now, drm.Want{Request: p.Request(kid, "http://host/movie.ism/Manifest")})
	for _, req := range ring.Due(now) {
		result, err := provider.Key(context.Background(), doer, req)
		ring.Answer(now, req.KID, result, err)
	}
	k := ring.Key(now, kid)
	fmt.Println(k.State, k.Allows(1280, 720), k.Allows(1920, 1080))

	// At the decoder's door.
	s := platform.Sample{Data: sample}
	if err := k.Decrypter.Decrypt(&s, protection); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s\n", s.Data)
	// Output:
	// PlayReady, key 01020304-0000-0000-0000-000000000000, licences from http://licences.example/rightsmanager.asmx
	// ready true false
	// in the clear
}

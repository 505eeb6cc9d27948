//go:build cgo

package main

import (
	"testing"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
	"smoothplay/testdata/demo"
)

// Encrypted in any scheme, with keys that rotate, the demo shows every picture once
// and in order.
func TestRealProtected(t *testing.T) {
	for _, scheme := range origin.Schemes {
		t.Run(string(scheme), func(t *testing.T) {
			key := origin.ContentKey{KID: [16]byte{7}, Key: [16]byte([]byte("no secret at all"))}
			w := watch(t, func(*camera) playertest.Scenario {
				o, err := origin.New(origin.Config{Protect: &origin.Protect{Scheme: scheme, Keys: []origin.ContentKey{key}, Rotate: 7 * time.Second}})
				if err != nil {
					t.Fatal(err)
				}
				return playertest.Scenario{
					Handler: o, Path: "/demo.ism/Manifest", Link: "50M", Config: little,
					Keys: &clearkey.Server{URL: "http://test" + origin.ClearKeyPath},
				}
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			w.inSync(0.9)
		})
	}
}

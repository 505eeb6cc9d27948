package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/drm/clearkey"
	"smoothplay/platform"
	"smoothplay/player/origin"
)

// protectFlags say how origin encrypts what it serves.
type protectFlags struct {
	scheme string
	kids   []string
	keys   []string // pairs KID:KEY; with kids keys alone
	rotate timeValue
}

func (f *protectFlags) register(cmd *cobra.Command) {
	addFlags(cmd, "Protection", func(flags *pflag.FlagSet) {
		flags.StringVar(&f.scheme, "protect", "", "encrypt video and audio: `SCHEME` is piff-ctr, piff-cbc, cenc or cbcs")
		flags.StringArrayVar(&f.keys, "key", nil, "encrypt with `KID:KEY`; repeatable: further keys are those of the highest levels of video")
		flags.StringArrayVar(&f.kids, "kid", nil, "`KID` of the --key that is given without one; repeatable")
		flags.Var(&f.rotate, "key-rotate", "change the keys after this `time`, over and over (needs --protect)")
	})
}

// protect is what the flags say, for an origin that is reached at host; nil: nothing
// is encrypted.
func (f *protectFlags) protect(host string) (*origin.Protect, error) {
	if f.scheme == "" {
		if len(f.kids) > 0 || len(f.keys) > 0 || f.rotate != 0 {
			return nil, usageError{errors.New("--kid, --key and --key-rotate need --protect: say how to encrypt")}
		}
		return nil, nil
	}
	if len(f.kids) > 0 && len(f.kids) != len(f.keys) {
		return nil, usageError{errors.New("each --kid needs a --key, and each --key then a --kid")}
	}
	p := &origin.Protect{
		Scheme: origin.Scheme(f.scheme), Rotate: time.Duration(f.rotate), LicenseURL: "http://" + host + origin.PlayReadyPath,
	}
	for i, pair := range f.keys {
		if len(f.kids) > 0 {
			pair = f.kids[i] + ":" + pair
		}
		k := &clearkey.Keys{}
		if err := k.Add(pair); err != nil {
			return nil, usageError{fmt.Errorf("--key: %w", err)}
		}
		kid := k.KIDs()[0]
		result, err := k.Key(context.Background(), nil, platform.KeyRequest{KID: kid})
		if err != nil {
			return nil, usageError{fmt.Errorf("--key: %w", err)}
		}
		p.Keys = append(p.Keys, origin.ContentKey{KID: kid, Key: [16]byte(result.Key)})
	}
	if len(p.Keys) == 0 {
		return nil, usageError{errors.New("--protect needs --key KID:KEY, or --kid KID --key KEY: the key to encrypt with")}
	}
	return p, nil
}

// tell says where the keys are to be had.
func (f *protectFlags) tell(w io.Writer, host string) {
	if f.scheme != "" {
		fmt.Fprintf(w, "smoothplay: encrypted (%s); licences at http://%s%s (play with --license-url) and %s\n",
			f.scheme, host, origin.ClearKeyPath, origin.PlayReadyPath)
	}
}

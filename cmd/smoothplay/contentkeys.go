package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/drm"
	"smoothplay/drm/clearkey"
	"smoothplay/platform"
)

// keyFlags say where the keys of protected presentations come from.
type keyFlags struct {
	pairs               []string
	file, seed, license string
}

func (f *keyFlags) register(cmd *cobra.Command) {
	addFlags(cmd, "Protected presentations", func(flags *pflag.FlagSet) {
		flags.StringArrayVar(&f.pairs, "key", nil, "content key as `KID:KEY`: KID a GUID or hex, KEY hex or base64; repeatable")
		flags.StringVar(&f.file, "key-file", "", "content keys from `FILE`, one KID:KEY a line (does not show in the list of processes)")
		flags.StringVar(&f.seed, "key-seed", "", "make content keys from a key seed, `BASE64`, as of PlayReady test content")
		flags.StringVar(&f.license, "license-url", "", "ask the W3C Clear Key licence server at `URL`")
	})
}

// given reports whether there are any.
func (f *keyFlags) given() bool {
	return len(f.pairs) > 0 || f.file != "" || f.seed != "" || f.license != ""
}

// keys are those at hand; what is wrong with one is a usageError that does not
// show it.
func (f *keyFlags) keys() (*clearkey.Keys, error) {
	k := &clearkey.Keys{}
	for _, pair := range f.pairs {
		if err := k.Add(pair); err != nil {
			return nil, usageError{fmt.Errorf("--key: %w", err)}
		}
	}
	if f.file != "" {
		file, err := os.Open(f.file)
		if err != nil {
			return nil, usageError{fmt.Errorf("--key-file: %w", err)}
		}
		defer file.Close()
		if err := k.Read(file); err != nil {
			return nil, usageError{fmt.Errorf("--key-file %s: %w", f.file, err)}
		}
	}
	if f.seed != "" {
		if err := k.SetSeed(f.seed); err != nil {
			return nil, usageError{fmt.Errorf("--key-seed: %w", err)}
		}
	}
	return k, nil
}

// provider provides the keys, those at hand first; nil: nothing was given.
func (f *keyFlags) provider() (platform.KeyProvider, error) {
	keys, err := f.keys()
	if err != nil {
		return nil, err
	}
	var all drm.FirstOf
	if !keys.Empty() {
		all = append(all, keys)
	}
	if f.license != "" {
		if u, err := url.Parse(f.license); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, usageError{errors.New("--license-url: give the http or https address of a Clear Key licence server")}
		}
		all = append(all, &clearkey.Server{URL: f.license})
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

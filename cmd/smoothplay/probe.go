package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

func probeCommand(e *env) *cobra.Command {
	var network networkFlags
	var given keyFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "Say what is in a presentation, and what is wrong with it",
		Long: `probe reads the manifest of a presentation and lists its streams, levels, codecs,
languages and protection, what this device would not play of it and why, and what
had to be repaired to read it. Of the fragments nothing is fetched, but for the
newest ones of a live presentation: where its edge is, how far back one can go,
what fragments announce of those that follow, and whether FragmentInfo works. Of a
protected one it names the systems, keys and licence servers, what is wrong with
their headers, and whether keys that are given fit.`,
		Example: `  smoothplay probe http://host/movie.ism/Manifest
  smoothplay probe --json ./movie/ | jq '.streams[].levels[].bitrate_bps'`,
		Args: exactlyOne("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return probe(cmd.Context(), e, args[0], &network, &given, asJSON)
		},
	}
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "write one JSON object")
	})
	network.register(cmd, nil)
	given.register(cmd)
	return cmd
}

func probe(ctx context.Context, e *env, rawURL string, network *networkFlags, given *keyFlags, asJSON bool) error {
	keys, err := given.keys()
	if err != nil {
		return err
	}
	source, err := openSource(rawURL, network)
	if err != nil {
		return err
	}
	defer source.close()
	client := fetch.New(source.doer, fetch.Options{Headers: source.header})
	full, err := manifest.ManifestURL(source.url)
	if err != nil {
		return usageError{fmt.Errorf("%q cannot be read: %w", event.RedactURL(source.url), err)}
	}
	got, err := fetchManifest(ctx, e, client, full)
	if err != nil {
		return err
	}
	url := event.RedactURL(got.URL)
	p, err := manifest.Parse(got.Body, manifest.Limits{})
	if errors.Is(err, manifest.ErrNoStream) {
		p.Warnings = append(p.Warnings, err.Error()) // there is something to show all the same
	} else if err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	snap, err := timeline.New(p)
	if err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	r := reportOn(url, int64(len(got.Body)), snap, newDecoders(false), keys)
	if snap.Live() {
		r.Edge = probeEdge(ctx, client, got.URL, snap, time.Now())
	}
	if !asJSON {
		return r.WriteText(e.stdout)
	}
	out := json.NewEncoder(e.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// fetchManifest gets a manifest, trying again where that helps.
func fetchManifest(ctx context.Context, e *env, client *fetch.Client, url string) (*fetch.Manifest, error) {
	for attempt := 1; ; attempt++ {
		got, err := client.Manifest(ctx, url)
		if err == nil {
			return got, nil
		}
		next := fetch.NextManifest(err, attempt, rand.Float64())
		if next.Kind != fetch.Retry {
			return nil, err
		}
		e.log.Warn("trying again", "attempt", attempt, "error", err)
		select {
		case <-time.After(next.After):
		case <-ctx.Done():
			return nil, err
		}
	}
}

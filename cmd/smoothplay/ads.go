package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"smoothplay/player"
)

// maxAds bounds a schedule file, in bytes.
const maxAds = 4 << 20

// adSchedule is a schedule file of clips.
type adSchedule struct {
	SeekOver bool     `json:"seek_over"` // seeks pass over clips that were not played
	Clips    []adClip `json:"clips"`
}

// adClip is a clip in a schedule file: player.Clip with times as people write
// them.
type adClip struct {
	ID        string          `json:"id"`
	URL       string          `json:"url"`
	At        string          `json:"at"`
	Place     string          `json:"place"`
	On        string          `json:"on"`
	Main      string          `json:"main"`
	Length    string          `json:"length"`
	Skippable bool            `json:"skippable"`
	Click     string          `json:"click"`
	Data      json.RawMessage `json:"data"`
}

// readAds reads the schedule file name into cfg; "": there is none.
func readAds(name string, cfg *player.Config) error {
	if name == "" {
		return nil
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("--ads: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxAds+1))
	if err != nil {
		return fmt.Errorf("--ads: %w", err)
	}
	if len(data) > maxAds {
		return fmt.Errorf("--ads: %s is larger than %d bytes", name, maxAds)
	}
	if err := parseAds(data, cfg); err != nil {
		return fmt.Errorf("--ads: %s: %w", name, err)
	}
	return nil
}

// parseAds reads a schedule.
func parseAds(data []byte, cfg *player.Config) error {
	var schedule adSchedule
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&schedule); err != nil {
		return err
	}
	cfg.SeekOverClips = schedule.SeekOver
	for i, ad := range schedule.Clips {
		c := player.Clip{
			ID: ad.ID, URL: ad.URL, Place: player.ClipPlace(ad.Place), On: ad.On, Main: player.ClipMain(ad.Main),
			Skippable: ad.Skippable, Click: ad.Click, Data: ad.Data,
		}
		for _, field := range []struct {
			name, text string
			to         *time.Duration
		}{{"at", ad.At, &c.At}, {"length", ad.Length, &c.Length}} {
			if field.text == "" {
				continue
			}
			var value timeValue
			if err := value.Set(field.text); err != nil {
				return fmt.Errorf("clip %d: %s: %w", i+1, field.name, err)
			}
			*field.to = time.Duration(value)
		}
		cfg.Clips = append(cfg.Clips, c)
	}
	return nil
}

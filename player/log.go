package player

import (
	"context"
	"log/slog"
	"time"

	"smoothplay/player/event"
)

// log tells a developer of an event, under the area of the program that it comes
// from.
func (l *loop) log(body event.Body) {
	if !l.cfg.Logger.Enabled(context.Background(), slog.LevelWarn) {
		return
	}
	say := func(level slog.Level, area, text string, args ...any) {
		if l.cfg.Logger.Enabled(context.Background(), level) {
			l.cfg.Logger.With("area", area).Log(context.Background(), level, text, args...)
		}
	}
	switch b := body.(type) {
	case event.StateChanged:
		say(slog.LevelInfo, "player", "state", "from", b.From, "to", b.To, "cause", b.Cause)
	case event.Seek:
		say(slog.LevelInfo, "player", "seek", "to", b.To, "mode", b.Mode, "in_buffer", b.InBuffer)
	case event.Manifest:
		say(slog.LevelInfo, "manifest", "opened", "url", b.URL, "live", b.Live, "duration", b.Duration, "streams", b.Streams, "chunks", b.Chunks)
		for _, w := range b.Warnings {
			say(slog.LevelWarn, "manifest", w)
		}
	case event.Fragment:
		say(slog.LevelDebug, "fetch", "fragment", "track", b.Track, "level", b.Level, "t", b.T, "outcome", b.Outcome,
			"bytes", b.Bytes, "elapsed", b.Elapsed.Round(time.Microsecond), "attempt", b.Attempt, "status", b.Status, "code", b.Code)
	case event.LevelDecided:
		say(slog.LevelDebug, "switching", "decided", "track", b.Track, "t", b.T, "level", b.Decision.Level, "reason", b.Decision.Reason,
			"abandon", b.Decision.Abandon, "buffered", b.Input.Buffered, "bandwidth_bps", b.Input.BandwidthBPS)
	case event.LevelShown:
		say(slog.LevelInfo, "switching", "shown", "level", b.Level, "bitrate_bps", b.BitrateBPS)
	case event.RenderLoad:
		say(slog.LevelInfo, "render", "cap", "level", b.Level, "cap", b.Cap, "decode_mean", b.DecodeMean, "reason", b.Reason, "effort", b.Effort)
	case event.FramesDropped:
		say(slog.LevelInfo, "render", "dropped", "late", b.Late, "skipped", b.Skipped, "level", b.Level)
	case event.Error:
		say(slog.LevelWarn, string(b.Stage), b.Message, "code", b.Code, "fatal", b.Fatal)
	}
}
